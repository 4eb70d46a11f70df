using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Deployments.Tests.Support;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>Import, matching both ways, exposure, and the pages, over HTTP.</summary>
public sealed class ImportTests : IAsyncLifetime
{
    TestApp app = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("libs", "nuget");
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task An_advisory_finds_the_versions_that_are_known()
    {
        await DeployAsync("Acme.Json", "1.0.0", "WEB-1", "2026-02-01T00:00:00Z");
        await DeployAsync("acme.json", "2.0.0", "WEB-2", "2026-02-01T00:00:00Z");

        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));

        var target = Assert.Single((await GetAsync("GHSA-1"))["targets"]!.AsArray())!;
        Assert.Equal("WEB-1", (string?)target["target"]);
        Assert.Equal("1.5.0", (string?)target["fixed"]);
        Assert.Equal("2026-02-01T00:00:00Z", (string?)target["exposedFrom"]);
    }

    [Fact]
    public async Task A_new_version_meets_the_advisories_that_are_known()
    {
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));

        await DeployAsync("Acme.Json", "1.4.9", "WEB-1", "2026-02-01T00:00:00Z");

        Assert.Single((await GetAsync("GHSA-1"))["targets"]!.AsArray());
    }

    [Fact]
    public async Task Upgrading_closes_and_a_rollback_reopens()
    {
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await DeployAsync("Acme.Json", "1.4.0", "WEB-1", "2026-02-01T00:00:00Z");
        await DeployAsync("Acme.Json", "1.4.1", "WEB-1", "2026-02-05T00:00:00Z");
        await DeployAsync("Acme.Json", "1.5.0", "WEB-1", "2026-02-11T00:00:00Z");

        var closed = await GetAsync("GHSA-1");
        await DeployAsync("Acme.Json", "1.4.0", "WEB-1", "2026-02-21T00:00:00Z");
        var reopened = await GetAsync("GHSA-1");

        Assert.Empty(closed["targets"]!.AsArray());
        var former = Assert.Single(closed["formerTargets"]!.AsArray())!;
        Assert.Equal("2026-02-01T00:00:00Z", (string?)former["exposedFrom"]);
        Assert.Equal("2026-02-11T00:00:00Z", (string?)former["exposedTo"]);
        Assert.Equal("1.5.0", (string?)former["replacedBy"]);
        Assert.Equal(
            "2026-02-21T00:00:00Z", (string?)Assert.Single(reopened["targets"]!.AsArray())!["exposedFrom"]);
        Assert.Empty(reopened["formerTargets"]!.AsArray());
    }

    [Fact]
    public async Task Withdrawing_closes_with_the_reason_and_an_older_advisory_changes_nothing()
    {
        await DeployAsync("Acme.Json", "1.0.0", "WEB-1", "2026-02-01T00:00:00Z");
        var advisory = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0");
        await ImportAsync(advisory);
        var withdrawn = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0", modified: "2026-03-01T00:00:00Z");
        withdrawn["withdrawn"] = "2026-03-01T00:00:00Z";

        await ImportAsync(withdrawn);
        var again = await ImportAsync(advisory);

        Assert.Equal(1, (int)again["unchanged"]!);
        Assert.Empty((await GetAsync("GHSA-1"))["targets"]!.AsArray());
        Assert.Equal("The advisory was withdrawn.", await ScalarAsync("select closed_reason from findings"));
    }

    [Fact]
    public async Task Aliases_are_one_vulnerability()
    {
        await DeployAsync("Acme.Json", "1.0.0", "WEB-1", "2026-02-01T00:00:00Z");
        var first = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0");
        first["aliases"] = new JsonArray("CVE-2026-1");
        var second = Osv.Advisory("PYSEC-1", "Acme.Json", "0", null);
        second["aliases"] = new JsonArray("CVE-2026-1");

        await ImportAsync(first);
        await ImportAsync(second);

        var list = await ReadAsync("/api/vulnerabilities");
        Assert.Single(list["items"]!.AsArray());
        var found = await GetAsync("CVE-2026-1");
        Assert.Equal("GHSA-1", (string?)found["id"]);
        Assert.Single(found["targets"]!.AsArray());

        // One that joins it with another vulnerability, which had been shown by an advisory of its own; the fix of all
        // is the highest, as a version.
        var third = Osv.Advisory("GHSA-3", "Acme.Json", "0", "1.10.0");
        await ImportAsync(third);
        var joining = Osv.Advisory("OSV-4", "Acme.Json", "0", "1.9.0");
        joining["aliases"] = new JsonArray("GHSA-3", "CVE-2026-1");
        await ImportAsync(joining);
        Assert.Single((await ReadAsync("/api/vulnerabilities"))["items"]!.AsArray());
        Assert.Equal("1.10.0", (string?)(await GetAsync("OSV-4"))["targets"]![0]!["fixed"]);
        joining = Osv.Advisory("OSV-4", "Acme.Json", "0", "1.9.0", modified: "2026-04-01T00:00:00Z");
        await ImportAsync(joining);
        Assert.Equal(3, (await ReadAsync("/api/vulnerabilities"))["items"]!.AsArray().Count);
        var parted = Osv.Advisory("PYSEC-1", "Acme.Json", "0", null, modified: "2026-04-01T00:00:00Z");
        await ImportAsync(parted);
        Assert.Equal(4, (await ReadAsync("/api/vulnerabilities"))["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_version_that_cannot_be_compared_is_unknown_unless_it_is_listed()
    {
        await DeployAsync("Acme.Json", "latest", "WEB-1", "2026-02-01T00:00:00Z");
        await DeployAsync("Acme.Json", "special", "WEB-2", "2026-02-01T00:00:00Z");
        var advisory = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0");
        advisory["affected"]![0]!["versions"] = new JsonArray("special");

        await ImportAsync(advisory);

        var certain = (await GetAsync("GHSA-1"))["targets"]!.AsArray()
            .ToDictionary(target => (string)target!["target"]!, target => (bool)target!["certain"]!);
        Assert.Equal(new Dictionary<string, bool> { ["WEB-1"] = false, ["WEB-2"] = true }, certain);
    }

    [Theory]
    [InlineData("object")]
    [InlineData("indented")]
    [InlineData("array")]
    [InlineData("lines")]
    [InlineData("zip")]
    public async Task Every_form_is_read_and_one_bad_advisory_never_stops_the_others(string form)
    {
        var good = Osv.Advisory("GHSA-1", "Acme.Json", "0", null).ToJsonString();
        var other = Osv.Advisory("GHSA-2", "Acme.Json", "0", null).ToJsonString();
        var body = form switch
        {
            "object" => Encoding.UTF8.GetBytes(good),
            "indented" => Encoding.UTF8.GetBytes(Osv.Advisory("GHSA-1", "Acme.Json", "0", null).ToJsonString(
                new JsonSerializerOptions { WriteIndented = true })),
            "array" => Encoding.UTF8.GetBytes($$"""[{{good}},{"id":1},{{other}}]"""),
            "lines" => Encoding.UTF8.GetBytes($"{good}\n{{broken\n\n{other}\n"),
            _ => Zip(("a.json", good), ("b.json", "{broken"), ("readme.txt", "x"), ("c.json", other)),
        };

        var report = await ImportAsync(body);

        var isSingle = form is "object" or "indented";
        Assert.Equal((isSingle ? 1 : 3, isSingle ? 1 : 2), ((int)report["read"]!, (int)report["imported"]!));
        Assert.Equal(isSingle ? 0 : 1, report["rejected"]!.AsArray().Count);
    }

    [Fact]
    public async Task The_real_ones_are_imported_and_again_unchanged()
    {
        var body = await File.ReadAllBytesAsync(Osv.FixturePath);

        var report = await ImportAsync(body);
        var again = await ImportAsync(body);

        Assert.Equal(Osv.Raw.Count, (int)report["imported"]!);
        Assert.Equal(Osv.Raw.Count, (int)again["unchanged"]!);
        Assert.Empty(report["rejected"]!.AsArray());
    }

    [Theory]
    [InlineData("PK")]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("[")]
    public async Task What_is_nothing_of_the_kind_is_rejected(string body) =>
        Assert.Equal(0, (int)(await ImportAsync(Encoding.UTF8.GetBytes(body)))["imported"]!);

    [Fact]
    public async Task Only_keys_that_may_manage_import()
    {
        using var answer = await app.Client.PostAsync("/api/vulnerabilities/import", new StringContent("{}"));

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal(0L, await ScalarAsync("select count(*) from advisories"));
    }

    [Fact]
    public async Task Pages_show_what_runs_and_encode_what_strangers_wrote()
    {
        await DeployAsync("Acme.Json", "1.0.0", "WEB-1", "2026-02-01T00:00:00Z");
        var advisory = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0");
        advisory["summary"] = "<script>alert(1)</script>";
        advisory["details"] = "<img src=x onerror=alert(2)> [x](javascript:alert(3))";
        await ImportAsync(advisory);
        using var browser = new Browser(app.Url);

        foreach (var path in new[]
        {
            "/vulnerabilities", "/vulnerabilities/GHSA-1", "/feeds/libs/packages/Acme.Json/vulnerabilities",
            "/targets/WEB-1",
        })
        {
            using var answer = await browser.GetAsync(path);
            var html = await answer.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("GHSA-1", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img src=x", html, StringComparison.Ordinal);
            Assert.DoesNotContain("href=\"javascript", html, StringComparison.Ordinal);
        }

        Assert.Contains("WEB-1", await browser.ReadAsync("/vulnerabilities/GHSA-1"), StringComparison.Ordinal);
        using var missing = await browser.GetAsync("/vulnerabilities/GHSA-none");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        using var wrong = await browser.GetAsync("/vulnerabilities?severity=terrible");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task The_list_is_filtered_and_paged()
    {
        await DeployAsync("Acme.Json", "1.0.0", "WEB-1", "2026-02-01T00:00:00Z");
        await ImportAsync([.. Enumerable.Range(1, 5).SelectMany(i => Encoding.UTF8.GetBytes(
            Osv.Advisory($"GHSA-{i}", "Acme.Json", "0", null).ToJsonString() + "\n"))]);

        var first = await ReadAsync("/api/vulnerabilities?limit=3&severity=high&running=true&text=acme");
        var second = await ReadAsync($"/api/vulnerabilities?limit=3&cursor={first["next"]}");

        Assert.Equal((3, 2), (first["items"]!.AsArray().Count, second["items"]!.AsArray().Count));
        Assert.Null((string?)second["next"]);
        Assert.Empty((await ReadAsync("/api/vulnerabilities?severity=critical"))["items"]!.AsArray());
        Assert.Empty((await ReadAsync("/api/vulnerabilities?text=nothing"))["items"]!.AsArray());
    }

    [Fact]
    public async Task The_list_is_filtered_by_target_and_is_also_a_CSV()
    {
        await DeployAsync("Acme.Json", "1.0.0", "WEB-1", "2026-02-01T00:00:00Z");
        await DeployAsync("Acme.Xml", "1.0.0", "WEB-2", "2026-02-02T00:00:00Z");
        var first = Osv.Advisory("GHSA-1", "Acme.Json", "0", null);
        first["summary"] = "=1+1";
        await ImportAsync(first);
        await ImportAsync(Osv.Advisory("GHSA-2", "Acme.Xml", "0", null));
        using var browser = new Browser(app.Url);

        var found = Assert.Single((await ReadAsync("/api/vulnerabilities?target=web-1"))["items"]!.AsArray())!;
        var csv = await app.Client.GetStringAsync("/api/vulnerabilities.csv?target=WEB-1");
        var page = await browser.ReadAsync("/vulnerabilities?target=WEB-1&severity=high");

        Assert.Equal("GHSA-1", (string?)found["id"]);
        Assert.Equal(
            "id,severity,score,packages,versions,targetsNow,assessedTargets,since,certain,publishedAt,summary,"
            + "seenOnlyTargets\r\n"
            + "GHSA-1,high,7.5,Acme.Json,1,1,0,2026-02-01T00:00:00Z,yes,2026-01-01T00:00:00Z,'=1+1,0\r\n", csv);
        Assert.DoesNotContain("GHSA-2", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/vulnerabilities?severity=high\"", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/api/vulnerabilities.csv?severity=high&target=WEB-1\"", page,
            StringComparison.Ordinal);
        Assert.Contains("No vulnerability matches", await browser.ReadAsync("/vulnerabilities?target=WEB-9"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/deployments", 2)]
    [InlineData("/", 2)]
    [InlineData("/targets/WEB-1", 2)]
    [InlineData("/feeds/libs/packages/Acme.Json", 2)]
    [InlineData("/feeds/libs/packages/Acme.Json/versions", 1)]
    [InlineData("/feeds/libs/packages/Acme.Json/history", 1)]
    public async Task Versions_have_a_badge_wherever_they_are_listed(string path, int badges)
    {
        await DeployAsync("Acme.Json", "1.0.0", "WEB-1", "2026-02-01T00:00:00Z");
        await DeployAsync("Acme.Json", "2.0.0", "WEB-2", "2026-02-01T00:00:00Z");
        if (path is "/" or "/deployments") // a day later: deployments at one time are one line
            await DeployAsync("Acme.Json", "1.0.0", "WEB-3", "2026-02-02T00:00:00Z");
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await ImportAsync(Osv.Advisory("GHSA-2", "Acme.Json", "0", "1.5.0"));
        using var browser = new Browser(app.Url);

        var html = await browser.ReadAsync(path);

        Assert.Equal(badges, html.Split("title=\"2 known vulnerabilities, the worst high\"").Length - 1);
        Assert.Contains("href=\"/feeds/libs/packages/Acme.Json/vulnerabilities\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dashboard_says_how_much_is_vulnerable()
    {
        foreach (var target in new[] { "WEB-1", "WEB-2" })
            await DeployAsync("Acme.Json", "1.0.0", target, "2026-02-01T00:00:00Z");
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await ImportAsync(Osv.Advisory("GHSA-2", "Acme.Json", "0.5.0", "1.5.0"));
        using var browser = new Browser(app.Url);

        var html = string.Join(' ', (await browser.ReadAsync("/")).Split(null as char[], (StringSplitOptions)1));

        Assert.Contains(
            "<strong>2 targets run</strong> a version with a known vulnerability, of which there are 2:", html,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_assessed_no_longer_counts_as_open_and_stays_visible()
    {
        foreach (var target in new[] { "WEB-1", "WEB-2" })
            await DeployAsync("Acme.Json", "1.0.0", target, "2026-02-01T00:00:00Z");
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await ImportAsync(Osv.Advisory("GHSA-2", "Acme.Json", "0", "1.5.0"));
        using var browser = new Browser(app.Url);

        await AssessAsync("GHSA-2", "WEB-2");
        var partly = (await ReadAsync("/api/vulnerabilities?text=GHSA-2"))["items"]![0]!;
        Assert.Equal((1, 1), ((int)partly["targets"]!, (int)partly["assessedTargets"]!));
        Assert.Contains("2 known vulnerabilities", await browser.ReadAsync("/deployments"), StringComparison.Ordinal);
        Assert.Contains("Not affected", await browser.ReadAsync("/targets/WEB-2"), StringComparison.Ordinal);
        Assert.DoesNotContain("Not affected", await browser.ReadAsync("/targets/WEB-1"), StringComparison.Ordinal);

        await AssessAsync("GHSA-2", null);
        var items = (await ReadAsync("/api/vulnerabilities"))["items"]!.AsArray();
        Assert.Equal(["GHSA-1", "GHSA-2"], items.Select(item => (string)item!["id"]!));
        Assert.Equal((0, 2), ((int)items[1]!["targets"]!, (int)items[1]!["assessedTargets"]!));
        Assert.Null((string?)items[1]!["since"]);
        Assert.Single((await ReadAsync("/api/vulnerabilities?running=true"))["items"]!.AsArray());
        Assert.Contains("1 known vulnerability, high", await browser.ReadAsync("/deployments"),
            StringComparison.Ordinal);
        Assert.Contains("Not affected", await browser.ReadAsync("/feeds/libs/packages/Acme.Json/vulnerabilities"),
            StringComparison.Ordinal);
        Assert.Contains("of which there is one:", await browser.ReadAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_CSV_names_the_servers()
    {
        await DeployAsync("Acme.Json", "1.0.0", "=WEB-1", "2026-02-01T00:00:00Z");
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));

        var csv = await app.Client.GetStringAsync("/api/vulnerabilities/GHSA-1.csv");

        Assert.Contains("\r\n'=WEB-1,affected,libs,nuget,,Acme.Json,1.0.0,1.5.0,yes,", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_administrator_uploads_a_file()
    {
        using var browser = await Browser.SignedInAsync(app);

        Assert.Contains("Import", await browser.ReadAsync("/admin/advisories"), StringComparison.Ordinal);
        using var refused = await browser.PostAsync("/admin/advisories", "/admin/advisories");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    static byte[] Zip(params (string Name, string Text)[] files)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                using var writer = new StreamWriter(zip.CreateEntry(name).Open());
                writer.Write(text);
            }
        }

        return buffer.ToArray();
    }

    async Task DeployAsync(string name, string version, string target, string date)
    {
        using var answer = await app.Admin.PostAsJsonAsync("/api/package-deployment/", new
        {
            FeedName = "libs",
            PackageName = name,
            Version = version,
            Application = "deploy.sh",
            Description = "",
            Target = target,
            Date = date,
        });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    async Task AssessAsync(string id, string? target)
    {
        using var answer = await app.Admin.PostAsJsonAsync($"/api/vulnerabilities/{id}/assessments", new
        {
            state = "notAffected",
            justification = "vulnerable_code_not_present",
            reason = "Not built in.",
            target,
        });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    Task<JsonNode> ImportAsync(JsonNode advisory) => ImportAsync(Encoding.UTF8.GetBytes(advisory.ToJsonString()));

    async Task<JsonNode> ImportAsync(byte[] body)
    {
        using var answer = await app.Admin.PostAsync("/api/vulnerabilities/import", new ByteArrayContent(body));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    Task<JsonNode> GetAsync(string id) => ReadAsync($"/api/vulnerabilities/{id}");

    async Task<JsonNode> ReadAsync(string path) => JsonNode.Parse(await app.Client.GetStringAsync(path))!;

    async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync(sql);
    }
}
