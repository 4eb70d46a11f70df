using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>cargo; it cannot send headers.</summary>
public sealed class CargoClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    FeedPair feeds = null!;

    public async Task InitializeAsync() => feeds = await FeedPair.StartAsync("cargo", "cargo");

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("cargo")]
    public async Task Publishes_a_crate_and_fetches_it_through_a_connector()
    {
        await home.WriteAsync("crate/Cargo.toml", """
            [package]
            name = "acme-part"
            version = "1.0.0"
            edition = "2021"
            description = "x"
            license = "MIT"
            """);
        await home.WriteAsync("crate/src/lib.rs", "pub const ANSWER: u8 = 42;\n");
        await home.WriteAsync("cargo/config.toml", $"""
            [registries.store]
            index = "sparse+{feeds.StoreUrl}"
            [registries.main]
            index = "sparse+{feeds.Url}"
            """);
        await home.SucceedAsync("crate", "cargo", "publish", "--registry", "store", "--token", TestApp.ApiKey,
            "--no-verify", "--allow-dirty");

        foreach (var (undo, isYanked) in new[] { (Array.Empty<string>(), "true"), (["--undo"], "false") })
        {
            await home.SucceedAsync("crate", "cargo", ["yank", "acme-part", "--version", "1.0.0", "--registry", "store",
                "--token", TestApp.ApiKey, .. undo]);
            Assert.Contains($"\"yanked\":{isYanked}",
                await feeds.App.Client.GetStringAsync(new Uri(feeds.StoreUrl + "ac/me/acme-part")),
                StringComparison.Ordinal);
        }

        await home.WriteAsync("project/Cargo.toml", """
            [package]
            name = "project"
            version = "1.0.0"
            edition = "2021"
            [dependencies]
            acme-part = { version = "1", registry = "main" }
            """);
        await home.WriteAsync("project/src/main.rs", "fn main() {}\n");
        await home.SucceedAsync("project", "cargo", "fetch");

        var crate = Assert.Single(Directory.GetFiles(home.At("cargo"), "acme-part-1.0.0.crate",
            SearchOption.AllDirectories));
        Assert.Empty(await feeds.RecordsAsync());
        Assert.Equal(
            await File.ReadAllBytesAsync(crate),
            await feeds.GetTaggedAsync(feeds.Url + "api/v1/crates/acme-part/1.0.0/download"));
        Assert.Equal("/acme-part@1.0.0?", Assert.Single(await feeds.RecordsAsync()));
    }
}
