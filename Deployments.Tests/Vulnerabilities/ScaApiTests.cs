using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Tests.Accounts;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>What ProGet's command line tool asks, as it asks it.</summary>
public sealed class ScaApiTests : IAsyncLifetime
{
    const string Audit = "/api/sca/audit-package-vulns";
    const string Assess = "/api/sca/assess";

    const string Body =
        """
        [{"type":"nuget","name":"Other","version":"1.0.0"},{"type":"nuget","name":"acme.json","version":"1.4.9"},
         {"type":"NuGet","name":"Acme.Json","version":"1.5.0"},{"type":"nuget","name":"Acme.Xml","version":"1.5.0"},
         {"type":"unheard-of","name":"Acme.Json","version":"1.0.0","group":"x"}]
        """;

    VulnerableApp vulnerable = null!;

    public async Task InitializeAsync() => vulnerable = await VulnerableApp.StartAsync();

    public async Task DisposeAsync() => await vulnerable.DisposeAsync();

    [Fact]
    public async Task An_audit_says_which_of_the_packages_have_which_vulnerability()
    {
        var found = Assert.Single((await AuditAsync(Body)).AsArray())!;

        Assert.Equal(
            ["id", "summary", "published", "details", "cve", "cvss", "numericCvss", "severity", "affectedPackages"],
            found.AsObject().Select(pair => pair.Key));
        Assert.Equal(
            ("GHSA-1", "2026-01-01T00:00:00Z", "CVE-2026-1", 7.5, "High", "[1,3]"),
            ((string?)found["id"], (string?)found["published"], (string?)found["cve"], (double)found["numericCvss"]!,
                (string?)found["severity"], found["affectedPackages"]!.ToJsonString()));
        Assert.StartsWith("CVSS:3.1/", (string?)found["cvss"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packages_that_were_never_deployed_are_audited_too()
    {
        var advisory = Osv.Advisory("GHSA-2", "@acme/portal", "1.0.0", "2.0.0", "npm");
        advisory["summary"] = "";
        advisory.Remove("severity");
        await vulnerable.ImportAsync(advisory);

        var found = (await AuditAsync(
            """
            [{"type":"npm","name":"@acme/portal","version":"1.5.0"},{"type":"npm","group":"@acme","name":"portal",
              "version":"1.0.0"},{"type":"npm","name":"@acme/portal","version":"0.9.0"},
             {"type":"npm","name":"@acme/portal","version":"whatever"}]
            """))[0]!.AsObject();

        Assert.Equal("[0,1,3]", found["affectedPackages"]!.ToJsonString());
        Assert.DoesNotContain("severity", found.Select(pair => pair.Key));
        Assert.DoesNotContain("summary", found.Select(pair => pair.Key));
    }

    [Fact]
    public async Task What_is_assessed_for_every_target_is_left_out_and_for_one_is_not()
    {
        await vulnerable.AssessAsync(new { state = "fixedByOtherMeans", reason = "x", target = "WEB-1" });
        Assert.Equal("[1,3]", (await AuditAsync(Body))[0]!["affectedPackages"]!.ToJsonString());
        await vulnerable.AssessAsync(
            new { state = "fixedByOtherMeans", reason = "x", type = "nuget", name = "Acme.Json" });
        Assert.Equal("[3]", (await AuditAsync(Body))[0]!["affectedPackages"]!.ToJsonString());
        await vulnerable.AssessAsync(new { state = "fixedByOtherMeans", reason = "x" });
        Assert.Empty((await AuditAsync(Body)).AsArray());
    }

    [Fact]
    public async Task A_withdrawn_advisory_is_no_vulnerability()
    {
        var advisory = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0", modified: "2026-03-01T00:00:00Z");
        advisory["withdrawn"] = "2026-03-01T00:00:00Z";
        await vulnerable.ImportAsync(advisory);

        Assert.Empty((await AuditAsync(Body)).AsArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("[1]")]
    [InlineData("[{}]")]
    [InlineData("""[{"type":"nuget","name":"x"}]""")]
    [InlineData("""[{"type":"nuget","name":1,"version":"1"}]""")]
    [InlineData("""[{"type":"nuget","name":"\ud800","version":"1"}]""")]
    public async Task What_is_no_list_of_packages_is_refused(string body)
    {
        using var answer = await PostAsync(Audit, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Strange_and_many_packages_do_no_harm()
    {
        Assert.Empty((await AuditAsync("[]")).AsArray());
        Assert.Empty((await AuditAsync("""[{"type":"\u0000","name":"a\u0000' or 1=1","version":"\u0000"}]"""))
            .AsArray());
        var many = string.Join(',', Enumerable.Repeat("""{"type":"nuget","name":"Acme.Json","version":"1"}""", 20_000));
        Assert.Equal(20_000, (await AuditAsync($"[{many}]"))[0]!["affectedPackages"]!.AsArray().Count);
        using var tooMany = await PostAsync(Audit, $$"""[{{many}},{"type":"nuget","name":"x","version":"1"}]""");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooMany.StatusCode);
    }

    [Theory]
    [InlineData("Ignore", "notAffected", null)]
    [InlineData("caution", "accepted", 90)]
    [InlineData("monitor", "accepted", 90)]
    [InlineData("fixedByOtherMeans", "fixedByOtherMeans", null)]
    public async Task A_type_becomes_a_state(string type, string state, int? days)
    {
        using var answer = await PostAsync(
            $"{Assess}?id=CVE-2026-1&type={type}&comment=Only%20on%20%3Cb%3E&policy=Strict", "");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var made = Assert.Single(await AssessmentsAsync())!;
        Assert.Equal((state, "Only on <b> (Policy Strict)"), ((string?)made["state"], (string?)made["reason"]));
        Assert.Null((string?)made["name"] ?? (string?)made["target"] ?? (string?)made["justification"]);
        Assert.Equal(
            days,
            (string?)made["expiresAt"] is { } end
                ? (int)(Time(end) - Time((string)made["assessedAt"]!)).TotalDays
                : null);
        Assert.Empty((await AuditAsync(Body)).AsArray());
    }

    [Theory]
    [InlineData("blocked")]
    [InlineData("remediate")]
    [InlineData("Contain")]
    public async Task Blocked_takes_back_what_was_assessed_for_everything(string type)
    {
        using var ignored = await PostAsync($"{Assess}?id=GHSA-1&type=Ignore", "");
        using var blocked = await PostAsync($"{Assess}?id=GHSA-1&type={type}&comment=no", "");
        using var again = await PostAsync($"{Assess}?id=GHSA-1&type={type}", "");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (blocked.StatusCode, again.StatusCode));
        var made = Assert.Single(await AssessmentsAsync())!;
        Assert.Equal("Assessed as Ignore without a comment.", (string?)made["reason"]);
        Assert.False((bool)made["inForce"]!);
        Assert.Single((await AuditAsync(Body)).AsArray());
    }

    [Theory]
    [InlineData("?type=Ignore", HttpStatusCode.BadRequest, "id: is required.")]
    [InlineData("?id=GHSA-1", HttpStatusCode.BadRequest, "type: is required.")]
    [InlineData("?id=GHSA-1&type=Fine", HttpStatusCode.BadRequest, "type: must be Ignore, Caution or Blocked; or")]
    [InlineData("?id=GHSA-1&type=Ignore&comment=a%07b", HttpStatusCode.BadRequest, "comment: is too long or *")]
    [InlineData("?id=GHSA-none&type=Ignore", HttpStatusCode.NotFound, "No advisory has this id.")]
    [InlineData("?id=GHSA-1&id=GHSA-1&type=Ignore", HttpStatusCode.BadRequest, "id: is given 2 times.")]
    public async Task What_makes_no_sense_is_refused(string query, HttpStatusCode status, string problem)
    {
        using var answer = await PostAsync(Assess + query, "");

        Assert.Equal(status, answer.StatusCode);
        Assert.StartsWith(problem.TrimEnd('*'), await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await AssessmentsAsync());
    }

    [Fact]
    public async Task Anybody_who_may_view_audits_and_only_who_may_manage_assesses()
    {
        await CallerResolverTests.AddKeyAsync(vulnerable.App, "viewer-key-0123456789", Permissions.View);
        foreach (var (key, audit) in new[]
        {
            ("", HttpStatusCode.OK), ("viewer-key-0123456789", HttpStatusCode.OK),
            ("wrong-key-0123456789", HttpStatusCode.Forbidden),
        })
        {
            using var client = vulnerable.App.NewClient();
            if (key.Length > 0)
                client.DefaultRequestHeaders.Add("X-ApiKey", key);
            using var content = new StringContent("[]", Encoding.UTF8, "application/json");
            using var audited = await client.PostAsync(Audit, content);
            using var assessed = await client.PostAsync($"{Assess}?id=GHSA-1&type=Ignore", null);
            Assert.Equal((audit, HttpStatusCode.Forbidden), (audited.StatusCode, assessed.StatusCode));
        }

        Assert.Empty(await AssessmentsAsync());
    }

    static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    async Task<JsonArray> AssessmentsAsync() =>
        (await vulnerable.ReadAsync("/api/vulnerabilities/GHSA-1/assessments"))["items"]!.AsArray();

    async Task<JsonNode> AuditAsync(string body)
    {
        using var answer = await PostAsync(Audit, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    async Task<HttpResponseMessage> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await vulnerable.App.Admin.PostAsync(path, content);
    }
}
