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
