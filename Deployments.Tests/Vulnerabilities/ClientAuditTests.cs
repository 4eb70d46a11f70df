using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>What package clients are told that ask their registry for vulnerabilities, by protocol.</summary>
public sealed class ClientAuditTests(ClientAuditTests.Audited audited) : IClassFixture<ClientAuditTests.Audited>
{
    TestApp App => audited.App;

    [Fact]
    public async Task Npm_is_told_what_concerns_its_versions_ours_before_the_connectors()
    {
        var told = await AskNpmAsync("advisories/bulk",
            """{"lodash":["4.17.0","4.17.21"],"fresh":["1.0.0"],"mine":["1.0.0"],"quiet":["1.0.0"],"../x":["1"]}""");

        Assert.Equal(["GHSA-lodash", "GHSA-upstream"], Ids(told["lodash"]!, "id"));
        var ours = told["lodash"]![0]!;
        Assert.Equal("Summary of GHSA-lodash", (string?)ours["title"]);
        Assert.Equal("https://github.com/advisories/GHSA-lodash", (string?)ours["url"]);
        Assert.Equal(">=1.0.0 <4.17.21 || =5.0.0-beta", (string?)ours["vulnerable_versions"]);
        Assert.Equal(("high", 7.5), ((string?)ours["severity"], (double?)ours["cvss"]!["score"]));
        Assert.Equal(["lodash"], told.AsObject().Select(pair => pair.Key));
        Assert.Equal(["GHSA-upstream"], Ids((await AskNpmAsync(
            "advisories/bulk", """{"lodash":["4.17.21"]}"""))["lodash"]!, "id"));
        // A package of the local store is nobody else's business.
        Assert.DoesNotContain(audited.Questions, question => question.Contains("mine", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Older_npm_clients_are_told_the_paths_through_their_tree()
    {
        var told = await AskNpmAsync("audits/quick",
            """
            {"name":"app","dependencies":{"a":{"version":"1.0.0","dependencies":{"lodash":{"version":"4.0.0"}}},
             "lodash":{"version":"4.17.21"}}}
            """);

        var advisory = told["advisories"]!["GHSA-lodash"]!;
        Assert.Equal("lodash", (string?)advisory["module_name"]);
        Assert.Equal(["4.0.0"], Ids(advisory["findings"]!, "version"));
        Assert.Equal("a>lodash", (string?)advisory["findings"]![0]!["paths"]![0]);
        Assert.Equal(1, (int?)told["metadata"]!["vulnerabilities"]!["high"]);
        Assert.Equal(3, (int?)told["metadata"]!["totalDependencies"]);
        Assert.Contains(told["actions"]!.AsArray(), action => (string?)action!["resolves"]![0]!["path"] == "a>lodash");
    }

    [Fact]
    public async Task NuGet_finds_one_page_with_every_package()
    {
        var index = await ReadAsync("/nuget/libs/v3/index.json");
        var resource = Assert.Single(index["resources"]!.AsArray(),
            item => (string?)item!["@type"] == "VulnerabilityInfo/6.7.0");
        var page = Assert.Single((await ReadAsync((string)resource!["@id"]!)).AsArray());
        Assert.True(DateTime.Parse((string)page!["@updated"]!, null) > new DateTime(2026, 1, 1));

        var told = await ReadAsync((string)page["@id"]!);

        Assert.Equal(["acme.json", "up.only"], told.AsObject().Select(pair => pair.Key));
        Assert.Equal(
            """
            [{"url":"https://github.com/advisories/GHSA-nuget","severity":2,"versions":"[1.0.0, 1.5.0)"},
            {"url":"https://github.com/advisories/GHSA-other","severity":3,"versions":"(, 9.0.0)"}]
            """.ReplaceLineEndings(""), told["acme.json"]!.ToJsonString());
    }

    [Fact]
    public async Task NuGets_registrations_tell_it_beside_the_rest()
    {
        var told = await ReadAsync("/nuget/libs/v3/registration/acme.json/index.json");

        var leaves = told["items"]![0]!["items"]!.AsArray().Select(leaf => leaf!["catalogEntry"]!).ToList();
        Assert.Equal(
            ["https://github.com/advisories/GHSA-nuget", "https://github.com/advisories/GHSA-reg"],
            Ids(leaves[0]["vulnerabilities"]!, "advisoryUrl"));
        Assert.Equal("2", (string?)leaves[0]["vulnerabilities"]![0]!["severity"]);
        Assert.Null(leaves[1]["vulnerabilities"]); // the upstream's has an id that is ours, and ours ends before
    }

    [Fact]
    public async Task Composer_is_sent_to_the_feed_and_told_there()
    {
        var root = await ReadAsync("/composer/php/packages.json");
        var address = (string)root["security-advisories"]!["api-url"]!;
        using var form = new StringContent("packages[]=Acme/Log&packages%5B0%5D=php&packages[]=acme/other",
            Encoding.UTF8, "application/x-www-form-urlencoded");
        using var answer = await App.Client.PostAsync(address, form);
        var told = (await JsonAsync(answer))["advisories"]!;

        Assert.Equal(["GHSA-php", "PKSA-up"], Ids(told["Acme/Log"]!, "advisoryId"));
        var ours = told["Acme/Log"]![0]!;
        Assert.Equal((">=1.0.0,<1.5.0", "CVE-2026-9"), ((string?)ours["affectedVersions"], (string?)ours["cve"]));
        Assert.Single(told.AsObject());
    }

    [Fact]
    public async Task PyPI_releases_tell_it_beside_the_rest()
    {
        var told = await ReadAsync("/pypi/py/pypi/Acme_Tool/1.0/json");

        Assert.Equal(["GHSA-py", "PYSEC-up"], Ids(told["vulnerabilities"]!, "id"));
        Assert.Equal(["1.2"], told["vulnerabilities"]![0]!["fixed_in"]!.AsArray().Select(item => (string?)item));
        Assert.StartsWith($"{App.Url}pypi/py/", (string?)told["urls"]![0]!["url"], StringComparison.Ordinal);
        using var unknown = await App.Client.GetAsync("/pypi/py/pypi/nothing/json");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Local_releases_of_Python_packages_have_a_JSON_of_their_own()
    {
        using (var body = new ByteArrayContent([1, 2, 3]))
        using (var upload = await App.Admin.PutAsync("/pypi/py/acme_own-2.0.tar.gz", body))
            Assert.Equal(HttpStatusCode.Created, upload.StatusCode);

        var told = await ReadAsync("/pypi/py/pypi/acme-own/json");

        Assert.Equal(("acme-own", "2.0"), ((string?)told["info"]!["name"], (string?)told["info"]!["version"]));
        Assert.Equal(["acme_own-2.0.tar.gz"], Ids(told["urls"]!, "filename"));
        Assert.Equal(["GHSA-own"], Ids(told["vulnerabilities"]!, "id"));
    }

    [Fact]
    public async Task Go_finds_a_database_of_files()
    {
        var db = await ReadAsync("/go/mods/index/db.json");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", (string?)db["modified"]);
        var modules = await ReadAsync("/go/mods/index/modules.json");
        Assert.Equal(["example.com/acme", "example.com/up"], Ids(modules, "path"));
        Assert.Equal("1.2.3", (string?)modules[0]!["vulns"]![0]!["fixed"]);
        Assert.Equal("GO-2026-1", (string?)modules[0]!["vulns"]![0]!["id"]);
        var list = await ReadAsync("/go/mods/index/vulns.json");
        Assert.Equal(["GO-2026-1", "GO-2026-2"], Ids(list, "id"));
        Assert.Equal("GHSA-go", (string?)list[0]!["aliases"]![0]);

        using var packed = await App.Client.GetAsync("/go/mods/ID/GO-2026-1.json.gz");
        await using var unpacked = new GZipStream(
            await packed.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        var entry = (await JsonNode.ParseAsync(unpacked))!;
        var expected = JsonNode.Parse(
            """
            [{"package":{"name":"example.com/acme","ecosystem":"Go"},"ranges":[{"type":"SEMVER",
            "events":[{"introduced":"0"},{"fixed":"1.2.3"}]}],"ecosystem_specific":{"imports":
            [{"path":"example.com/acme/x","goos":null,"goarch":null,"symbols":["Parse"]}]}}]
            """);
        Assert.True(JsonNode.DeepEquals(expected, entry["affected"]), entry.ToJsonString());
        Assert.Equal("GO-2026-2", (string?)(await ReadAsync("/go/mods/ID/GO-2026-2.json"))["id"]);
        using var unknown = await App.Client.GetAsync("/go/mods/ID/GO-2026-3.json");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task What_was_taken_back_or_does_not_affect_anybody_is_not_told_by_connectors_either()
    {
        Assert.Empty(await QuietAsync());
        await audited.AssessAsync("GHSA-loud", "accepted", "2999-01-01");
        Assert.Equal(["GHSA-loud"], Ids((await AskNpmAsync(
            "advisories/bulk", """{"loud":["1.0.0"]}"""))["loud"]!, "id"));
        await audited.AssessAsync("GHSA-loud", "notAffected", null);
        Assert.Empty((await AskNpmAsync("advisories/bulk", """{"loud":["1.0.0"]}""")).AsObject());

        async Task<JsonObject> QuietAsync() =>
            (await AskNpmAsync("advisories/bulk", """{"quiet":["1.0.0"]}""")).AsObject();
    }

    [Theory]
    [InlineData("/npm/js/-/npm/v1/security/advisories/bulk", "[]", 400)]
    [InlineData("/npm/js/-/npm/v1/security/advisories/bulk", "{", 400)]
    [InlineData("/npm/js/-/npm/v1/security/audits", """{"a":1,"a":2}""", 400)]
    [InlineData("/npm/js/-/npm/v1/security/audits/quick", """{"dependencies":{"a":1,"b":{"version":2}}}""", 200)]
    [InlineData("/npm/js/-/npm/v1/security/advisories/bulk", """{"lodash":"4.17.0","b":[1,null,{}]}""", 200)]
    [InlineData("/composer/php/api/security-advisories", "packages[]=%00&packages[]=a/b/c&packages", 200)]
    public async Task Malformed_questions_are_refused_or_understood_as_far_as_they_go(
        string address, string body, int status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await App.Client.PostAsync(address, content);
        Assert.Equal(status, (int)answer.StatusCode);

        using var damaged = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        damaged.Headers.ContentEncoding.Add("gzip");
        using var refused = await App.Client.PostAsync(address, damaged);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task Only_who_may_download_may_ask()
    {
        await App.CreateFeedAsync("closed", "npm");
        using (var change = await App.Admin.PostAsJsonAsync(
            "/api/management/feeds/update/closed", new { anonymousAccess = false }))
            Assert.True(change.IsSuccessStatusCode);
        const string Address = "/npm/closed/-/npm/v1/security/advisories/bulk";
        using var body = new StringContent("""{"lodash":["4.17.0"]}""");

        using var refused = await App.Client.PostAsync(Address, body);
        using var allowed = await App.Admin.PostAsync(Address, body);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (refused.StatusCode, allowed.StatusCode));
        Assert.Equal(["GHSA-lodash"], Ids((await JsonAsync(allowed))["lodash"]!, "id"));
    }

    [Fact]
    public async Task A_connector_that_is_away_does_not_silence_what_is_held()
    {
        await App.CreateFeedAsync("away", "npm", new Uri("http://127.0.0.1:9/"));
        using var body = new StringContent("""{"lodash":["4.17.0"]}""");
        using var answer = await App.Client.PostAsync("/npm/away/-/npm/v1/security/advisories/bulk", body);
        Assert.Equal(["GHSA-lodash"], Ids((await JsonAsync(answer))["lodash"]!, "id"));
    }

    [Fact]
    public async Task Where_nothing_is_held_no_client_takes_that_for_good_news()
    {
        await using var empty = await TestApp.StartAsync();
        await empty.CreateFeedAsync("js", "npm");
        await empty.CreateFeedAsync("away", "npm", new Uri("http://127.0.0.1:9/"));
        await empty.CreateFeedAsync("libs", "nuget");
        await empty.CreateFeedAsync("php", "composer");
        using var body = new StringContent("""{"lodash":["4.17.0"]}""");

        using var none = await empty.Client.PostAsync("/npm/js/-/npm/v1/security/advisories/bulk", body);
        using var away = await empty.Client.PostAsync("/npm/away/-/npm/v1/security/advisories/bulk", body);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadGateway), (none.StatusCode, away.StatusCode));
        Assert.DoesNotContain("VulnerabilityInfo", await empty.Client.GetStringAsync("/nuget/libs/v3/index.json"),
            StringComparison.Ordinal);
        Assert.Equal("[]", await empty.Client.GetStringAsync("/nuget/libs/v3/vulnerabilities/index.json"));
        Assert.DoesNotContain("security-advisories", await empty.Client.GetStringAsync("/composer/php/packages.json"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Advisories_that_an_earlier_release_has_read_are_read_again_when_they_come_unchanged()
    {
        await using (var connection = await App.Database.DataSource.OpenConnectionAsync())
        {
            await connection.ExecuteAsync(
                """
                update advisories set reading = 1 where osv_id = 'GO-2026-1';
                update advisory_packages set imports = null
                """);
        }

        await audited.ImportAsync(Audited.GoAdvisory());

        Assert.Contains("Parse", await App.Client.GetStringAsync("/go/mods/ID/GO-2026-1.json"),
            StringComparison.Ordinal);
    }

    async Task<JsonNode> AskNpmAsync(string question, string body)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(body));
        using var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await App.Client.PostAsync($"/npm/js/-/npm/v1/security/{question}", content);
        return await JsonAsync(answer);
    }

    async Task<JsonNode> ReadAsync(string address)
    {
        using var answer = await App.Client.GetAsync(address);
        return await JsonAsync(answer);
    }

    static async Task<JsonNode> JsonAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    static IEnumerable<string?> Ids(JsonNode list, string name) =>
        list.AsArray().Select(item => (string?)item![name]);

    /// <summary>A feed of each type that has audits, with a connector that knows some vulnerabilities itself.</summary>
    public sealed class Audited : IAsyncLifetime
    {
        readonly System.Collections.Concurrent.ConcurrentQueue<string> questions = new();
        FakeUpstream upstream = null!;

        public TestApp App { get; private set; } = null!;

        /// <summary>Bodies that the upstream was sent.</summary>
        public IReadOnlyCollection<string> Questions => questions;

        public async Task InitializeAsync()
        {
            App = await TestApp.StartAsync();
            upstream = await FakeUpstream.StartAsync(AnswerAsync);
            await App.CreateFeedAsync("js", "npm", new Uri(upstream.Url, "/npm/"));
            await App.CreateFeedAsync("libs", "nuget", new Uri(upstream.Url, "/nuget/index.json"));
            await App.CreateFeedAsync("php", "composer", new Uri(upstream.Url, "/composer/"));
            await App.CreateFeedAsync("py", "pypi", new Uri(upstream.Url, "/python/simple/"));
            await App.CreateFeedAsync("mods", "go", new Uri(upstream.Url, "/go/"));
            await PublishMineAsync();

            var lodash = Osv.Advisory("GHSA-lodash", "lodash", "1.0.0", "4.17.21", "npm");
            lodash["affected"]![0]!["versions"] = new JsonArray("4.17.0", "5.0.0-beta");
            await ImportAsync(lodash);
            var quiet = Osv.Advisory("GHSA-quiet", "quiet", "0", null, "npm");
            quiet["withdrawn"] = "2026-01-02T00:00:00Z";
            await ImportAsync(quiet);
            await ImportAsync(Osv.Advisory("GHSA-loud", "loud", "0", null, "npm"));
            var nuget = Osv.Advisory("GHSA-nuget", "Acme.Json", "1.0.0", "1.5.0");
            nuget["aliases"] = new JsonArray("CVE-2026-1");
            await ImportAsync(nuget);
            var php = Osv.Advisory("GHSA-php", "acme/log", "1.0.0", "1.5.0", "Packagist");
            php["aliases"] = new JsonArray("CVE-2026-9");
            await ImportAsync(php);
            await ImportAsync(Osv.Advisory("GHSA-py", "acme-tool", "0", "1.2", "PyPI"));
            await ImportAsync(Osv.Advisory("GHSA-own", "acme-own", "0", null, "PyPI"));
            await ImportAsync(GoAdvisory());
            await ImportAsync(Osv.Advisory("GHSA-go", "example.com/acme", "0", "1.2.3", "Go"));
        }

        public static JsonObject GoAdvisory()
        {
            var go = Osv.Advisory("GO-2026-1", "example.com/acme", "0", "1.2.3", "Go");
            go["aliases"] = new JsonArray("GHSA-go");
            go["affected"]![0]!["ecosystem_specific"] = JsonNode.Parse(
                """{"imports":[{"path":"example.com/acme/x","symbols":["Parse"]},{"symbols":["Lost"]}]}""");
            return go;
        }

        public async Task ImportAsync(JsonObject advisory)
        {
            using var answer = await App.Admin.PostAsJsonAsync("/api/vulnerabilities/import", advisory);
            Assert.Equal(1, (int)(await JsonAsync(answer))["imported"]!);
        }

        public async Task AssessAsync(string id, string state, string? expires)
        {
            using var answer = await App.Admin.PostAsJsonAsync($"/api/vulnerabilities/{id}/assessments",
                new
                {
                    state,
                    justification = state == "notAffected" ? "vulnerable_code_not_in_execute_path" : null,
                    reason = "It is not used.",
                    expiresAt = expires,
                });
            await JsonAsync(answer);
        }

        public async Task DisposeAsync()
        {
            await App.DisposeAsync();
            await upstream.DisposeAsync();
        }

        async Task PublishMineAsync()
        {
            using var body = JsonContent.Create(new
            {
                name = "mine",
                versions = new Dictionary<string, object>
                {
                    ["1.0.0"] = new { name = "mine", version = "1.0.0" },
                },
                _attachments = new Dictionary<string, object> { ["mine-1.0.0.tgz"] = new { data = "AAAA" } },
            });
            using var answer = await App.Admin.PutAsync("/npm/js/mine", body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        async Task AnswerAsync(HttpContext context)
        {
            var here = $"{context.Request.Scheme}://{context.Request.Host}";
            if (context.Request.Method == "POST")
            {
                using var reader = new StreamReader(context.Request.Body);
                questions.Enqueue(await reader.ReadToEndAsync());
            }

            var path = context.Request.Path.Value!;
            var answer = path.StartsWith("/npm/", StringComparison.Ordinal) ? NpmOrNull(path)
                : path.StartsWith("/nuget/", StringComparison.Ordinal) ? NuGetOrNull(path, here)
                : OtherOrNull(path, here);
            context.Response.StatusCode = answer is null ? 404 : 200;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer ?? "");
        }

        string? NpmOrNull(string path) => path switch
        {
            "/npm/-/npm/v1/security/advisories/bulk" when questions.Last().Contains("lodash",
                StringComparison.Ordinal) =>
                """
                {"lodash":[{"id":1,"url":"https://x.test/GHSA-lodash","title":"theirs","severity":"low"},
                 {"id":"GHSA-upstream","url":"https://x.test/GHSA-upstream","severity":"low",
                  "vulnerable_versions":"<4.17.21"}],
                 "mine":[{"id":3,"url":"https://x.test/GHSA-mine"}]}
                """,
            "/npm/-/npm/v1/security/advisories/bulk" =>
                """
                {"quiet":[{"id":2,"url":"https://x.test/GHSA-quiet"}],
                 "loud":[{"id":4,"url":"https://x.test/GHSA-loud"}]}
                """,
            _ => null,
        };

        static string? NuGetOrNull(string path, string here) => path switch
        {
            "/nuget/index.json" => $$"""
                {"version":"3.0.0","resources":[
                 {"@id":"{{here}}/nuget/vulnerabilities/index.json","@type":"VulnerabilityInfo/6.7.0"},
                 {"@id":"{{here}}/nuget/registration/","@type":"RegistrationsBaseUrl/3.6.0"}]}
                """,
            "/nuget/vulnerabilities/index.json" => $$"""
                [{"@name":"base","@id":"{{here}}/nuget/vulnerabilities/base.json",
                  "@updated":"2025-01-01T00:00:00Z"}]
                """,
            "/nuget/vulnerabilities/base.json" =>
                """
                {"acme.json":[{"url":"https://github.com/advisories/GHSA-nuget","severity":0,"versions":"(, )"},
                 {"url":"https://github.com/advisories/GHSA-other","severity":3,"versions":"(, 9.0.0)"}],
                 "up.only":[{"url":"https://github.com/advisories/GHSA-only","severity":1,"versions":"(, )"}]}
                """,
            "/nuget/registration/acme.json/index.json" =>
                """
                {"count":1,"items":[{"items":[
                 {"catalogEntry":{"id":"Acme.Json","version":"1.2.0","vulnerabilities":[
                  {"advisoryUrl":"https://github.com/advisories/GHSA-nuget","severity":"0"},
                  {"advisoryUrl":"https://github.com/advisories/GHSA-reg","severity":"1"}]}},
                 {"catalogEntry":{"id":"Acme.Json","version":"1.5.0","vulnerabilities":[
                  {"advisoryUrl":"https://github.com/advisories/CVE-2026-1","severity":"0"}]}}]}]}
                """,
            _ => null,
        };

        static string? OtherOrNull(string path, string here) => path switch
        {
            "/composer/packages.json" =>
                """
                {"packages":[],"metadata-url":"/composer/p2/%package%.json",
                 "security-advisories":{"metadata":true,"api-url":"/composer/audit"}}
                """,
            "/composer/audit" =>
                """
                {"advisories":{"Acme/Log":[{"advisoryId":"PKSA-1","cve":"CVE-2026-9"},
                 {"advisoryId":"PKSA-up","sources":[{"name":"x","remoteId":"y"}]}]}}
                """,
            "/python/pypi/acme-tool/1.0/json" => $$"""
                {"info":{"name":"acme-tool","version":"1.0"},
                 "urls":[{"filename":"acme_tool-1.0.tar.gz","url":"{{here}}/files/acme_tool-1.0.tar.gz"}],
                 "vulnerabilities":[{"id":"PYSEC-1","aliases":["GHSA-py"]},{"id":"PYSEC-up","aliases":[]}]}
                """,
            "/go/index/modules.json" =>
                """
                [{"path":"example.com/acme","vulns":[{"id":"GO-2026-1","modified":"2020-01-01T00:00:00Z"}]},
                 {"path":"example.com/up","vulns":[{"id":"GO-2026-2","modified":"2020-01-01T00:00:00Z"}]}]
                """,
            "/go/index/vulns.json" =>
                """[{"id":"GO-2026-1","modified":"x"},{"id":"GO-2026-2","modified":"2020-01-01T00:00:00Z"}]""",
            "/go/ID/GO-2026-2.json" => """{"id":"GO-2026-2"}""",
            _ => null,
        };
    }
}
