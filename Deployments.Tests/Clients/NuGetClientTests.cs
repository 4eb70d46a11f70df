using System.Net;
using System.Net.Http.Json;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;

namespace Deployments.Tests.Clients;

/// <summary>The NuGet client of the .NET SDK.</summary>
public sealed class NuGetClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    TestApp app = null!;

    public async Task InitializeAsync() => app = await TestApp.StartAsync();

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("dotnet")]
    public async Task Pushes_to_the_local_store_and_restores_from_it()
    {
        await app.CreateFeedAsync("main", "nuget");
        await WriteConfigAsync("");
        var package = await PushAsync();

        await WriteProjectAsync("Acme.Tiny", "1.2.0");
        await RestoreAsync();

        Assert.Equal(package, await File.ReadAllBytesAsync(Restored("acme.tiny", "1.2.0")));
        await AssertNothingRecordedAsync();
    }

    [ClientFact("dotnet")]
    public async Task Restores_what_was_restored_before_while_the_upstream_is_away()
    {
        await using (var upstream = await TestApp.StartAsync())
        {
            await upstream.CreateFeedAsync("store", "nuget");
            await app.CreateFeedAsync("main", "nuget", new Uri($"{upstream.Url}nuget/store/v3/index.json"));
            await WriteConfigAsync("", $"{upstream.Url}nuget/store/v3/index.json");
            await PushAsync();
            await WriteConfigAsync("");
            await WriteProjectAsync("Acme.Tiny", "1.2.0");
            await RestoreAsync();
        }

        foreach (var cache in new[] { "packages", "http-cache" })
            Directory.Delete(home.At(cache), recursive: true);
        File.Delete(home.At("project", "obj", "project.assets.json"));
        await RestoreAsync();

        Assert.True(File.Exists(Restored("acme.tiny", "1.2.0")));
    }

    [ClientFact("dotnet")]
    public async Task Is_told_of_vulnerable_packages_by_restore_and_by_list()
    {
        await app.CreateFeedAsync("main", "nuget");
        await app.ImportAdvisoryAsync(Osv.Advisory("GHSA-xxxx-yyyy-zzzz", "Acme.Tiny", "0", "1.3.0"));
        await WriteConfigAsync("");
        await PushAsync();
        await WriteProjectAsync("Acme.Tiny", "1.2.0");

        var restored = await home.RunAsync("project", "dotnet", "restore", "-nodeReuse:false");
        var listed = await home.RunAsync("project", "dotnet", "list", "package", "--vulnerable");

        Assert.Contains("NU1903", restored.Everything, StringComparison.Ordinal);
        Assert.Contains("GHSA-xxxx-yyyy-zzzz", restored.Everything, StringComparison.Ordinal);
        Assert.Contains("GHSA-xxxx-yyyy-zzzz", listed.Everything, StringComparison.Ordinal);
    }

    [ClientFact("dotnet")]
    public async Task Pushes_nothing_without_the_right_key()
    {
        await app.CreateFeedAsync("main", "nuget");
        await WriteConfigAsync("");

        var run = await RunPushAsync("no-such-key-1234567890");

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("401", run.Everything, StringComparison.Ordinal);
        using var download = await app.Client.AskAsync("/nuget/main/package/Acme.Tiny/1.2.0");
        Assert.Equal(HttpStatusCode.NotFound, download.StatusCode);
    }

    [ClientFact("dotnet")]
    public async Task Is_asked_for_credentials_by_a_private_feed_and_gets_in_with_its_key()
    {
        await app.CreateFeedAsync("main", "nuget");
        await WriteConfigAsync("");
        await PushAsync();
        using (var change = await app.Admin.PostAsJsonAsync(
            "/api/management/feeds/update/main", new { anonymousAccess = false }))
            change.EnsureSuccessStatusCode();
        await WriteProjectAsync("Acme.Tiny", "1.2.0");

        var refused = await home.RunAsync("project", "dotnet", RestoreArguments);
        await WriteConfigAsync($"""
            <packageSourceCredentials><feed>
              <add key="Username" value="api"/><add key="ClearTextPassword" value="{TestApp.ApiKey}"/>
            </feed></packageSourceCredentials>
            """);
        await RestoreAsync();

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("401", refused.Everything, StringComparison.Ordinal);
        Assert.True(File.Exists(Restored("acme.tiny", "1.2.0")));
        using var anonymous = await app.Client.AskAsync("/nuget/main/v3/index.json");
        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);
        Assert.Equal("Basic", anonymous.Headers.WwwAuthenticate.Single().Scheme);
    }

    [ClientFact("dotnet", Registry.NuGet)]
    public async Task Restores_a_public_package_through_a_connector()
    {
        const string Name = "Microsoft.Bcl.AsyncInterfaces";
        await app.CreateFeedAsync("main", "nuget", PublicRegistry.UrlOf(Registry.NuGet));
        await WriteConfigAsync("");
        await WriteProjectAsync(Name, "8.0.0");
        await RestoreAsync();
        await AssertNothingRecordedAsync();

        using var download = await app.Client.AskAsync($"/nuget/main/package/{Name}/8.0.0",
            ("X-ProGet-Deployment-Application", "a"), ("X-ProGet-Deployment-Description", "d"),
            ("X-ProGet-Deployment-Target", "t"));

        Assert.Equal(await File.ReadAllBytesAsync(Restored(Name.ToLowerInvariant(), "8.0.0")),
            await download.Content.ReadAsByteArrayAsync());
        await Recorded.DrainedAsync(app.Database);
        var record = Assert.Single(await Recorded.AllAsync(app.Database));
        Assert.Equal((Name, "8.0.0", "t"), (record.Name, record.Version, record.Target));
    }

    static readonly string[] RestoreArguments = ["restore", "-nodeReuse:false", "-p:NuGetAudit=false"];

    async Task<byte[]> PushAsync()
    {
        var run = await RunPushAsync(TestApp.ApiKey);
        Assert.True(run.ExitCode == 0, run.Everything);
        return await File.ReadAllBytesAsync(home.At("project", "tiny.nupkg"));
    }

    async Task<ClientRun> RunPushAsync(string key)
    {
        await home.WriteAsync("project/tiny.nupkg", Given.Zip(
            ("Acme.Tiny.nuspec", Given.Bytes(
                "<package xmlns='http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd'><metadata>"
                + "<id>Acme.Tiny</id><version>1.2.0</version><authors>Acme</authors><description>Tiny</description>"
                + "</metadata></package>")),
            ("lib/net10.0/_._", [])));
        return await home.RunAsync(
            "project", "dotnet", "nuget", "push", "tiny.nupkg", "--source", "feed", "--api-key", key);
    }

    async Task RestoreAsync() => await home.SucceedAsync("project", "dotnet", RestoreArguments);

    Task WriteConfigAsync(string credentials, string? source = null) => home.WriteAsync("project/nuget.config", $"""
        <configuration>
          <packageSources>
            <clear/>
            <add key="feed" value="{source ?? $"{app.Url}nuget/main/v3/index.json"}" allowInsecureConnections="true"/>
          </packageSources>
          {credentials}
        </configuration>
        """);

    Task WriteProjectAsync(string package, string version) => home.WriteAsync("project/project.csproj", $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
          <ItemGroup><PackageReference Include="{package}" Version="[{version}]"/></ItemGroup>
        </Project>
        """);

    string Restored(string id, string version) => home.At("packages", id, version, $"{id}.{version}.nupkg");

    async Task AssertNothingRecordedAsync()
    {
        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database));
        Assert.Empty(await Recorded.RejectedAsync(app.Database));
    }
}
