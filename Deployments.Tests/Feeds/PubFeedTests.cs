using System.Text.Json.Nodes;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class PubFeedTests : StaticFeedContract
{
    protected override IFeedType Type { get; } = new PubFeed();

    protected override string OtherVersionPath => "packages/acme_http/versions/9.9.9.tar.gz";

    protected override string IndexPath => "api/packages/acme_http";

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("packages/acme_http/versions/1.0.0+2.tar.gz", "", "acme_http", "1.0.0+2"),
        new("api/archives/acme_http-1.0.0-dev.1.tar.gz", "", "acme_http", "1.0.0-dev.1"),
        new("packages/acme/versions/latest.tar.gz", "", "packages/acme/versions/latest.tar.gz", "", "unresolved=path"),
        new("packages/acme-x/versions/1.0.0.tar.gz", "", "packages/acme-x/versions/1.0.0.tar.gz", "",
            "unresolved=path"),
        new("packages/асme/versions/1.0.0.tar.gz", "", "packages/асme/versions/1.0.0.tar.gz", "",
            "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "api/packages/acme", "api/packages/acme/versions/1.0.0", "api/packages/acme/advisories",
        "packages/acme/versions/1.0.0", "packages/acme/1.0.0.tar.gz", "packages%2facme/versions/1.0.0.tar.gz",
        "packages/%2e%2e%2facme/versions/1.0.0.tar.gz", "packages/acme%5cx/versions/1.0.0.tar.gz",
        "packages/acme/versions/1.0.0.TAR.GZ", "Packages/acme/versions/1.0.0.tar.gz",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "Acme", "1.0.0"), new("", "acme", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "acme", "1.0.0+1"), new("", "acme", "1.0.0+2")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "characters", "1.2.0"), "pkg:pub/characters@1.2.0"),
    ];

    [Fact]
    public void Archives_are_led_through_the_feed()
    {
        var rewritten = Rewritten("api/packages/acme",
            """
            {"name":"acme","latest":{"version":"2.0.0","archive_url":"https://files.test/a?v=2"},
             "versions":[{"version":"1.0.0","archive_url":"/packages/acme/versions/1.0.0.tar.gz","archive_sha256":"s"}]}
            """, "https://up.test/");
        Assert.Contains("(https:%2F%2Ffiles.test%2Fa%3Fv=2)/packages/acme/versions/2.0.0.tar.gz\"", rewritten,
            StringComparison.Ordinal);
        Assert.Contains($"\"{Given.FeedUrl}packages/acme/versions/1.0.0.tar.gz\",\"archive_sha256\":\"s\"", rewritten,
            StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Rewritten("api/packages/acme", "[]", "https://up.test/"));
    }

    /// <summary>The client is not packaged for Debian: its three steps are replayed by its specification.</summary>
    [Fact]
    public async Task A_package_is_published_described_and_served()
    {
        Assert.Equal(FeedAccess.Upload, Type.RequiredAccess(Given.Request("api/packages/versions/new")));
        var start = await ContentAsync("api/packages/versions/new");
        Assert.Equal($$$"""{"url":"{{{Given.FeedUrl}}}api/packages/versions/upload","fields":{}}""", start);
        foreach (var version in new[] { "1.9.0", "1.10.0", "2.0.0-dev" })
        {
            var sent = await PublishAsync(
                $"""
                # comment
                name: acme_http
                description: >-
                  Speaks http: well.
                version: "{version}" # comment
                environment:
                  sdk: ^3.0.0
                dependencies:
                  flutter:
                    sdk: flutter
                  path: '>=1.0.0 <2.0.0'
                  any:
                topics: [a, b]
                """);
            Assert.Equal(204, sent.Code);
            Assert.Equal($"{Given.FeedUrl}api/packages/versions/finish",
                sent.Headers.Single(header => header.Name == "Location").Value);
        }

        Assert.StartsWith(
            "{\"success\":", await ContentAsync("api/packages/versions/finish"), StringComparison.Ordinal);
        var again = await PublishAsync("name: acme_http\nversion: 1.9.0\n");
        Assert.Equal(400, again.Code);
        Assert.Contains("already exists", again.Message, StringComparison.Ordinal);
        var package = JsonNode.Parse(await ContentAsync("api/packages/acme_http"))!;
        Assert.Equal(["1.9.0", "1.10.0", "2.0.0-dev"],
            package["versions"]!.AsArray().Select(version => (string?)version!["version"]));
        var latest = package["latest"]!;
        Assert.Equal("1.10.0", (string?)latest["version"]);
        Assert.Equal($"{Given.FeedUrl}packages/acme_http/versions/1.10.0.tar.gz", (string?)latest["archive_url"]);
        var expected = new JsonObject
        {
            ["name"] = "acme_http",
            ["version"] = "1.10.0",
            ["environment"] = new JsonObject { ["sdk"] = "^3.0.0" },
            ["dependencies"] = new JsonObject
            {
                ["flutter"] = new JsonObject { ["sdk"] = "flutter" },
                ["path"] = ">=1.0.0 <2.0.0",
                ["any"] = null,
            },
        };
        Assert.True(JsonNode.DeepEquals(expected, latest["pubspec"]), latest["pubspec"]!.ToJsonString());
        Assert.IsType<LocalAnswer.File>(await AskAsync("packages/acme_http/versions/1.10.0.tar.gz"));
    }

    [Theory]
    [InlineData("name: ../evil\nversion: 1.0.0\n")]
    [InlineData("name: acme\nversion: 1\n")]
    [InlineData("version: 1.0.0\n")]
    [InlineData("")]
    [InlineData("name: acme\nversion: 1.0.0\ndependencies: {a: any}\n")]
    [InlineData("name: acme\nversion: 1.0.0\ndependencies:\n  a: &x any\n")]
    [InlineData("name: acme\nversion: 1.0.0\ndependencies:\n  - a\n")]
    [InlineData("name: acme\nversion: 1.0.0\ndependencies:\n  a: >\n    any\n")]
    [InlineData("name: acme\nversion: 1.0.0\ndependencies:\n    a: any\n  b: any\n")]
    public async Task A_package_that_does_not_describe_itself_is_refused(string pubspec)
    {
        var refused = await PublishAsync(pubspec);

        Assert.Equal(400, refused.Code);
        Assert.NotEmpty((string)JsonNode.Parse(refused.Message)!["error"]!["message"]!);
        Assert.Empty(Place.Tree.Directories());
    }

    [Theory]
    [InlineData("no form")]
    [InlineData("--x\r\nContent-Disposition: form-data; name=other\r\n\r\na\r\n--x--")]
    [InlineData("--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nno archive\r\n--x--")]
    [InlineData("--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n")]
    public async Task What_is_no_form_with_an_archive_is_refused(string body)
    {
        foreach (var type in new[] { "multipart/form-data; boundary=x", "application/gzip", null })
        {
            var answer = await Type.AnswerAsync(
                Given.Request("api/packages/versions/upload", "POST", Given.Bytes(body), type), Place.Tree, default);
            Assert.Equal(400, Assert.IsType<LocalAnswer.Status>(answer).Code);
        }
    }

    async Task<LocalAnswer.Status> PublishAsync(string pubspec)
    {
        byte[] body =
        [
            .. Given.Bytes("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"package.tar.gz\"\r\n\r\n"),
            .. PackageHeads.TarGz(("lib/a.dart", Given.Bytes("x")), ("pubspec.yaml", Given.Bytes(pubspec))),
            .. Given.Bytes("\r\n--x--\r\n"),
        ];
        return Assert.IsType<LocalAnswer.Status>(await Type.AnswerAsync(
            Given.Request("api/packages/versions/upload", "POST", body, "multipart/form-data; boundary=x"),
            Place.Tree, default));
    }

    [Fact]
    public void Publishing_stays_here() => Assert.Null(
        Type.UpstreamUrl(Given.Request("api/packages/versions/new"), new Uri("https://up.test"), null));
}
