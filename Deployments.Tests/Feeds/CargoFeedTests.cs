using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class CargoFeedTests : StaticFeedContract
{
    protected override IFeedType Type { get; } = new CargoFeed();

    protected override string OtherVersionPath => "api/v1/crates/serde_json/9.9.9/download";

    protected override string IndexPath => "se/rd/serde_json";

    protected override bool MakesIndex => true;

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("api/v1/crates/serde_json/1.0.117/download", "", "serde_json", "1.0.117"),
        new("api/v1/crates/a/1.0.0-rc.1+7/download", "", "a", "1.0.0-rc.1+7"),
        new("api/v1/crates/Inflector/0.11.4/download", "", "Inflector", "0.11.4"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "config.json", "1/a", "2/ab", "3/a/abc", "se/rd/serde_json", "api/v1/crates?q=serde", "api/v1/crates/serde",
        "api/v1/crates/serde/1.0.0", "api/v1/crates/serde/1.0/download", "api/v1/crates/serde/latest/download",
        "api/v1/crates/sеrde/1.0.0/download", "api/v1/crates/se%2frde/1.0.0/download",
        "api/v1/crates/%2e%2e%2fserde/1.0.0/download", "api/v1/crates/serde%5cx/1.0.0/download",
        "api/v1/crates/1serde/1.0.0/download", "API/v1/crates/serde/1.0.0/download",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "Serde-JSON", "1.0.0"), new("", "serde_json", "1.0.0")),
        (new("", "a", "1.0.0+x"), new("", "a", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "serde", "1.0.0-rc.1"), new("", "serde", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "rand", "0.7.2"), "pkg:cargo/rand@0.7.2"),
    ];

    [Fact]
    public async Task The_configuration_is_the_feeds_own_and_asks_for_credentials_of_those_who_send_them()
    {
        Assert.Equal(
            $$"""{"dl":"{{Given.FeedUrl}}api/v1/crates","api":"{{Given.FeedUrl.AbsoluteUri.TrimEnd('/')}}"}""",
            await ContentAsync("config.json"));
        var request = Given.Request("config.json", header: name => name == "Authorization" ? "KEY" : null);
        var config = Assert.IsType<LocalAnswer.Document>(
            await Type.AnswerAsync(request, Place.Tree, CancellationToken.None));
        Assert.Contains("\"auth-required\":true", Encoding.UTF8.GetString(config.Content), StringComparison.Ordinal);
        Assert.Equal(400, await StatusAsync("config.json", "PUT", Given.Bytes("{}")));
    }

    [Theory]
    [InlineData("https://dl.test/crates", "https://dl.test/crates/Inflector/0.11.4/download")]
    [InlineData("https://dl.test/{crate}/{crate}-{version}.crate", "https://dl.test/Inflector/Inflector-0.11.4.crate")]
    [InlineData("https://dl.test/{prefix}/{crate}/{version}", "https://dl.test/In/fl/Inflector/0.11.4")]
    [InlineData("https://dl.test/{lowerprefix}/{crate}", "https://dl.test/in/fl/Inflector")]
    [InlineData("https://dl.test/{sha256-checksum}", null)]
    [InlineData("file:///etc/passwd", null)]
    [InlineData("", null)]
    public void Crates_are_fetched_where_the_upstream_says(string template, string? url)
    {
        using var config = JsonDocument.Parse(JsonSerializer.Serialize(new { dl = template }));
        Assert.Equal(url, Type.UpstreamUrl(
            Given.Request("api/v1/crates/Inflector/0.11.4/download"), new Uri("https://index.test/"),
            config.RootElement)?.AbsoluteUri);
    }

    [Theory]
    [InlineData("https://index.test")]
    [InlineData("https://index.test/")]
    [InlineData("https://index.test/config.json")]
    public void A_connector_is_an_index_with_or_without_its_configuration(string connector)
    {
        Assert.Equal("https://index.test/config.json", Type.UpstreamIndex(new Uri(connector)).AbsoluteUri);
        Assert.Equal("https://index.test/se/rd/serde",
            Type.UpstreamUrl(Given.Request("se/rd/serde"), new Uri(connector), null)!.AbsoluteUri);
        Assert.Null(Type.UpstreamUrl(Given.Request("config.json"), new Uri(connector), null));
    }

    [Fact]
    public async Task A_published_crate_is_listed_and_served()
    {
        const string Manifest =
            """
            {"name":"Acme-App","vers":"1.0.0","deps":[{"name":"rand","version_req":"^0.8","features":[],
             "optional":false,
             "default_features":true,"target":null,"kind":"normal","registry":null,"explicit_name_in_toml":"dice"}],
             "features":{"x":["dep:dice"]},"links":null,"rust_version":"1.70"}
            """;
        Assert.IsType<LocalAnswer.Document>(await PublishAsync(Manifest, "crate"));
        Assert.Equal(409, Assert.IsType<LocalAnswer.Status>(await PublishAsync(Manifest, "other")).Code);
        Assert.IsType<LocalAnswer.Document>(
            await PublishAsync(Manifest.Replace("1.0.0", "1.1.0", StringComparison.Ordinal), "newer"));

        var lines = (await ContentAsync("ac/me/acme-app")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        using var line = JsonDocument.Parse(lines[0]);
        Assert.Equal("Acme-App", line.RootElement.GetProperty("name").GetString());
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("crate"u8)),
            line.RootElement.GetProperty("cksum").GetString());
        var dependency = line.RootElement.GetProperty("deps")[0];
        Assert.Equal(("dice", "rand", "^0.8"), (
            dependency.GetProperty("name").GetString(), dependency.GetProperty("package").GetString(),
            dependency.GetProperty("req").GetString()));
        Assert.Equal("crate", await ContentAsync("api/v1/crates/Acme-App/1.0.0/download"));
        Assert.Equal(404, await StatusAsync("api/v1/crates/Acme-App/3.0.0/download"));
    }

    [Theory]
    [InlineData("""{"name":"../evil","vers":"1.0.0"}""")]
    [InlineData("""{"name":"acme","vers":"1"}""")]
    [InlineData("""{"name":7,"vers":"1.0.0"}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task What_cargo_does_not_send_is_refused(string manifest) =>
        Assert.Equal(400, Assert.IsType<LocalAnswer.Status>(await PublishAsync(manifest, "crate")).Code);

    [Fact]
    public async Task A_yanked_crate_stays_and_is_marked()
    {
        await PublishAsync("""{"name":"acme","vers":"1.0.0"}""", "crate");
        const string Path = "api/v1/crates/Acme/1.0.0";
        Assert.Equal(FeedAccess.Delete, Type.RequiredAccess(Given.Request(Path + "/yank", "DELETE")));

        Assert.IsType<LocalAnswer.Document>(await AskAsync(Path + "/yank", "DELETE"));
        Assert.Contains("\"yanked\":true", await ContentAsync("ac/me/acme"), StringComparison.Ordinal);
        Assert.Equal("crate", await ContentAsync("api/v1/crates/acme/1.0.0/download"));
        Assert.IsType<LocalAnswer.Document>(await AskAsync(Path + "/unyank", "PUT"));
        Assert.Contains("\"yanked\":false", await ContentAsync("ac/me/acme"), StringComparison.Ordinal);

        Assert.Equal(404, await StatusAsync("api/v1/crates/acme/2.0.0/yank", "DELETE"));
        Assert.Equal(404, await StatusAsync("api/v1/crates/other/1.0.0/unyank", "PUT"));
        Assert.Equal(404, await StatusAsync("api/v1/crates/%2e%2e%2facme/1.0.0/yank", "DELETE"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("\u00ff\u00ff\u00ff\u007f{}")]
    public async Task A_body_of_another_shape_is_refused(string body) => Assert.Equal(
        400, await StatusAsync("api/v1/crates/new", "PUT", Encoding.Latin1.GetBytes(body)));

    ValueTask<LocalAnswer?> PublishAsync(string manifest, string crate) => AskAsync(
        "api/v1/crates/new", "PUT",
        [.. Length(Given.Bytes(manifest)), .. Given.Bytes(manifest), .. Length(Given.Bytes(crate)),
            .. Given.Bytes(crate)]);

    static byte[] Length(byte[] part)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        return length;
    }
}
