using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>gem; it cannot send headers.</summary>
public sealed class GemClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    FeedPair feeds = null!;

    public async Task InitializeAsync() => feeds = await FeedPair.StartAsync("rubygems", "rubygems");

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("gem")]
    public async Task Pushes_and_yanks_a_gem()
    {
        await home.WriteAsync("build/acme.gemspec", """
            Gem::Specification.new do |s|
              s.name = "acme"
              s.version = "1.0"
              s.summary = "x"
              s.authors = ["Ada"]
              s.files = []
              s.homepage = "https://example.com"
              s.license = "MIT"
            end
            """);
        await home.SucceedAsync("build", "gem", "build", "acme.gemspec");
        await home.WriteAsync("home/.gem/credentials", $":acme: {TestApp.ApiKey}\n");
        if (!OperatingSystem.IsWindows()) // the client insists
        {
            File.SetUnixFileMode(
                home.At("home", ".gem", "credentials"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var store = feeds.StoreUrl.TrimEnd('/');

        Assert.Contains("Successfully registered gem", await home.SucceedAsync(
            "build", "gem", "push", "acme-1.0.gem", "--host", store, "--key", "acme"), StringComparison.Ordinal);

        Assert.Equal(await File.ReadAllBytesAsync(home.At("build", "acme-1.0.gem")),
            await feeds.GetTaggedAsync(feeds.Url + "gems/acme-1.0.gem"));
        Assert.Equal("/acme@1.0?", Assert.Single(await feeds.RecordsAsync()));
        Assert.Contains("Successfully deleted gem: acme (1.0)", await home.SucceedAsync(
            "build", "gem", "yank", "acme", "-v", "1.0", "--host", store, "--key", "acme"), StringComparison.Ordinal);
        using var gone = await feeds.App.Client.AskAsync(store + "/gems/acme-1.0.gem");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
    }

    [ClientFact("gem")]
    public async Task Installs_from_a_tree_that_it_made_itself()
    {
        // A name with what looks like a version in it.
        await home.WriteAsync("build/iso-8859-1.gemspec", """
            Gem::Specification.new do |s|
              s.name = "iso-8859-1"
              s.version = "2.0"
              s.summary = "x"
              s.authors = ["Ada"]
              s.files = ["lib/iso.rb"]
              s.homepage = "https://example.com"
              s.license = "MIT"
            end
            """);
        await home.WriteAsync("build/lib/iso.rb", "ISO = 1\n");
        await home.SucceedAsync("build", "gem", "build", "iso-8859-1.gemspec");
        await home.WriteAsync("tree/gems/iso-8859-1-2.0.gem",
            await File.ReadAllBytesAsync(home.At("build", "iso-8859-1-2.0.gem")));
        await home.SucceedAsync("tree", "gem", "generate_index", "--directory", home.At("tree"));
        foreach (var file in Directory.GetFiles(home.At("tree"), "*", SearchOption.AllDirectories))
        {
            await feeds.UploadAsync(
                Path.GetRelativePath(home.At("tree"), file), await File.ReadAllBytesAsync(file));
        }

        await home.SucceedAsync("work", "gem", "install", "--no-document", "--clear-sources", "--source", feeds.Url,
            "iso-8859-1");

        Assert.True(File.Exists(home.At("gems", "gems", "iso-8859-1-2.0", "lib", "iso.rb")));
        Assert.Empty(await feeds.RecordsAsync());
        await feeds.GetTaggedAsync(feeds.Url + "gems/iso-8859-1-2.0.gem");
        Assert.Equal("/iso-8859-1@2.0?", Assert.Single(await feeds.RecordsAsync()));
    }
}
