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
    public async Task Installs_what_was_pushed_with_what_it_needs_from_indexes_made_of_the_gems()
    {
        await BuildAsync("part", "2.1", "");
        await BuildAsync("part", "3.0", "");
        await BuildAsync("part", "3.1.pre", "");
        await BuildAsync("acme", "1.0", """
              s.add_runtime_dependency "part", "~> 2.0", "!= 2.0.1"
              s.add_development_dependency "rake"
              s.required_ruby_version = ">= 2.0"
            """);
        foreach (var file in Directory.GetFiles(home.At("build"), "*.gem"))
            await feeds.UploadAsync($"gems/{Path.GetFileName(file)}", await File.ReadAllBytesAsync(file));

        var found = await home.SucceedAsync("work", "gem", "search", "--all", "--prerelease", "--clear-sources",
            "--source", feeds.StoreUrl, "part");
        await home.SucceedAsync("work", "gem", "install", "--no-document", "--clear-sources",
            "--source", feeds.StoreUrl, "acme");

        Assert.Contains("part (3.1.pre, 3.0, 2.1)", found, StringComparison.Ordinal);
        Assert.True(Directory.Exists(home.At("gems", "gems", "acme-1.0")));
        Assert.True(Directory.Exists(home.At("gems", "gems", "part-2.1")));
        Assert.False(Directory.Exists(home.At("gems", "gems", "part-3.0")));
        using var info = await feeds.App.Client.AskAsync(feeds.StoreUrl + "info/acme");
        Assert.StartsWith("---\n1.0 part:~> 2.0&!= 2.0.1|checksum:", await info.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        using var versions = await feeds.App.Client.AskAsync(feeds.StoreUrl + "versions");
        Assert.Contains("\npart 2.1,3.0,3.1.pre ", await versions.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
    }

    async Task BuildAsync(string name, string version, string more)
    {
        await home.WriteAsync($"build/{name}.gemspec", $"""
            Gem::Specification.new do |s|
              s.name = "{name}"
              s.version = "{version}"
              s.summary = "A summary: with a colon, 'quotes' and more words than a line of YAML holds: folded"
              s.description = "First line\n\n  and: another"
              s.authors = ["Ada", "Grace"]
              s.files = []
              s.homepage = "https://example.com"
              s.license = "MIT"
            {more}
            end
            """);
        await home.SucceedAsync("build", "gem", "build", $"{name}.gemspec");
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
