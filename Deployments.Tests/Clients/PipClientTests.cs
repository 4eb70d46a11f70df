using Deployments.Tests.Feeds;
using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>pip; it cannot send headers.</summary>
public sealed class PipClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    FeedPair feeds = null!;

    public async Task InitializeAsync()
    {
        feeds = await FeedPair.StartAsync("pypi", "pypi", "simple/", isApart: true);
        await feeds.UploadAsync("acme_tool-1.0-py3-none-any.whl", Wheel("acme_tool", "1.0",
            "Requires-Dist: acme.part>=2"));
        await feeds.UploadAsync("acme_part-2.0.post1-py3-none-any.whl", Wheel("acme_part", "2.0.post1", ""));
    }

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("pip")]
    public async Task Installs_a_package_and_what_it_needs()
    {
        await home.SucceedAsync("work", "pip", "install", "--no-cache-dir", "--target", home.At("site"),
            "--index-url", feeds.Url + "simple/", "--report", home.At("report.json"), "acme-tool==1.0");

        Assert.True(File.Exists(home.At("site", "acme_tool.py")));
        Assert.True(File.Exists(home.At("site", "acme_part.py")));
        Assert.Empty(await feeds.RecordsAsync());
        using var report = System.Text.Json.JsonDocument.Parse(await File.ReadAllBytesAsync(home.At("report.json")));
        foreach (var install in report.RootElement.GetProperty("install").EnumerateArray())
        {
            var url = install.GetProperty("download_info").GetProperty("url").GetString()!;
            Assert.StartsWith(feeds.Url, url, StringComparison.Ordinal);
            await feeds.GetTaggedAsync(url);
        }

        Assert.Equal(
            [
                "/acme-part@2.0.post1?file=acme_part-2.0.post1-py3-none-any.whl",
                "/acme-tool@1.0?file=acme_tool-1.0-py3-none-any.whl",
            ], (await feeds.RecordsAsync()).Order(StringComparer.Ordinal));
    }

    [ClientFact("pip")]
    public async Task Installs_what_was_installed_before_while_the_upstream_is_away()
    {
        await InstallAsync("before");
        await feeds.StopStoreAsync();

        await InstallAsync("after");

        Assert.True(File.Exists(home.At("after", "acme_part.py")));

        Task InstallAsync(string target) => home.SucceedAsync("work", "pip", "install", "--no-cache-dir",
            "--retries", "0", "--target", home.At(target), "--index-url", feeds.Url + "simple/", "acme-tool==1.0");
    }

    [ClientFact("pip", "twine")]
    public async Task Installs_what_twine_has_uploaded()
    {
        await home.WriteAsync("work/dist/acme_more-3.0-py3-none-any.whl", Wheel("acme_more", "3.0", "Summary: x"));
        Task<ClientRun> UploadAsync(string key) => home.RunAsync("work", "twine", "upload", "--non-interactive",
            "--disable-progress-bar", "--repository-url", feeds.StoreUrl + "legacy/", "--username", "api",
            "--password", key, "dist/acme_more-3.0-py3-none-any.whl");
        Assert.NotEqual(0, (await UploadAsync("wrong-key-1234567890")).ExitCode);

        var run = await UploadAsync(TestApp.ApiKey);

        Assert.True(run.ExitCode == 0, run.Everything);
        var again = await UploadAsync(TestApp.ApiKey);
        Assert.NotEqual(0, again.ExitCode);
        Assert.Contains("409", again.Everything, StringComparison.Ordinal);
        await home.SucceedAsync("work", "pip", "install", "--no-cache-dir", "--target", home.At("more"),
            "--index-url", feeds.Url + "simple/", "acme-more==3.0");
        Assert.True(File.Exists(home.At("more", "acme_more.py")));
    }

    static byte[] Wheel(string name, string version, string requires) => Given.Zip(
        ($"{name}.py", Given.Bytes("x = 1\n")),
        ($"{name}-{version}.dist-info/METADATA",
            Given.Bytes($"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}\n")),
        ($"{name}-{version}.dist-info/WHEEL",
            Given.Bytes("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")),
        ($"{name}-{version}.dist-info/RECORD", Given.Bytes("")));
}
