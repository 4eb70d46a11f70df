using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Tests.Accounts;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Api;

/// <summary>What is known of packages that need not have been deployed.</summary>
public sealed class PackageAuditTests : IAsyncLifetime
{
    TestApp app = null!;

    public async Task InitializeAsync() => app = await TestApp.StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task An_audit_tells_what_advisories_and_administrators_say()
    {
        await using var upstream = await FakeUpstream.StartAsync(context => context.Response.WriteAsync("x"));
        await app.CreateFeedAsync("libs", "nuget", upstream.Url);
        Assert.Equal(("I", "Inconclusive"), await AuditAsync("name=Acme.Json&version=1.0.0"));

        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));

        Assert.Equal(("W", "Warn"), await AuditAsync("name=acme.json&version=1.4.9.0"));
        Assert.Equal(("W", "Warn"), await AuditAsync("purl=pkg:nuget/Acme.Json@1.0.0"));
        Assert.Equal(("C", "Compliant"), await AuditAsync("name=Acme.Json&version=1.5.0"));
        Assert.Equal(("C", "Compliant"), await AuditAsync("name=Other&version=1.0.0"));
        Assert.Equal(("I", "Inconclusive"), await AuditAsync("name=Acme.Json&version=no-version"));

        var told = await app.Client.JsonAsync("POST", "/api/packages/libs/audit?name=Acme.Json&version=1.0.0");
        Assert.Equal("GHSA-1, high: Summary of GHSA-1; fixed in 1.5.0", (string?)told["detail"]);
        Assert.Equal(DateTimeKind.Utc, ((DateTime)told["analysisDate"]!).Kind);

        const string Status = "/api/packages/libs/status?name=Acme.Json&version=1.5.0";
        await app.Admin.AskAsync("POST", Status, new { deprecated = true, deprecationReason = "old" });
        Assert.Equal(("W", "Warn"), await AuditAsync("name=Acme.Json&version=1.5.0"));
        await app.Admin.AskAsync("POST", Status, new { allow = false });
        Assert.Equal(("N", "Noncompliant"), await AuditAsync("name=Acme.Json&version=1.5.0"));
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_withdrawn_advisory_says_nothing()
    {
        await app.CreateFeedAsync("libs", "nuget", new Uri("http://127.0.0.1:9/"));
        var advisory = Osv.Advisory("GHSA-1", "Acme.Json", "0", null);
        advisory["withdrawn"] = "2026-01-02T00:00:00Z";
        await ImportAsync(advisory);

        Assert.Equal(("C", "Compliant"), await AuditAsync("name=Acme.Json&version=1.0.0"));
    }

    [Theory]
    [InlineData("", 400, "name: is required.")]
    [InlineData("name=app", 400, "version: is required.")]
    [InlineData("name=app&version=9.0.0", 404, "app 9.0.0 is not in main.")]
    [InlineData("name=app&version=latest&group=x", 404, "")]
    [InlineData("name=a%00b&version=1.0.0", 400, "name: ")]
    [InlineData("purl=pkg:nuget/app@1.0.0", 400, "purl: ")]
    public async Task What_cannot_be_audited_is_refused(string query, int status, string text)
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");

        var answer = await app.Client.AskAsync("POST", $"/api/packages/main/audit?{query}");

        Assert.Equal((status, true), ((int)answer.Status, answer.Body.StartsWith(text, StringComparison.Ordinal)));
        var own = await app.Client.JsonAsync("POST", "/api/packages/main/audit?name=app&version=1.0.0");
        Assert.Equal("I", (string?)own["resultCode"]); // nobody publishes advisories about universal packages
    }

    [Fact]
    public async Task The_packages_of_a_project_are_asked_about_at_once()
    {
        var advisory = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0");
        advisory["aliases"] = new JsonArray("CVE-2026-1");
        await ImportAsync(advisory);
        await ImportAsync(Osv.Advisory("GHSA-2", "@acme/web", "1.0.0", "2.0.0", "npm"));

        var found = await app.Client.JsonAsync("POST", "/api/sca/audit-package-vulns", new object[]
        {
            new { type = "nuget", name = "Acme.Json", version = "1.5.0" },
            new { type = "nuget", name = "acme.json", version = "1.0.0" },
            new { Type = "NPM", Group = "@acme", Name = "web", Version = "1.5.0" },
            new { type = "npm", name = "@acme/web", version = "1.0.0" },
            new { type = "nuget", name = "Acme.Json", version = "1.4.0" },
        });

        var byId = found.AsArray().ToDictionary(item => (string)item!["id"]!, item => item!);
        Assert.Equal([1, 4], byId["GHSA-1"]["affectedPackages"]!.AsArray().Select(place => (int)place!).Order());
        Assert.Equal([2, 3], byId["GHSA-2"]["affectedPackages"]!.AsArray().Select(place => (int)place!).Order());
        var one = byId["GHSA-1"];
        Assert.Equal(("Summary of GHSA-1", "Some **details**.", "CVE-2026-1", "High", 7.5),
            ((string?)one["summary"], (string?)one["details"], (string?)one["cve"], (string?)one["severity"],
            (double)one["numericCvss"]!));
        Assert.StartsWith("CVSS:3.1/", (string?)one["cvss"], StringComparison.Ordinal);
        Assert.Equal("2026-01-01T00:00:00Z", (string?)one["published"]);
        var none = await app.Client.JsonAsync("POST", "/api/sca/audit-package-vulns", Array.Empty<int>());
        Assert.Empty(none.AsArray());
    }

    [Theory]
    [InlineData("", "The body must be a JSON array")]
    [InlineData("{}", "The body must be a JSON array")]
    [InlineData("[1]", "The body must be a JSON array")]
    [InlineData("""[{"type":"nuget","name":"a"}]""", "[0].version: is required.")]
    [InlineData("""[{"type":"nuget","version":"1"}]""", "[0].name: is required.")]
    [InlineData("""[{"type":"spice","name":"a","version":"1"}]""", "[0].type: is not a known package type.")]
    [InlineData("""[{"type":"nuget","name":"a\u0000","version":"1"}]""", "[0].name: ")]
    [InlineData("""[{"type":"nuget","name":["a"],"version":"1"}]""", "[0].name: ")]
    public async Task A_list_that_cannot_be_understood_is_refused(string body, string text)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var answer = await app.Client.PostAsync("/api/sca/audit-package-vulns", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith(text, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_packages_are_refused_and_a_long_list_is_not()
    {
        object[] List(int length) =>
            [.. Enumerable.Range(0, length).Select(i => new { type = "npm", name = $"p{i}", version = "1.0.0" })];

        Assert.Equal(HttpStatusCode.BadRequest,
            (await app.Client.AskAsync("POST", "/api/sca/audit-package-vulns", List(10_001))).Status);
        Assert.Equal(HttpStatusCode.OK,
            (await app.Client.AskAsync("POST", "/api/sca/audit-package-vulns", List(10_000))).Status);
    }

    [Fact]
    public async Task Auditing_needs_the_permission_to_view()
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        await app.Admin.JsonAsync("POST", "/api/management/feeds/update/main", new { anonymousAccess = false });
        await CallerResolverTests.AddKeyAsync(app, "viewer-key", Permissions.View);
        const string Path = "/api/packages/main/audit?name=app&version=1.0.0";

        Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync("POST", Path)).Status);
        Assert.Equal(HttpStatusCode.OK,
            (await app.Client.AskAsync("POST", Path, null, ("X-ApiKey", "viewer-key"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync(
            "POST", "/api/sca/audit-package-vulns", Array.Empty<int>(), ("X-ApiKey", "wrong"))).Status);
        await using var closed = await TestApp.StartAsync(null, "Deployments:AnonymousView=false");
        Assert.Equal(HttpStatusCode.Forbidden, (await closed.Client.AskAsync(
            "POST", "/api/sca/audit-package-vulns", Array.Empty<int>())).Status);
    }

    async Task<(string Code, string Text)> AuditAsync(string query)
    {
        var told = await app.Client.JsonAsync("POST", $"/api/packages/libs/audit?{query}");
        return ((string)told["resultCode"]!, (string)told["statusText"]!);
    }

    async Task ImportAsync(JsonObject advisory) =>
        await app.Admin.JsonAsync("POST", "/api/vulnerabilities/import", advisory);
}
