using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;

namespace Deployments.Tests.Accounts;

public sealed class SignInTests(SharedApp shared) : IClassFixture<SharedApp>
{
    static readonly Actor Test = new("test", null);

    [Fact]
    public async Task A_session_opens_admin_pages_and_the_cookie_is_not_for_scripts()
    {
        var app = shared.App;
        using var browser = new Browser(app.Url);

        using var answer = await browser.PostAsync(
            "/sign-in?returnUrl=%2Fadmin%2Fusers", "/sign-in?returnUrl=%2Fadmin%2Fusers",
            ("name", "admin"), ("password", TestApp.AdminPassword));

        Assert.Equal("/admin/users", answer.Headers.Location!.OriginalString);
        var cookie = answer.Headers.GetValues("Set-Cookie")
            .Single(value => value.StartsWith("Deployments.Session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secure", cookie, StringComparison.OrdinalIgnoreCase); // plain HTTP in this test
        Assert.Contains("Admin", await browser.ReadAsync("/admin/users"), StringComparison.Ordinal);
        Assert.NotNull((await app.Service<AccountQueries>().ByNameOrNullAsync("Admin", default))!.LastSignInAt);

        using var signedOut = await browser.PostAsync("/account", "/sign-out");
        Assert.Equal(HttpStatusCode.Found, signedOut.StatusCode);
        using var refused = await browser.GetAsync("/admin/users");
        Assert.Equal(HttpStatusCode.Found, refused.StatusCode);
        Assert.Contains("/sign-in?returnUrl=%2Fadmin%2Fusers", refused.Headers.Location!.OriginalString,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://elsewhere.example/")]
    [InlineData("//elsewhere.example/")]
    [InlineData("/\\elsewhere.example/")]
    [InlineData("\\\\elsewhere.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("")]
    public async Task Signing_in_leads_nowhere_else(string returnUrl)
    {
        var app = shared.App;
        using var browser = new Browser(app.Url);
        var url = "/sign-in?returnUrl=" + Uri.EscapeDataString(returnUrl);

        using var answer = await browser.PostAsync(url, url, ("name", "Admin"), ("password", TestApp.AdminPassword));

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal("/", answer.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("Admin", "wrong password")]
    [InlineData("nobody", TestApp.AdminPassword)]
    [InlineData("disabled", "disabled's password")]
    public async Task Wrong_names_wrong_passwords_and_disabled_accounts_are_refused_alike(string name, string password)
    {
        var app = shared.App;
        if (name == "disabled")
        {
            await AddAsync(app, name, AccountRole.Viewer);
            await app.Service<AccountStore>().ChangeAsync(name, null, false, Test, default);
        }

        using var browser = new Browser(app.Url);

        using var answer = await browser.PostAsync("/sign-in", "/sign-in", ("name", name), ("password", password));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("The name or the password is wrong.", await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        Assert.DoesNotContain(browser.Cookies.GetAllCookies(), cookie => cookie.Name == "Deployments.Session");
    }

    [Fact]
    public async Task Guessing_on_the_page_and_with_Basic_is_limited_together()
    {
        await using var app = await TestApp.StartAsync();
        using var browser = new Browser(app.Url);
        for (var i = 0; i < AttemptLimiter.FailuresMax; i++)
        {
            if (i % 2 == 0)
                (await browser.PostAsync("/sign-in", "/sign-in", ("name", "Admin"), ("password", $"guess {i}")))
                    .Dispose();
            else
                await app.Client.AskAsync("GET", "/api/api-keys/list", null,
                    ("Authorization", CallerResolverTests.Basic("admin", $"guess {i}")));
        }

        using var answer = await browser.PostAsync(
            "/sign-in", "/sign-in", ("name", "Admin"), ("password", TestApp.AdminPassword));

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/sign-out")]
    [InlineData("/account")]
    [InlineData("/admin/users?handler=Create")]
    [InlineData("/admin/users?handler=Role")]
    [InlineData("/admin/users?handler=Active")]
    [InlineData("/admin/users?handler=Password")]
    [InlineData("/admin/api-keys?handler=Create")]
    [InlineData("/admin/api-keys?handler=Revoke")]
    [InlineData("/admin/api-keys?handler=Expire")]
    [InlineData("/admin/jobs?handler=Run")]
    [InlineData("/admin/retention")]
    [InlineData("/admin/retention/1")]
    [InlineData("/admin/retention/1?handler=Switch")]
    [InlineData("/admin/retention/1?handler=Delete")]
    [InlineData("/admin/connectors/up?handler=Test")]
    [InlineData("/admin/feeds?handler=Feed")]
    [InlineData("/admin/feeds?handler=Connector")]
    [InlineData("/admin/feeds/main")]
    [InlineData("/admin/feeds/main?handler=Delete")]
    [InlineData("/admin/connectors/up?handler=Delete")]
    public async Task A_form_without_its_token_is_refused(string url)
    {
        var app = shared.App;
        using var browser = await Browser.SignedInAsync(app);

        using var answer =
            await browser.PostWithoutTokenAsync(url, ("name", "Admin"), ("password", TestApp.AdminPassword));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Those_who_do_not_administer_reach_no_admin_page()
    {
        var app = shared.App;
        await AddAsync(app, "viewer", AccountRole.Viewer);
        await AddAsync(app, "publisher", AccountRole.Publisher);
        using var viewer = await Browser.SignedInAsync(app, "viewer", "viewer's password");
        using var publisher = await Browser.SignedInAsync(app, "publisher", "publisher's password");
        using var nobody = new Browser(app.Url);
        HttpStatusCode[] refusals = [HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.Found];
        string[] pages =
        [
            "/admin/users", "/admin/api-keys", "/admin/audit", "/admin/feeds", "/admin/feeds/x",
            "/admin/connectors/x", "/admin/jobs", "/admin/jobs/dashboard", "/admin/retention", "/admin/retention/1",
            "/admin/system",
            "/ADMIN/users", "/admin/users/", "/admin//users", "/%61dmin/users",
        ];
        foreach (var page in pages)
        {
            foreach (var browser in new[] { viewer, publisher, nobody })
            {
                using var seen = await browser.GetAsync(page);
                Assert.Contains(seen.StatusCode, refusals);
                using var sent = await browser.PostWithoutTokenAsync(page, ("name", "x"));
                Assert.Contains(sent.StatusCode, refusals);
            }
        }

        foreach (var handler in new[] { "Create", "Role", "Active", "Password" })
        {
            using var sent = await viewer.PostAsync("/account", $"/admin/users?handler={handler}",
                ("Name", "viewer"), ("Role", "Administrator"), ("Password", "a new password"), ("active", "true"));
            Assert.Equal(HttpStatusCode.Forbidden, sent.StatusCode);
        }

        foreach (var url in new[]
            {
                "/admin/jobs?handler=Run", "/admin/retention", "/admin/retention/1?handler=Switch",
                "/admin/retention/1?handler=Delete", "/admin/connectors/x?handler=Test",
                "/admin/api-keys?handler=Create", "/admin/api-keys?handler=Expire", "/admin/api-keys?handler=Revoke",
            })
        {
            foreach (var browser in new[] { viewer, publisher })
            {
                using var sent = await browser.PostAsync("/account", url, ("job", "drain-inbox"), ("KeepMonths", "1"),
                    ("revision", "1"), ("active", "true"), ("DisplayName", "mine"), ("View", "true"), ("id", "1"));
                Assert.Equal(HttpStatusCode.Forbidden, sent.StatusCode);
            }
        }

        Assert.Equal(AccountRole.Viewer,
            (await app.Service<AccountQueries>().ByNameOrNullAsync("viewer", default))!.Role);
        using var list = await viewer.GetAsync("/api/api-keys/list");
        Assert.Equal(HttpStatusCode.Forbidden, list.StatusCode);
    }

    [Fact]
    public async Task No_page_is_without_a_policy()
    {
        var app = shared.App;
        var pages = ((IEndpointRouteBuilder)app.App).DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
                .Where(endpoint => endpoint.Metadata.GetMetadata<PageActionDescriptor>() is not null).ToList();
        Assert.True(pages.Count >= 9);
        foreach (var page in pages)
        {
            var expected = page.RoutePattern.RawText!.StartsWith("admin", StringComparison.Ordinal) ? "manage" : "view";
            Assert.Contains(expected,
                page.Metadata.GetOrderedMetadata<AuthorizeAttribute>().Select(attribute => attribute.Policy));
            if (page.Metadata.GetMetadata<AllowAnonymousAttribute>() is not null)
                Assert.Contains(page.RoutePattern.RawText, new[]
                {
                    "sign-in", "sign-in/{provider}", "sign-in/{provider}/callback", "invitation/{token}", "sign-out",
                    "error",
                });
        }
    }

    [Fact]
    public async Task Keys_open_no_page_and_sessions_change_nothing_through_the_API()
    {
        var app = shared.App;
        using var withKey = await app.Admin.GetAsync("/admin/users");
        Assert.Equal(HttpStatusCode.Found, withKey.StatusCode);

        using var browser = await Browser.SignedInAsync(app);
        using var read = await browser.GetAsync("/api/management/feeds/list");
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        using var write = await browser.PostWithoutTokenAsync("/api/management/feeds/create");
        Assert.Equal(HttpStatusCode.Forbidden, write.StatusCode);
    }

    [Fact]
    public async Task A_session_counts_on_every_node_and_ends_on_every_node()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var one = await TestApp.StartAsync(database);
        await using var two = await TestApp.StartAsync(database);
        await AddAsync(one, "bob", AccountRole.Administrator);
        using var onOne = await Browser.SignedInAsync(one, "bob", "bob's password");
        using var onTwo = new Browser(two.Url);
        foreach (Cookie cookie in onOne.Cookies.GetAllCookies())
            onTwo.Cookies.Add(two.Url, new Cookie(cookie.Name, cookie.Value));
        await onTwo.ReadAsync("/admin/users");

        await one.Service<AccountStore>()
            .SetPasswordAsync("bob", one.Service<Passwords>().Hash("another password"), Test, default);

        await Patience.UntilAsync(async () =>
        {
            using var answer = await onTwo.GetAsync("/admin/users");
            return answer.StatusCode == HttpStatusCode.Found;
        });
    }

    [Fact]
    public async Task A_forged_or_stale_cookie_is_not_anonymous_to_the_API()
    {
        await using var app = await TestApp.StartAsync(null, "Deployments:AnonymousView=true");

        var (status, _) = await app.Client.AskAsync(
            "GET", "/api/management/feeds/list", null, ("Cookie", "Deployments.Session=forged"));

        Assert.Equal(HttpStatusCode.Forbidden, status);
    }

    [Fact]
    public async Task Changing_ones_password_keeps_this_session_and_ends_the_others()
    {
        await using var app = await TestApp.StartAsync();
        using var here = await Browser.SignedInAsync(app);
        using var elsewhere = await Browser.SignedInAsync(app);
        (string, string)[] change =
            [("Current", TestApp.AdminPassword), ("New", "a better password"), ("Repeated", "a better password")];

        using (var wrong =
            await here.PostAsync("/account", "/account", [("Current", "wrong password"), .. change[1..]]))
            Assert.Contains("The current password is wrong.", await wrong.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        using (var differing =
            await here.PostAsync("/account", "/account", [.. change[..2], ("Repeated", "something else")]))
            Assert.Contains("The new passwords differ.", await differing.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        using (var tooShort =
            await here.PostAsync("/account", "/account", change[0], ("New", "short"), ("Repeated", "short")))
            Assert.Contains("8 to 200 characters", await tooShort.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        using (var changed = await here.PostAsync("/account", "/account", change))
            Assert.Equal(HttpStatusCode.Found, changed.StatusCode);

        Assert.Contains("Your password is changed", await here.ReadAsync("/account"), StringComparison.Ordinal);
        using var other = await elsewhere.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Found, other.StatusCode);
        using var again = await Browser.SignedInAsync(app, "Admin", "a better password");
    }

    [Fact]
    public async Task Pages_carry_security_headers_and_no_inline_code()
    {
        var app = shared.App;
        using var browser = await Browser.SignedInAsync(app);
        foreach (var page in new[] { "/sign-in", "/account", "/admin/users", "/admin/api-keys", "/admin/audit",
            "/admin/feeds" })
        {
            using var answer = await browser.GetAsync(page);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.True(answer.Headers.Contains("Referrer-Policy") && answer.Headers.Contains("Permissions-Policy"));
            Assert.False(answer.Headers.Contains("Strict-Transport-Security")); // plain HTTP
            var html = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain("style=\"", html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<script>", html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(" onclick", html, StringComparison.OrdinalIgnoreCase);
        }
    }

    internal static async Task AddAsync(TestApp app, string name, AccountRole role) =>
        Assert.Equal(AccountOutcome.Saved, await app.Service<AccountStore>().AddAsync(
            name, app.Service<Passwords>().Hash($"{name}'s password"), role, Test, default));
}
