using System.Net;
using Deployments.Data.Accounts;
using Deployments.Tests.Accounts;
using Deployments.Tests.Support;

namespace Deployments.Tests.Vulnerabilities;

public sealed class AssessmentPageTests : IAsyncLifetime
{
    const string Page = "/vulnerabilities/GHSA-1";

    VulnerableApp vulnerable = null!;
    Browser browser = null!;

    public async Task InitializeAsync()
    {
        vulnerable = await VulnerableApp.StartAsync();
        browser = await Browser.SignedInAsync(vulnerable.App);
    }

    public async Task DisposeAsync()
    {
        browser.Dispose();
        await vulnerable.DisposeAsync();
    }

    [Fact]
    public async Task What_is_assessed_is_marked_comes_last_and_no_longer_counts()
    {
        Assert.Contains("<strong>2 targets</strong>", await browser.ReadAsync(Page), StringComparison.Ordinal);

        using var answer = await AssessAsync(
            ("state", "accepted"), ("expiresAt", "2099-06-30"), ("reason", "Release <b>in</b> June."),
            ("package", "nuget//Acme.Json"), ("target", "web-2"));

        Assert.Equal((HttpStatusCode.Found, Page + "#assessment"),
            (answer.StatusCode, answer.Headers.Location!.OriginalString));
        using var raw = await browser.GetAsync("/vulnerabilities/CVE-2026-1");
        var html = await raw.Content.ReadAsStringAsync();
        Assert.Contains("<strong>1 target</strong>", html, StringComparison.Ordinal);
        Assert.Contains("1 more is assessed</a>", html, StringComparison.Ordinal);
        Assert.Contains("until 30 Jun 2099", html, StringComparison.Ordinal);
        Assert.Contains("Release &lt;b&gt;in&lt;/b&gt; June.", html, StringComparison.Ordinal);
        var table = html[html.IndexOf("id=\"now\"", StringComparison.Ordinal)..];
        Assert.True(table.IndexOf("WEB-1", StringComparison.Ordinal)
            < table.IndexOf("WEB-2", StringComparison.Ordinal));
        Assert.Contains("data-copy=\"WEB-1\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoking_reopens_and_is_said_once()
    {
        var made = await vulnerable.AssessAsync(new { state = "fixedByOtherMeans", reason = "Firewall." });
        Assert.Contains("<strong>0 targets</strong>", await browser.ReadAsync(Page), StringComparison.Ordinal);

        using var answer = await browser.PostAsync(Page, Page + "?handler=Revoke", ("assessment", $"{made["id"]}"));

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Contains("is open again", await browser.ReadAsync(Page), StringComparison.Ordinal);
        var html = await browser.ReadAsync(Page);
        Assert.DoesNotContain("is open again", html, StringComparison.Ordinal);
        Assert.Contains("<strong>2 targets</strong>", html, StringComparison.Ordinal);
        Assert.Contains("revoked by <bdi>Admin</bdi>", html, StringComparison.Ordinal);
        using var again = await browser.PostAsync(Page, Page + "?handler=Revoke", ("assessment", $"{made["id"]}"));
        Assert.Contains("Nothing was revoked", await browser.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_makes_no_sense_is_told_beside_its_field_and_changes_nothing()
    {
        foreach (var (problem, fields) in new (string, (string, string)[])[]
        {
            ("is missing: it says why", [("state", "notAffected"), ("reason", "x")]),
            ("a vulnerability is accepted until a date", [("state", "accepted"), ("reason", "x")]),
            ("is not in the future", [("state", "accepted"), ("reason", "x"), ("expiresAt", "2020-01-01")]),
            ("is none that anything", [("state", "fixedByOtherMeans"), ("reason", "x"), ("target", "WEB-9")]),
            ("is no package", [("state", "fixedByOtherMeans"), ("reason", "x"), ("package", "nuget//Other")]),
            ("and name are given both", [("state", "fixedByOtherMeans"), ("reason", "x"), ("package", "Other")]),
            ("control characters", [("state", "fixedByOtherMeans"), ("reason", "x\u0001")]),
            ("is missing", []),
        })
        {
            using var answer = await AssessAsync(fields);
            var html = await answer.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains(problem, html, StringComparison.Ordinal);
            Assert.Contains("<details class=\"assess\" open", html, StringComparison.Ordinal);
        }

        Assert.Contains("Not assessed yet", await browser.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_administrators_see_the_form_and_may_send_it()
    {
        await SignInTests.AddAsync(vulnerable.App, "publisher", AccountRole.Publisher);
        using var visitor = new Browser(vulnerable.App.Url);
        using var publisher = await Browser.SignedInAsync(vulnerable.App, "publisher", "publisher's password");

        foreach (var (one, refusal) in new[] { (visitor, HttpStatusCode.Found), (publisher, HttpStatusCode.Forbidden) })
        {
            Assert.DoesNotContain("handler=Assess", await one.ReadAsync(Page), StringComparison.Ordinal);
            foreach (var handler in new[] { "Assess", "Revoke" })
            {
                // The form that anybody may see has a token.
                using var answer = await one.PostAsync(
                    "/sign-in", $"{Page}?handler={handler}",
                    ("state", "fixedByOtherMeans"), ("reason", "x"), ("assessment", "1"));
                Assert.Equal(refusal, answer.StatusCode);
            }
        }

        using var forged = await browser.PostWithoutTokenAsync(
            Page + "?handler=Assess", ("state", "fixedByOtherMeans"), ("reason", "x"));
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Contains("Not assessed yet", await browser.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_accessible_in_light_and_dark_and_fits_a_phone()
    {
        await vulnerable.AssessAsync(new { state = "fixedByOtherMeans", reason = "Firewall.", target = "WEB-2" });
        await vulnerable.AssessAsync(
            new { state = "accepted", reason = new string('x', 300), target = "WEB-1", expiresAt = "2099-01-01" });
        await vulnerable.AssessAsync(new
        {
            state = "notAffected",
            justification = "vulnerable_code_not_in_execute_path",
            reason = "We never parse what strangers send.",
            target = "WEB-1",
        });
        await using var chromium = await Chromium.StartAsync();
        var cookies = browser.Cookies.GetCookies(vulnerable.App.Url);

        var page = await chromium.OpenAsync(new Uri(vulnerable.App.Url, Page), cookies: cookies);
        await page.ClickAsync("details.assess > summary");
        await Accessibility.CheckAsync(page, Page);
        Assert.Empty(chromium.Errors);
    }

    Task<HttpResponseMessage> AssessAsync(params (string Name, string Value)[] fields) =>
        browser.PostAsync(Page, Page + "?handler=Assess", fields);
}
