using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;

namespace Deployments.Tests.Clients;

/// <summary>The npm client.</summary>
public sealed class NpmClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    TestApp app = null!;

    public async Task InitializeAsync() => app = await TestApp.StartAsync();

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    string Feed => $"{app.Url}npm/js/";

    [ClientFact("npm")]
    public async Task Publishes_to_the_local_store_and_installs_from_it()
    {
        await app.CreateFeedAsync("js", "npm");
        await WriteConfigAsync(TestApp.ApiKey);
        await PublishAsync("tiny", "1.0.0");
        await PublishAsync("@acme/tiny", "2.0.0-beta.1");

        await WriteConfigAsync(key: null);
        var packages = await InstallAsync(("tiny", "^1.0.0"), ("@acme/tiny", "2.0.0-beta.1"));

        foreach (var (name, version) in new[] { ("tiny", "1.0.0"), ("@acme/tiny", "2.0.0-beta.1") })
        {
            Assert.Equal(name, await File.ReadAllTextAsync(home.At("project", "node_modules", name, "index.js")));
            var package = packages[$"node_modules/{name}"]!;
            Assert.Equal(version, (string?)package["version"]);
            await AssertIntegrityAsync(package);
        }

        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database));
    }

    [ClientFact("npm")]
    public async Task Audits_what_it_has_installed()
    {
        await app.CreateFeedAsync("js", "npm");
        await WriteConfigAsync(TestApp.ApiKey);
        await PublishAsync("tiny", "1.0.0");
        await WriteConfigAsync(key: null);
        await InstallAsync(("tiny", "1.0.0"));
        await app.ImportAdvisoryAsync(Osv.Advisory("GHSA-xxxx-yyyy-zzzz", "tiny", "0", "1.0.1", "npm"));

        var run = await home.RunAsync("project", "npm", "audit", "--audit=true");

        Assert.True(run.ExitCode == 1, run.Everything);
        Assert.Contains("GHSA-xxxx-yyyy-zzzz", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 high severity vulnerability", run.Output, StringComparison.Ordinal);
    }

    [ClientFact("npm")]
    public async Task Publishes_nothing_without_the_right_key_and_no_version_twice()
    {
        await app.CreateFeedAsync("js", "npm");
        await WriteConfigAsync("no-such-key-1234567890");
        var refused = await RunPublishAsync("tiny", "1.0.0");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("E401", refused.Everything, StringComparison.Ordinal);

        await WriteConfigAsync(TestApp.ApiKey);
        await PublishAsync("tiny", "1.0.0");
        Assert.NotEqual(0, (await RunPublishAsync("tiny", "1.0.0")).ExitCode);
    }

    [ClientFact("npm", Registry.Npm)]
    public async Task Installs_a_public_package_through_a_connector()
    {
        await app.CreateFeedAsync("js", "npm", PublicRegistry.UrlOf(Registry.Npm));
        await WriteConfigAsync(key: null);
        var package = (await InstallAsync(("is-number", "7.0.0")))["node_modules/is-number"]!;

        await AssertIntegrityAsync(package,
            ("X-ProGet-Deployment-Application", "a"), ("X-ProGet-Deployment-Description", "d"),
            ("X-ProGet-Deployment-Target", "t"));

        await Recorded.DrainedAsync(app.Database);
        var record = Assert.Single(await Recorded.AllAsync(app.Database));
        Assert.Equal(("is-number", "7.0.0", "t"), (record.Name, record.Version, record.Target));
    }

    /// <summary>The tarball comes from this feed and is the one whose hash the lock file has.</summary>
    async Task AssertIntegrityAsync(JsonNode package, params (string Name, string Value)[] headers)
    {
        var address = (string)package["resolved"]!;
        Assert.StartsWith(Feed, address, StringComparison.Ordinal);
        using var answer = await app.Client.AskAsync(address, headers);
        var hash = SHA512.HashData(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal($"sha512-{Convert.ToBase64String(hash)}", (string?)package["integrity"]);
    }

    async Task PublishAsync(string name, string version)
    {
        var run = await RunPublishAsync(name, version);
        Assert.True(run.ExitCode == 0, run.Everything);
    }

    async Task<ClientRun> RunPublishAsync(string name, string version)
    {
        await home.WriteAsync(
            "package/package.json", JsonSerializer.Serialize(new { name, version, main = "index.js" }));
        await home.WriteAsync("package/index.js", name);
        return await home.RunAsync("package", "npm", "publish", "--tag", "latest");
    }

    async Task<JsonNode> InstallAsync(params (string Name, string Range)[] dependencies)
    {
        await home.WriteAsync("project/package.json", JsonSerializer.Serialize(new
        {
            name = "project",
            dependencies = dependencies.ToDictionary(pair => pair.Name, pair => pair.Range),
        }));
        await home.SucceedAsync("project", "npm", "install");
        return JsonNode.Parse(await File.ReadAllTextAsync(home.At("project", "package-lock.json")))!["packages"]!;
    }

    Task WriteConfigAsync(string? key) => home.WriteAsync(".npmrc",
        $"registry={Feed}\n" + (key is null ? "" : $"//{app.Url.Authority}/npm/js/:_authToken={key}\n"));
}
