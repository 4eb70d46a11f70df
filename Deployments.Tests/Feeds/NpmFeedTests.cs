using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class NpmFeedTests : FeedTypeContract, IDisposable
{
    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new NpmFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("is-7/-/is-7-2.0.0-beta-1.tgz", "", "is-7", "2.0.0-beta-1"),
        new("@angular%2fcore/-/core-17.0.1.tgz", "@angular", "core", "17.0.1"),
        new("@angular%2Fcore/-/core-17.0.1.tgz", "@angular", "core", "17.0.1"),
        new("@angular/core/-/core-17.0.1.tgz", "@angular", "core", "17.0.1"),
        new("%40angular/core/-/core-17.0.1.tgz", "@angular", "core", "17.0.1"),
        new("@angular/core/-/@angular/core-17.0.1.tgz", "@angular", "core", "17.0.1"),
        new("@angular%2fcore/-/@angular%2fcore-17.0.1.tgz", "@angular", "core", "17.0.1"),
        new("lodash/-/4.17.21/lodash-4.17.21.tgz", "", "lodash", "4.17.21"),
        new("lodash/-/4.17.21/odd.tgz", "", "lodash", "4.17.21"),
        new("JSONStream/-/JSONStream-1.3.5.tgz", "", "JSONStream", "1.3.5"),
        new("old/-/old-1.0.0beta.tgz", "", "old", "1.0.0beta"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "lodash", "@angular%2fcore", "@angular/core", "lodash/4.17.21", "lodash/latest", "-/v1/search?text=x",
        "-/ping",
        "-/whoami", "-/package/lodash/dist-tags", "-/package/@angular%2fcore/dist-tags/latest", "-/npm/v1/keys",
        "-/npm/v1/security/advisories/bulk", "lodash/-/lodash-4.17.21.tgz.sig", "lodash/-/other-4.17.21.tgz",
        "lodash/-",
        "lodash/-/lodash-latest.tgz", "@angular/-/core-1.0.0.tgz", "a%2fb/-/b-1.0.0.tgz", "@a%2f..%2fb/-/b-1.0.0.tgz",
        "lodash/-/lodash-4.17.21.tgz/-rev/1-abc",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("@angular", "core", "1.0.0"), new("angular", "core", "1.0.0")),
        (new("", "a", "1.0.0+build"), new("", "a", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "JSONStream", "1.0.0"), new("", "jsonstream", "1.0.0")),
        (new("@angular", "core", "1.0.0"), new("", "core", "1.0.0")),
        (new("", "a", "1.0.0-RC"), new("", "a", "1.0.0-rc")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("@angular", "animation", "12.3.1"), "pkg:npm/%40angular/animation@12.3.1"),
        (new("", "foobar", "12.3.1"), "pkg:npm/foobar@12.3.1"),
        (new("", "foobar", "1.0.0+b"), "pkg:npm/foobar@1.0.0%2Bb"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public void The_clients_hint_names_a_tarball_that_does_not_name_itself()
    {
        static string? Hint(string name) => name == "pacote-pkg-id" ? "registry:@acme/tool@http://x/y.tgz" : null;
        var request = Given.Request("odd/-/tool-1.2.3.tgz", header: Hint);
        Assert.Equal(new PackageCoordinates("@acme", "tool", "1.2.3"), Type.TryReadDownload(request));
        Assert.Null(Type.TryReadDownload(Given.Request("odd/-/else-1.2.3.tgz", header: Hint)));
        foreach (var hint in new[] { "", "registry:", "registry:@", "registry:@a", "registry:../x@1", "file:x" })
            Assert.Null(Type.TryReadDownload(Given.Request("odd/-/tool-1.2.3.tgz", header: _ => hint)));
    }

    [Fact]
    public async Task A_published_package_is_served_with_its_packument()
    {
        Assert.Equal(201, await PublishAsync("@acme/tool", "1.0.0"));
        Assert.Equal(201, await PublishAsync("@acme/tool", "2.0.0-rc.1", "next"));

        var packument = await JsonAsync("@acme%2ftool");
        Assert.Equal("1.0.0", (string?)packument["dist-tags"]!["latest"]);
        Assert.Equal("2.0.0-rc.1", (string?)packument["dist-tags"]!["next"]);
        Assert.Equal("A tool", (string?)packument["description"]);
        var dist = packument["versions"]!["1.0.0"]!["dist"]!;
        Assert.Equal("http://feeds.test:8624/x/main/@acme/tool/-/tool-1.0.0.tgz", (string?)dist["tarball"]);
        Assert.Equal(
            "sha512-" + Convert.ToBase64String(SHA512.HashData(Tarball("1.0.0"))), (string?)dist["integrity"]);
        Assert.Null(packument["versions"]!["1.0.0"]!["_file"]);
        Assert.NotNull(packument["time"]!["2.0.0-rc.1"]);

        var file = Assert.IsType<LocalAnswer.File>(await AskAsync("@acme/tool/-/tool-1.0.0.tgz"));
        Assert.Equal(Tarball("1.0.0"), await File.ReadAllBytesAsync(file.Path));
        Assert.Equal(new PackageCoordinates("@acme", "tool", "1.0.0"), file.Package);
        Assert.Equal("1.0.0", (string?)(await JsonAsync("@acme/tool/latest"))["version"]);
    }

    [Fact]
    public async Task An_installer_gets_the_abbreviated_packument()
    {
        await PublishAsync("tool", "1.0.0");
        var answer = Assert.IsType<LocalAnswer.Document>(await Type.AnswerAsync(
            Given.Request("tool", header: name =>
                name == "Accept" ? "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8" : null),
            place.Tree, CancellationToken.None));
        Assert.Equal("application/vnd.npm.install-v1+json", answer.ContentType);
        var manifest = JsonNode.Parse(answer.Content)!["versions"]!["1.0.0"]!;
        Assert.True((bool?)manifest["hasInstallScript"]);
        Assert.Null(manifest["scripts"]);
        Assert.NotNull(manifest["dist"]!["tarball"]);
    }

    [Fact]
    public async Task Two_publishers_of_one_version_meet_and_of_two_do_not()
    {
        var same = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => PublishAsync("race",
            "1.0.0"))));
        Assert.Equal([201, .. Enumerable.Repeat(409, 7)], same.Order());
        var others = await Task.WhenAll(Enumerable.Range(1, 8).Select(n => Task.Run(() => PublishAsync("race",
            $"2.0.{n}"))));
        Assert.All(others, code => Assert.Equal(201, code));
        Assert.Equal(9, (await JsonAsync("race"))["versions"]!.AsObject().Count);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(place.Root, "race", "versions", "1.0.0"), "*.tgz"));
    }

    [Fact]
    public async Task What_cannot_be_published_is_refused_with_a_reason()
    {
        foreach (var (name, body, reason) in new[]
                 {
                     ("tool", "nothing", "not a JSON object"),
                     ("tool", "{\"name\":\"a\",\"name\":\"b\"}", "not a JSON object"),
                     ("tool", Publication("other", "1.0.0"), "'other'"),
                     ("Tool", Publication("Tool", "1.0.0"), "not a package name"),
                     ("tool", Publication("tool", "1.0"), "not a semantic version"),
                     ("tool", Publication("tool", "1.0.0").Replace("\"data\":\"", "\"data\":\"%",
                         StringComparison.Ordinal),
                         "base64"),
                     ("tool", Publication("tool", "1.0.0", shasum: new string('0', 40)), "hashes"),
                 })
        {
            var status = Assert.IsType<LocalAnswer.Status>(await AskAsync(name, "PUT", body));
            Assert.Equal(400, status.Code);
            Assert.Contains(reason, status.Message, StringComparison.Ordinal);
        }

        Assert.Null(await AskAsync("tool"));
        Assert.Equal(404, await StatusAsync("tool", "PUT", "{\"versions\":{}}"));
    }

    [Fact]
    public async Task Tags_are_set_listed_and_removed()
    {
        await PublishAsync("@acme/tool", "1.0.0");
        await PublishAsync("@acme/tool", "2.0.0");
        Assert.Equal(200, await StatusAsync("-/package/@acme%2ftool/dist-tags/stable", "PUT", "\"1.0.0\""));
        Assert.Equal("""{"latest":"2.0.0","stable":"1.0.0"}""",
            (await JsonAsync("-/package/@acme%2ftool/dist-tags")).ToJsonString());
        Assert.Equal("1.0.0", (string?)(await JsonAsync("@acme/tool/stable"))["version"]);
        Assert.Equal(404, await StatusAsync("-/package/@acme%2ftool/dist-tags/stable", "PUT", "\"9.0.0\""));
        Assert.Equal(400, await StatusAsync("-/package/@acme%2ftool/dist-tags/1.0.0", "PUT", "\"1.0.0\""));
        Assert.Equal(200, await StatusAsync("-/package/@acme%2ftool/dist-tags/stable", "DELETE"));
        Assert.Equal(404, await StatusAsync("-/package/@acme%2ftool/dist-tags/stable", "DELETE"));
        Assert.Equal(400, await StatusAsync("-/package/@acme%2ftool/dist-tags/latest", "DELETE"));
        Assert.Null(await AskAsync("-/package/other/dist-tags"));
    }

    [Fact]
    public async Task A_deprecation_is_kept_and_taken_back()
    {
        await PublishAsync("tool", "1.0.0");
        var packument = await JsonAsync("tool");
        packument["versions"]!["1.0.0"]!["deprecated"] = "use another";
        Assert.Equal(200, await StatusAsync("tool", "PUT", packument.ToJsonString()));
        packument = await JsonAsync("tool");
        Assert.Equal("use another", (string?)packument["versions"]!["1.0.0"]!["deprecated"]);
        packument["versions"]!["1.0.0"]!["deprecated"] = "";
        Assert.Equal(200, await StatusAsync("tool", "PUT", packument.ToJsonString()));
        Assert.Null((await JsonAsync("tool"))["versions"]!["1.0.0"]!["deprecated"]);
        Assert.IsType<LocalAnswer.File>(await AskAsync("tool/-/tool-1.0.0.tgz"));
    }

    [Fact]
    public async Task A_version_is_unpublished_the_way_the_client_does_it()
    {
        await PublishAsync("tool", "1.0.0");
        await PublishAsync("tool", "1.1.0");
        var packument = await JsonAsync("tool");
        var revision = (string?)packument["_rev"];
        packument["versions"]!.AsObject().Remove("1.1.0");
        Assert.Equal(409, await StatusAsync("tool/-rev/1-stale", "PUT", packument.ToJsonString()));
        Assert.Equal(200, await StatusAsync($"tool/-rev/{revision}", "PUT", packument.ToJsonString()));
        packument = await JsonAsync("tool");
        Assert.Equal("1.0.0", (string?)packument["dist-tags"]!["latest"]);
        Assert.Equal(200, await StatusAsync($"tool/-/tool-1.1.0.tgz/-rev/{packument["_rev"]}", "DELETE"));
        Assert.Equal(404, await StatusAsync("tool/-/tool-1.1.0.tgz"));

        Assert.Equal(200, await StatusAsync($"tool/-rev/{packument["_rev"]}", "DELETE"));
        Assert.Null(await AskAsync("tool"));
        Assert.Equal(FeedAccess.Delete, Type.RequiredAccess(Given.Request("tool/-rev/1-a", "PUT")));
        Assert.Equal(FeedAccess.Upload, Type.RequiredAccess(Given.Request("-/package/tool/dist-tags/x", "DELETE")));
    }

    [Fact]
    public async Task A_name_that_is_ours_is_never_asked_of_a_connector()
    {
        await PublishAsync("tool", "1.0.0");
        Assert.Equal(404, await StatusAsync("tool/-/tool-9.0.0.tgz"));
        Assert.Equal(404, await StatusAsync("tool/9.0.0"));
        Assert.Null(await AskAsync("other"));
        Assert.Null(await AskAsync("other/-/other-1.0.0.tgz"));
    }

    [Fact]
    public async Task The_registrys_own_endpoints_answer()
    {
        await PublishAsync("@acme/tool", "1.0.0");
        Assert.Equal("carol", (string?)(await JsonAsync("-/whoami"))["username"]);
        Assert.IsType<LocalAnswer.Document>(await AskAsync("-/ping"));
        var found = await JsonAsync("-/v1/search?text=TOOL&size=5");
        Assert.Equal("@acme/tool", (string?)found["objects"]![0]!["package"]!["name"]);
        Assert.Null(await AskAsync("-/v1/search?text=nothing"));
        Assert.IsType<LocalAnswer.Document>(Type.EmptyAnswer(Given.Request("-/v1/search?text=nothing")));

        var audit = Given.Request("-/npm/v1/security/advisories/bulk", "POST");
        Assert.Equal(FeedAccess.Download, Type.RequiredAccess(audit));
        Assert.Null(await Type.AnswerAsync(audit, place.Tree, CancellationToken.None));
        var connector = new Uri("https://up.test/npm/");
        Assert.Equal("https://up.test/npm/-/npm/v1/security/advisories/bulk", Type.UpstreamUrl(audit, connector,
            null)!.AbsoluteUri);
        Assert.Equal(
            "https://up.test/npm/@a%2fb?x=1", Type.UpstreamUrl(Given.Request("@a%2fb?x=1"), connector,
            null)!.AbsoluteUri);
        Assert.Null(Type.UpstreamUrl(Given.Request("-/user/org.couchdb.user:x", "PUT"), connector, null));
        Assert.Equal(405, await StatusAsync("-/user/org.couchdb.user:x", "PUT"));
    }

    [Fact]
    public void Only_tarball_addresses_are_rewritten()
    {
        var document = """
            {"name":"@acme/tool","readme":"\"tarball\":\"https://up.test/x\"","versions":
            { "1.0.0":{"dist":{"integrity":"sha512-+/=",
            "tarball":"https:\/\/up.test\/npm\/@acme\/tool\/-\/tool-1.0.0.tgz",
            "signatures":[{"sig":"a+b","tarball":"x"}]},"tarball":"y"},
            "2.0.0":{"dist":{"tarball":"https://cdn.test/strange"}},
            "3.0.0":{"dist":{"tarball":"file:///etc/passwd"}}},"x":1e2}
            """;
        var expected = document
            .Replace(@"https:\/\/up.test\/npm\/@acme\/tool\/-\/tool-1.0.0.tgz",
                "http://feeds.test:8624/x/main/@acme/tool/-/tool-1.0.0.tgz", StringComparison.Ordinal)
            .Replace("https://cdn.test/strange",
                "http://feeds.test:8624/x/main/~sealed/@acme/tool/-/tool-2.0.0.tgz", StringComparison.Ordinal);
        Assert.Equal(expected, Rewrite("@acme%2ftool", document));
        Assert.Equal(
            """{"dist":{"tarball":"http://feeds.test:8624/x/main/~sealed/tool/-/tool-1.0.0.tgz"},"version":"1.0.0"}""",
            Rewrite("tool/latest", """{"dist":{"tarball":"https://cdn.test/x"},"version":"1.0.0"}"""));
        Assert.Equal("[]", Rewrite("tool", "\uFEFF[]"));
        Assert.Throws<FormatException>(() => Rewrite("tool", "<html>"));
        Assert.Throws<FormatException>(() => Rewrite("tool", "{\"versions\":"));
    }

    [Fact]
    public void A_packument_of_30_MB_is_rewritten()
    {
        var readme = new string('r', 3_000);
        var versions = string.Join(',', Enumerable.Range(0, 10_000).Select(n =>
            $$"""
            "1.0.{{n}}":{"readme":"{{readme}}","dist":{"tarball":"https://up.test/npm/big/-/big-1.0.{{n}}.tgz" } }
            """));
        var rewritten = Rewrite("big", "{\"versions\":{" + versions + "}}");
        Assert.DoesNotContain("up.test", rewritten, StringComparison.Ordinal);
        Assert.Contains("\"http://feeds.test:8624/x/main/big/-/big-1.0.9999.tgz\"", rewritten,
            StringComparison.Ordinal);
    }

    string Rewrite(string path, string document) => Encoding.UTF8.GetString(Type.Rewrite(
        Given.Bytes(document),
        new RewriteContext(Given.Request(path), new Uri("https://up.test/npm"), _ => "sealed")));

    static byte[] Tarball(string version) => Given.Bytes("tarball of " + version);

    static string Publication(string name, string version, string tag = "latest", string? shasum = null) =>
        new JsonObject
        {
            ["_id"] = name,
            ["name"] = name,
            ["dist-tags"] = new JsonObject { [tag] = version },
            ["versions"] = new JsonObject
            {
                [version] = new JsonObject
                {
                    ["name"] = name,
                    ["version"] = version,
                    ["description"] = "A tool",
                    ["scripts"] = new JsonObject { ["postinstall"] = "x" },
                    ["dist"] = new JsonObject
                    {
                        ["shasum"] = shasum,
                        ["integrity"] = "sha512-" + Convert.ToBase64String(SHA512.HashData(Tarball(version))),
                        ["tarball"] = "http://elsewhere/x.tgz",
                    },
                },
            },
            ["_attachments"] = new JsonObject
            {
                [$"{name}-{version}.tgz"] = new JsonObject { ["data"] = Convert.ToBase64String(Tarball(version)) },
            },
        }.ToJsonString();

    Task<int> PublishAsync(string name, string version, string tag = "latest") =>
        StatusAsync(name.Replace("/", "%2f", StringComparison.Ordinal), "PUT", Publication(name, version, tag));

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", string? body = null) =>
        Type.AnswerAsync(
            Given.Request(path, method, body is null ? null : Given.Bytes(body)), place.Tree, CancellationToken.None);

    async Task<int> StatusAsync(string path, string method = "GET", string? body = null) =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method, body)).Code;

    async Task<JsonNode> JsonAsync(string path) =>
        JsonNode.Parse(Assert.IsType<LocalAnswer.Document>(await AskAsync(path)).Content)!;
}
