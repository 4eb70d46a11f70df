using Deployments.Tests.Support;

namespace Deployments.Tests.Readme;

/// <summary>The first command that anybody types.</summary>
public sealed class RunScriptTests
{
    [Fact]
    public async Task The_script_builds_the_program_once_and_runs_it()
    {
        await using var server = await ServerProcess.StartByScriptAsync();
        var address = server.Url.AbsoluteUri.TrimEnd('/');
        var built = Built();
        Assert.Contains("Deployments runs at " + address, server.Output, StringComparison.Ordinal);
        using (var style = await server.Client.GetAsync("/site.css"))
            Assert.Equal("text/css", style.Content.Headers.ContentType?.MediaType);

        Assert.Equal(0, await server.StopAsync());
        await server.StartAgainAsync();

        Assert.Equal(built, Built());
    }

    static DateTime Built() =>
        File.GetLastWriteTimeUtc(Path.Combine(Repository.Root, "Deployments.Web", "bin", "run", "built"));
}
