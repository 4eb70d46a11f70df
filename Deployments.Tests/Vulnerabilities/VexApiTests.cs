using System.Net;
using System.Text.Json.Nodes;
using Dapper;

namespace Deployments.Tests.Vulnerabilities;

public sealed class VexApiTests : IAsyncLifetime
{
    const string OpenVex = "/api/vulnerabilities/vex.openvex.json";
    const string CycloneDx = "/api/vulnerabilities/vex.cdx.json";

    VulnerableApp vulnerable = null!;

    public async Task InitializeAsync() => vulnerable = await VulnerableApp.StartAsync();

    public async Task DisposeAsync() => await vulnerable.DisposeAsync();

    [Fact]
    public async Task Without_assessments_there_is_nothing_to_say()
    {
        using var none = await vulnerable.App.Client.GetAsync(OpenVex);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        Assert.Empty((await vulnerable.ReadAsync(CycloneDx))["vulnerabilities"]!.AsArray());
        foreach (var path in new[] { "vex.openvex.json", "vex.cdx.json" })
        {
            using var unknown = await vulnerable.App.Client.GetAsync($"/api/vulnerabilities/GHSA-none/{path}");
            Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        }
    }

    [Fact]
    public async Task An_assessment_of_everything_is_about_every_affected_version_but_those_assessed_apart()
    {
        await vulnerable.AssessAsync(new { state = "fixedByOtherMeans", reason = "Firewall." });
        await vulnerable.AssessAsync(
            new { state = "accepted", reason = "June.", expiresAt = "2099-06-30", type = "nuget", name = "Acme.Xml" });
        await vulnerable.ImportAsync(Osv.Advisory("GHSA-2", "Acme.Json", "0", "1.5.0"));
        await vulnerable.AssessAsync(
            new
            {
                state = "notAffected",
                justification = "component_not_present",
                reason = "Not there.",
                target = "WEB-2",
            }, "GHSA-2");

        var document = await vulnerable.ReadAsync(OpenVex);

        Assert.Equal(
            [
                "GHSA-1 fixed: pkg:nuget/Acme.Json@1.0.0, pkg:nuget/Acme.Json@1.2.0",
                "GHSA-1 affected: pkg:nuget/Acme.Xml@1.0.0",
                "GHSA-2 not_affected: urn:deployments:target:WEB-2",
            ],
            document["statements"]!.AsArray().Select(statement =>
                $"{statement!["vulnerability"]!["name"]} {statement["status"]}: "
                + string.Join(", ", statement["products"]!.AsArray().Select(product => (string?)product!["@id"]))));
        Assert.Equal(
            "pkg:nuget/Acme.Json@1.2.0",
            (string?)document["statements"]![2]!["products"]![0]!["subcomponents"]![0]!["@id"]);
        Assert.StartsWith(
            "Accepted until 2099-07-01T00:00:00Z: June.",
            (string?)document["statements"]![1]!["action_statement"], StringComparison.Ordinal);
        Assert.Equal(3, (await vulnerable.ReadAsync(CycloneDx))["vulnerabilities"]!.AsArray().Count);
        Assert.Single(
            (await vulnerable.ReadAsync("/api/vulnerabilities/GHSA-2/vex.openvex.json"))["statements"]!.AsArray());
        Assert.Equal(2, (await vulnerable.ReadAsync("/api/vulnerabilities/CVE-2026-1/vex.cdx.json"))
            ["vulnerabilities"]!.AsArray().Count);
        Assert.Equal(document.ToJsonString(), (await vulnerable.ReadAsync(OpenVex)).ToJsonString());
    }

    [Fact]
    public async Task What_is_revoked_over_or_upgraded_is_no_longer_said()
    {
        var made = await vulnerable.AssessAsync(
            new { state = "accepted", reason = "June.", expiresAt = "2099-06-30", target = "WEB-2" });
        Assert.Single((await vulnerable.ReadAsync(CycloneDx))["vulnerabilities"]!.AsArray());
        var before = await TimestampAsync();

        await vulnerable.DeployAsync("Acme.Json", "1.5.0", "WEB-2", "2026-03-01T00:00:00Z");
        Assert.Empty((await vulnerable.ReadAsync(CycloneDx))["vulnerabilities"]!.AsArray());
        await vulnerable.DeployAsync("Acme.Json", "1.2.0", "WEB-2", "2026-03-02T00:00:00Z");
        Assert.Single((await vulnerable.ReadAsync(CycloneDx))["vulnerabilities"]!.AsArray());
        Assert.Equal(before, await TimestampAsync());
        using var revoked = await vulnerable.App.Admin.DeleteAsync(
            $"/api/vulnerabilities/GHSA-1/assessments/{made["id"]}");
        Assert.Empty((await vulnerable.ReadAsync(CycloneDx))["vulnerabilities"]!.AsArray());
        Assert.True(string.CompareOrdinal(before, await TimestampAsync()) < 0);

        await vulnerable.AssessAsync(new { state = "accepted", reason = "June.", expiresAt = "2099-06-30" });
        await using var connection = await vulnerable.App.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "update assessments set assessed_at = '2026-01-01', expires_at = '2026-01-02' where revoked_at is null");
        Assert.Empty((await vulnerable.ReadAsync(CycloneDx))["vulnerabilities"]!.AsArray());
    }

    [Fact]
    public async Task A_target_s_SBOM_says_what_runs_there_now_and_what_ran_then()
    {
        await vulnerable.DeployAsync("Acme.Json", "2.0.0", "WEB-1", "2026-03-01T00:00:00Z");

        using var answer = await vulnerable.App.Client.GetAsync("/api/targets/web-1/sbom.json");
        var now = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        var then = await vulnerable.ReadAsync("/api/targets/WEB-1/sbom.json?at=2026-02-02");
        var before = await vulnerable.ReadAsync("/api/targets/WEB-1/sbom.json?at=2020-01-01");

        Assert.Equal("application/vnd.cyclonedx+json; version=1.6", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(("CycloneDX", "1.6", "WEB-1"), ((string?)now["bomFormat"], (string?)now["specVersion"],
            (string?)now["metadata"]!["component"]!["name"]));
        Assert.Equal(["pkg:nuget/Acme.Json@2.0.0", "pkg:nuget/Acme.Xml@1.0.0"], Purls(now));
        Assert.Equal(["pkg:nuget/Acme.Json@1.0.0", "pkg:nuget/Acme.Xml@1.0.0"], Purls(then));
        Assert.Equal("2026-02-03T00:00:00Z", (string?)then["metadata"]!["timestamp"]);
        Assert.Empty(Purls(before));
        Assert.Equal(
            ["deploy.sh", "2026-03-01T00:00:00Z", "jdoe", "libs"],
            now["components"]![0]!["properties"]!.AsArray().Select(property => (string?)property!["value"]));
        Assert.Null(now["vulnerabilities"]);
    }

    [Fact]
    public async Task An_SBOM_of_a_target_that_is_unknown_or_at_no_time_is_refused()
    {
        await vulnerable.DeployAsync("Acme.Json", "2.0.0", "rack/1", "2026-03-01T00:00:00Z");

        Assert.Single(Purls(await vulnerable.ReadAsync("/api/targets/rack%2F1/sbom.json")));
        using var unknown = await vulnerable.App.Client.GetAsync("/api/targets/WEB-9/sbom.json");
        using var soon = await vulnerable.App.Client.GetAsync("/api/targets/WEB-1/sbom.json?at=soon");
        Assert.Equal(
            (HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (unknown.StatusCode, soon.StatusCode));
    }

    [Fact]
    public async Task Pages_lead_to_the_exports()
    {
        await vulnerable.AssessAsync(new { state = "fixedByOtherMeans", reason = "Firewall." });

        var target = await vulnerable.App.Client.GetStringAsync("/targets/WEB-1?at=2026-02-02");
        var advisory = await vulnerable.App.Client.GetStringAsync("/vulnerabilities/GHSA-1");

        Assert.Contains("href=\"/api/targets/WEB-1/sbom.json?at=2026-02-02\"", target, StringComparison.Ordinal);
        Assert.Contains(
            "href=\"/api/vulnerabilities/GHSA-1/vex.openvex.json\"", advisory, StringComparison.Ordinal);
    }

    async Task<string?> TimestampAsync() => (string?)(await vulnerable.ReadAsync(CycloneDx))["metadata"]!["timestamp"];

    static IEnumerable<string?> Purls(JsonNode document) =>
        document["components"]!.AsArray().Select(component => (string?)component!["purl"]);
}
