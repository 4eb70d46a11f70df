using System.Net;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>
/// terraform needs https and is not packaged for Debian: its requests are replayed as "Module Registry Protocol" and
/// the client's sources have them.
/// </summary>
public sealed class TerraformTests
{
    static readonly (string, string)[] Tags =
    [
        ("X-ProGet-Deployment-Application", "a"), ("X-ProGet-Deployment-Description", "d"),
        ("X-ProGet-Deployment-Target", "t"),
    ];

    [Fact]
    public async Task The_pointer_counts_and_the_archive_does_not()
    {
        await using var feeds = await FeedPair.StartAsync("terraform", "terraform");
        await feeds.UploadAsync("acme/vpc/aws/1.0.0/archive.zip", "zip"u8.ToArray());
        var main = feeds.Url.TrimEnd('/') + "__acme/vpc/aws/";

        await feeds.App.Client.JsonAsync("GET", main + "versions");
        using var pointer = await feeds.App.Client.AskAsync(main + "1.0.0/download", Tags);
        Assert.Equal(HttpStatusCode.NoContent, pointer.StatusCode);
        Assert.Equal("recorded", pointer.Headers.GetValues("X-Deployment-Status").Single());
        using var archive = await feeds.App.Client.AskAsync(
            pointer.Headers.GetValues("X-Terraform-Get").Single(), Tags);
        Assert.Equal("zip", await archive.Content.ReadAsStringAsync());
        Assert.False(archive.Headers.Contains("X-Deployment-Status"));

        Assert.Equal("acme/vpc.aws@1.0.0?", Assert.Single(await feeds.RecordsAsync()));
    }

    /// <summary>Where nothing but the package itself is a download, an empty answer is none.</summary>
    [Theory]
    [InlineData("npm", "/npm/main/tools/-/tools-1.0.0.tgz")]
    [InlineData("universal", "/upack/main/download/tools/1.0.0")]
    [InlineData("rpm", "/rpm/main/Packages/tools-1.0-1.noarch.rpm")]
    public async Task An_answer_without_content_counts_for_no_other_type(string type, string path)
    {
        await using var upstream = await FakeUpstream.StartAsync(context =>
        {
            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", type, upstream.Url);

        using var answer = await app.Client.AskAsync(app.Url + path.TrimStart('/'), Tags);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.False(answer.Headers.Contains("X-Deployment-Status"));
        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database));
    }
}
