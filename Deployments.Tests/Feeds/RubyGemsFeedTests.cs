using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class RubyGemsFeedTests : StaticFeedContract
{
    protected override IFeedType Type { get; } = new RubyGemsFeed();

    protected override string OtherVersionPath => "gems/nokogiri-9.9.9.gem";

    protected override string IndexPath => "info/nokogiri";

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("gems/nokogiri-1.16.0-x86_64-linux.gem", "", "nokogiri", "1.16.0", "platform=x86_64-linux"),
        new("gems/rails-7.1.0.gem", "", "rails", "7.1.0"),
        new("gems/rails-html-sanitizer-1.6.0.rc1.gem", "", "rails-html-sanitizer", "1.6.0.rc1"),
        new("gems/acme-1.0-java.gem", "", "acme", "1.0", "platform=java"),
        new("gems/RedCloth-4.3.2.gem", "", "RedCloth", "4.3.2"),
        new("gems/acme.gem", "", "gems/acme.gem", "", "unresolved=path"),
        new("gems/acme-beta.gem", "", "gems/acme-beta.gem", "", "unresolved=path"),
        new("gems/асme-1.0.gem", "", "gems/асme-1.0.gem", "", "unresolved=path"),
        new("gems/-1.0.gem", "", "gems/-1.0.gem", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "gems", "specs.4.8.gz", "latest_specs.4.8.gz", "prerelease_specs.4.8.gz",
        "quick/Marshal.4.8/rails-7.1.0.gemspec.rz", "info/rails", "names", "versions", "api/v1/gems",
        "api/v1/dependencies?gems=rails", "rails-7.1.0.gem", "gems/rails-7.1.0.GEM", "gems%2frails-7.1.0.gem",
        "gems/%2e%2e%2frails-7.1.0.gem", "gems/x/rails-7.1.0.gem", "gems/rails-7.1.0.gem.asc", "gems%5crails-7.1.0.gem",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "acme", "1.0", "platform=java"), new("", "acme", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "RedCloth", "1.0"), new("", "redcloth", "1.0")),
        (new("", "acme", "1.0"), new("", "acme", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "jruby-launcher", "1.1.2", "platform=java"), "pkg:gem/jruby-launcher@1.1.2?platform=java"),
        (new("", "ruby-advisory-db-check", "0.12.4"), "pkg:gem/ruby-advisory-db-check@0.12.4"),
    ];

    [Theory]
    [InlineData("gems/iso-8859-1-2.0.gem", "iso-8859-1", "2.0", "ruby", "")]
    [InlineData("gems/acme-1.0-x86-mingw32.gem", "acme", "1.0", "x86-mingw32", "platform=x86-mingw32")]
    [InlineData("gems/whatever.gem", "acme", "1.0.pre", "java", "platform=java")]
    public async Task The_metadata_tells_what_dashes_hide(
        string path, string name, string version, string platform, string qualifier) => Assert.Equal(
        new PackageCoordinates("", name, version, qualifier),
        await StoredPackageAsync(path, Gem(name, version, platform)));

    [Fact]
    public void Any_head_that_is_cut_off_or_damaged_is_read_without_harm()
    {
        var whole = Gem("acme", "1.0", "ruby");
        for (var i = 0; i < whole.Length; i++)
        {
            _ = Type.TryReadHead(Given.Request("gems/x.gem"), whole.AsMemory(0, i));
            var damaged = (byte[])whole.Clone();
            damaged[i] ^= 0xFF;
            _ = Type.TryReadHead(Given.Request("gems/x.gem"), damaged);
        }
    }

    [Theory]
    [InlineData("../evil", "1.0")]
    [InlineData("acme", "1.0/..")]
    [InlineData("acme", "")]
    public void Metadata_without_proper_names_is_not_believed(string name, string version) =>
        Assert.Null(Type.TryReadHead(Given.Request("gems/x.gem"), Gem(name, version, "ruby")));

    [Fact]
    public async Task A_gem_is_pushed_and_yanked()
    {
        Assert.Equal(200, await StatusAsync("api/v1/gems", "POST", Gem("acme", "1.0", "ruby")));
        Assert.Equal(409, await StatusAsync("api/v1/gems", "POST", Gem("acme", "1.0", "ruby")));
        Assert.Equal(200, await StatusAsync("api/v1/gems", "POST", Gem("acme", "1.0", "java")));
        Assert.Equal(400, await StatusAsync("api/v1/gems", "POST", Given.Bytes("no gem")));
        Assert.Equal(FeedAccess.Delete, Type.RequiredAccess(Given.Request("api/v1/gems/yank", "DELETE")));

        Assert.Equal(200, await StatusAsync("api/v1/gems/yank", "DELETE",
            Given.Bytes("gem_name=acme&version=1.0&platform=java")));
        Assert.IsType<LocalAnswer.File>(await AskAsync("gems/acme-1.0.gem"));
        Assert.Equal(200, await StatusAsync("api/v1/gems/yank?gem_name=acme&version=1.0", "DELETE"));
        Assert.Null(await AskAsync("gems/acme-1.0.gem"));
        Assert.Null(await AskAsync("api/v1/gems"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("gem_name=acme")]
    [InlineData("gem_name=acme&version=9.9")]
    [InlineData("gem_name=..%2facme&version=1.0")]
    [InlineData("gem_name=acme&version=1.0&platform=..%2f..")]
    [InlineData("gem_name=%00&version=1.0")]
    [InlineData("%%%&&==")]
    public async Task A_yank_that_names_no_gem_is_refused(string form)
    {
        await StatusAsync("api/v1/gems", "POST", Gem("acme", "1.0", "ruby"));
        Assert.Equal(404, await StatusAsync("api/v1/gems/yank", "DELETE", Given.Bytes(form)));
        Assert.IsType<LocalAnswer.File>(await AskAsync("gems/acme-1.0.gem"));
    }

    static byte[] Gem(string name, string version, string platform) => PackageHeads.Tar(
        ("metadata.gz", PackageHeads.Gzip(Given.Bytes(
            $"""
            --- !ruby/object:Gem::Specification
            name: {name}
            version: !ruby/object:Gem::Version
              version: {version}
            platform: {platform}
            authors: []

            """))),
        ("data.tar.gz", PackageHeads.TarGz(("lib/x.rb", Given.Bytes("x")))));
}
