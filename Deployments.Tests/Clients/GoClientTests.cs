using Deployments.Tests.Feeds;

namespace Deployments.Tests.Clients;

/// <summary>The go command; it can send headers since Go 1.24 only, so none are sent here.</summary>
public sealed class GoClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    FeedPair feeds = null!;

    public async Task InitializeAsync()
    {
        feeds = await FeedPair.StartAsync("go", "go");
        await feeds.UploadAsync("example.com/!acme/@v/v1.2.0.mod", Given.Bytes("module example.com/Acme\n"));
        await feeds.UploadAsync("example.com/!acme/@v/v1.2.0.zip", Given.Zip(
            ("example.com/Acme@v1.2.0/go.mod", Given.Bytes("module example.com/Acme\n")),
            ("example.com/Acme@v1.2.0/acme.go", Given.Bytes("package acme\n\nconst Answer = 42\n"))));
    }

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("go")]
    public async Task Finds_the_newest_version_and_downloads_it()
    {
        await home.WriteAsync("project/go.mod", "module example.com/project\n\ngo 1.18\n");
        await home.SucceedAsync(
            "project", "env", $"GOPROXY={feeds.Url}", "GONOSUMDB=*", "GONOSUMCHECK=1", "GOSUMDB=off",
            "GOFLAGS=-mod=mod",
            "go", "get", "-modcacherw", "example.com/Acme@latest");

        Assert.Contains("example.com/Acme v1.2.0", await File.ReadAllTextAsync(home.At("project", "go.mod")),
            StringComparison.Ordinal);
        Assert.True(File.Exists(home.At("go", "pkg", "mod", "example.com", "!acme@v1.2.0", "acme.go")));
        Assert.Empty(await feeds.RecordsAsync());
        await feeds.GetTaggedAsync(feeds.Url + "example.com/!acme/@v/v1.2.0.zip");
        Assert.Equal("/example.com/Acme@v1.2.0?", Assert.Single(await feeds.RecordsAsync()));
    }
}
