using System.Text;
using System.Text.Json;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class ComposerFeedTests : FeedTypeContract, IDisposable
{
    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new ComposerFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("dist/acme/log/1.0.0/abc.zip", "acme", "log", "1.0.0"),
        new("dist/Acme/Log/v2.0.0-beta1/log.tar", "Acme", "Log", "v2.0.0-beta1"),
        new("dist/acme/log/dev-feature%2Fx/abc.zip", "acme", "log", "dev-feature/x"),
        new("dist/асme/log/1.0/x.zip", "", "dist/асme/log/1.0/x.zip", "", "unresolved=path"),
        new("dist/acme/log/%20/x.zip", "", "dist/acme/log/ /x.zip", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "packages.json", "p2/acme/log.json", "p2/acme/log~dev.json", "dist/acme/log/1.0.0/composer.json",
        "dist/acme/log/1.0.0", "dist/acme%2flog/1.0.0/x/y.zip", "dist/acme/log/1.0.0/%2e%2e%2fx.zip", "search.json?q=x",
        "dist/acme/log/1.0.0/a%5cb.zip", "Dist/acme/log/1.0.0/abc.zip", "p/acme/log.json",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("Acme", "Log", "v1.0"), new("acme", "log", "1.0.0.0")),
        (new("acme", "log", "1.0.0b2"), new("acme", "log", "1.0.0-beta2")),
        (new("acme", "log", "1.0.0-RC.1"), new("acme", "log", "1.0.0rc1")),
        (new("acme", "log", "1.0-stable"), new("acme", "log", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("acme", "log", "1.0-dev"), new("acme", "log", "1.0")),
        (new("acme", "log", "1.0-p1"), new("acme", "log", "1.0-b1")),
        (new("other", "log", "1.0"), new("acme", "log", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("Laravel", "laravel", "5.5.0"), "pkg:composer/laravel/laravel@5.5.0"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public void Archives_are_led_through_the_feed_and_sources_left_out()
    {
        var context = new RewriteContext(
            Given.Request("p2/acme/log.json"), new Uri("https://up.test/"), url => $"SEALED({url})");
        using var json = JsonDocument.Parse(Type.Rewrite(Given.Bytes(
            """
            {"minified":"composer/2.0","packages":{"acme/log":[
              {"version":"2.0","source":{"url":"https://git.test/x"},
               "dist":{"type":"zip","url":"https://files.test/z","reference":"abc","shasum":"s","mirrors":[]}},
              {"version":"1.0"},
              {"version":"0.9","dist":"__unset"},
              {"version":"0.8"},
              {"version":"0.7","dist":{"type":"zip","url":"file:///etc/passwd"}}]}}
            """), context));
        var entries = json.RootElement.GetProperty("packages").GetProperty("acme/log").EnumerateArray().ToList();
        Assert.Equal(
            [
                $"{Given.FeedUrl}~SEALED(https://files.test/z)/dist/acme/log/2.0/abc.zip",
                $"{Given.FeedUrl}~SEALED(https://files.test/z)/dist/acme/log/1.0/abc.zip", "", "", "",
            ],
            entries.Select(entry => entry.TryGetProperty("dist", out var dist) && dist.ValueKind == JsonValueKind.Object
                ? Uri.UnescapeDataString(dist.GetProperty("url").GetString()!) : ""));
        Assert.All(entries, entry => Assert.False(entry.TryGetProperty("source", out _)));
        Assert.Throws<FormatException>(() => Type.Rewrite(Given.Bytes("<html>"), context));
    }

    [Theory]
    [InlineData("/p2/%package%.json", "https://up.test/p2/acme/log~dev.json")]
    [InlineData("https://meta.test/x/%package%", "https://meta.test/x/acme/log~dev")]
    [InlineData("file:///%package%", null)]
    public void Lists_are_asked_for_where_the_upstream_says(string template, string? url)
    {
        using var index = JsonDocument.Parse(
            JsonSerializer.Serialize(new Dictionary<string, string> { ["metadata-url"] = template }));
        var connector = new Uri("https://up.test");
        Assert.Equal("https://up.test/packages.json", Type.UpstreamIndex(connector).AbsoluteUri);
        Assert.Equal(url, Type.UpstreamUrl(
            Given.Request("p2/acme/log~dev.json"), connector, index.RootElement)?.AbsoluteUri);
        Assert.Null(Type.UpstreamUrl(Given.Request("packages.json"), connector, index.RootElement));
    }

    [Fact]
    public async Task An_uploaded_archive_is_filed_and_listed()
    {
        Assert.Equal(201, await UploadAsync("", """{"name":"Acme/Log","version":"1.0.0","require":{"php":">=7"}}"""));
        Assert.Equal(409, await UploadAsync("", """{"name":"acme/log","version":"1.0.0"}"""));
        Assert.Equal(201, await UploadAsync("?version=dev-main", """{"name":"acme/log"}"""));

        var list = await DocumentAsync("p2/acme/log.json");
        Assert.Contains($"\"url\":\"{Given.FeedUrl}dist/acme/log/1.0.0/log.zip\"", list, StringComparison.Ordinal);
        Assert.DoesNotContain("dev-main", list, StringComparison.Ordinal);
        Assert.Contains("dev-main", await DocumentAsync("p2/acme/log~dev.json"), StringComparison.Ordinal);
        Assert.IsType<LocalAnswer.File>(await AskAsync("dist/acme/log/1.0.0/log.zip"));
        Assert.Equal(404, Assert.IsType<LocalAnswer.Status>(await AskAsync("dist/acme/log/9.0/log.zip")).Code);
        Assert.Null(await AskAsync("p2/acme/other.json"));
        Assert.Contains("/x/main/p2/%package%.json", await DocumentAsync("packages.json"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name":"acme/log"}""")]
    [InlineData("""{"name":"../log","version":"1.0"}""")]
    [InlineData("""{"name":"acme","version":"1.0"}""")]
    [InlineData("""{"name":"a","name":"b"}""")]
    [InlineData("[]")]
    public async Task What_is_no_package_is_refused(string manifest) =>
        Assert.Equal(400, await UploadAsync("", manifest));

    [Fact]
    public async Task What_is_no_zip_file_is_refused() => Assert.Equal(
        400, Assert.IsType<LocalAnswer.Status>(await AskAsync("", "PUT", Given.Bytes("x"))).Code);

    async Task<int> UploadAsync(string path, string manifest) => Assert.IsType<LocalAnswer.Status>(
        await AskAsync(path, "PUT", Given.Zip(("log-main/composer.json", Given.Bytes(manifest))))).Code;

    async Task<string> DocumentAsync(string path) => Encoding.UTF8.GetString(
        Assert.IsType<LocalAnswer.Document>(await AskAsync(path)).Content);

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", byte[]? body = null) =>
        Type.AnswerAsync(Given.Request(path, method, body), place.Tree, CancellationToken.None);
}
