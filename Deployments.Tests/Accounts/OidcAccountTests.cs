using System.Net;
using System.Text.RegularExpressions;
using Deployments.Data.Accounts;
using Deployments.Tests.Support;

namespace Deployments.Tests.Accounts;

/// <summary>How accounts and a provider's people come together, how they part, and how a session ends there.</summary>
public sealed partial class OidcAccountTests(OidcFixture shared) : IClassFixture<OidcFixture>
{
    readonly string subject = Guid.NewGuid().ToString();
    readonly string name = "u" + Guid.NewGuid().ToString("n")[..12];

    [Fact]
    public async Task Who_is_invited_binds_the_account_with_a_link_that_counts_once()
    {
        var link = await InviteAsync(("Name", name), ("Role", "Publisher"));
        using var browser = new Browser(shared.App.Url);
        var start = await StartOfInvitationAsync(browser, link);
        using (var done = await shared.SignInAsync(browser, start, new(subject, "somebody")))
            Assert.Equal("/", done.Headers.Location!.OriginalString);
        Assert.Contains(name, await browser.ReadAsync("/account"), StringComparison.Ordinal);
        var account = (await shared.AccountAsync(name))!;
        Assert.Equal((AccountRole.Publisher, false), (account.Role, account.HasPassword));
        Assert.Equal(["account.create", "account.invite", "account.link", "account.signIn"],
            (await shared.LogAsync(name)).Select(happened => happened.Action));

        // Another person with the same link is refused, and so is whoever only opens it.
        using var thief = new Browser(shared.App.Url);
        using (var used = await thief.GetAsync(link))
            Assert.Equal(HttpStatusCode.NotFound, used.StatusCode);
        using (var refused = await shared.SignInAsync(thief, start, new(Guid.NewGuid().ToString(), name)))
            Assert.StartsWith("/sign-in?refused=Used", refused.Headers.Location!.OriginalString,
                StringComparison.Ordinal);
        using var again = new Browser(shared.App.Url);
        (await shared.SignInAsync(again, "/sign-in/club", new(subject, "another name"))).Dispose();
        Assert.Contains(name, await again.ReadAsync("/account"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invitation_that_was_replaced_or_made_up_opens_nothing()
    {
        var first = await InviteAsync(("Name", name), ("Role", "Viewer"));
        using var browser = new Browser(shared.App.Url);
        var start = await StartOfInvitationAsync(browser, first);
        using var admin = await Browser.SignedInAsync(shared.App);
        using (var second = await admin.PostAsync("/admin/users", "/admin/users?handler=Link", ("name", name)))
            Assert.Matches(Url(), await second.Content.ReadAsStringAsync());

        foreach (var address in new[] { first, "/invitation/x", "/invitation/" + new string('x', 43) })
        {
            using var none = await browser.GetAsync(address);
            Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        }

        using var refused = await shared.SignInAsync(browser, start, new(subject, name));
        Assert.StartsWith("/sign-in?refused=Used", refused.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.False(OidcFixture.IsSignedIn(browser));
    }

    [Theory]
    [InlineData("Admin", "Another user has this name.")]
    [InlineData("with:colon", "no colon")]
    [InlineData("api", "reserved")]
    public async Task An_unfit_user_is_not_invited(string called, string reason)
    {
        using var admin = await Browser.SignedInAsync(shared.App);
        using var answer = await admin.PostAsync(
            "/admin/users", "/admin/users?handler=Invite", ("Name", called), ("Role", "Viewer"));
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains(reason, page, StringComparison.Ordinal);
        Assert.DoesNotMatch(Url(), page);
    }

    [Fact]
    public async Task The_owner_of_an_account_links_it_and_nobody_else_can_begin_that()
    {
        await SignInTests.AddAsync(shared.App, name, AccountRole.Viewer);
        using var owner = await Browser.SignedInAsync(shared.App, name, name + "'s password");
        var link = await LinkAsync(owner);
        using var admin = await Browser.SignedInAsync(shared.App);
        using var nobody = new Browser(shared.App.Url);
        foreach (var (browser, address) in new[]
            {
                (admin, link), (nobody, link), (owner, link + "x"), (owner, "/sign-in/club?link=1"),
            })
        {
            using var refused = await browser.GetAsync(address);
            Assert.StartsWith("/sign-in?refused=Session", refused.Headers.Location!.OriginalString,
                StringComparison.Ordinal);
        }

        // Who signs out before the provider answers, or is another person by then, has linked nothing.
        var answer = await shared.AnswerAsync(owner, link, new(subject, name));
        using (var gone = await owner.PostAsync("/account", "/sign-out"))
            Assert.Equal(HttpStatusCode.Found, gone.StatusCode);
        using (var refused = await owner.GetAsync(answer.PathAndQuery))
            Assert.StartsWith("/sign-in?refused=Session", refused.Headers.Location!.OriginalString,
                StringComparison.Ordinal);

        using var back = await Browser.SignedInAsync(shared.App, name, name + "'s password");
        using (var linked = await shared.SignInAsync(back, await LinkAsync(back), new(subject, name)))
            Assert.Equal("/account", linked.Headers.Location!.OriginalString);
        using var through = new Browser(shared.App.Url);
        (await shared.SignInAsync(through, "/sign-in/club", new(subject, "renamed"))).Dispose();
        Assert.Contains(name, await through.ReadAsync("/account"), StringComparison.Ordinal);

        // Somebody else's account cannot have the same person.
        using (var taken = await shared.SignInAsync(admin, await LinkAsync(admin), new(subject, name)))
            Assert.StartsWith("/sign-in?refused=Taken", taken.Headers.Location!.OriginalString,
                StringComparison.Ordinal);

        await UnlinkAsync(back);
        using (var ended = await through.GetAsync("/account"))
            Assert.Equal(HttpStatusCode.Found, ended.StatusCode);
        using var refusedNow = await shared.SignInAsync(nobody, "/sign-in/club", new(subject, name));
        Assert.StartsWith("/sign-in?refused=Invitation", refusedNow.Headers.Location!.OriginalString,
            StringComparison.Ordinal);
        Assert.Contains("account.unlink", (await shared.LogAsync(name)).Select(happened => happened.Action));
    }

    [Fact]
    public async Task Who_has_no_password_cannot_unlink_the_only_way_in_but_an_administrator_can()
    {
        using var browser = new Browser(shared.App.Url);
        (await shared.SignInAsync(browser, "/sign-in/corp", new(subject, name, "readers"))).Dispose();
        Assert.DoesNotContain("Current password", await browser.ReadAsync("/account"), StringComparison.Ordinal);
        await UnlinkAsync(browser);
        Assert.Contains(name, await browser.ReadAsync("/account"), StringComparison.Ordinal);

        using var admin = await Browser.SignedInAsync(shared.App);
        using (var removed = await admin.PostAsync("/admin/users", "/admin/users?handler=Unlink",
            ("name", name), ("identity", await IdentityAsync())))
            Assert.Equal(HttpStatusCode.Found, removed.StatusCode);
        using var ended = await browser.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Found, ended.StatusCode);

        // Nor one of somebody else, by its number.
        using (var theirs = await admin.PostAsync("/admin/users", "/admin/users?handler=Unlink",
            ("name", "Admin"), ("identity", "1")))
            Assert.Contains("There is no such user.", await theirs.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_goes_all_the_way_there_and_back_and_signs_out_of_both()
    {
        shared.Provider.Who = new ProvidersPerson(subject, name, "readers");
        await using var browser = await Chromium.StartAsync();
        var page = await browser.OpenAsync(new Uri(shared.App.Url, "/sign-in?returnUrl=%2Ftargets"));

        await page.ClickAsync("text=Sign in with Corp");
        await Chromium.ArriveAsync(page, "**/targets");
        Assert.Contains(name, await page.InnerTextAsync("header"), StringComparison.Ordinal);

        await page.ClickAsync("header .account summary");
        await page.ClickAsync("header .account button:text('Sign out')");
        await Chromium.ArriveAsync(page, "**/sign-in");
        Assert.Contains(subject, shared.Provider.SignedOut);
        await page.GotoAsync(new Uri(shared.App.Url, "/account").AbsoluteUri);
        Assert.Contains("/sign-in?", page.Url, StringComparison.Ordinal);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task A_session_outlives_its_provider_and_another_node_may_get_the_answer()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var database = await TestDatabase.CreateStartedAsync();
        var settings = OidcFixture.Settings(provider);
        await using var one = await TestApp.StartAsync(database, settings);
        // As behind one name: the browser knows one server only.
        await using var two = await TestApp.StartAsync(database,
            [.. settings, $"Deployments:PublicUrl={one.Url}"]);
        provider.Who = new ProvidersPerson(subject, name, "readers");
        using var browser = new Browser(one.Url);
        using var begun = await browser.GetAsync("/sign-in/corp?returnUrl=%2Ftargets");
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var asked = await client.GetAsync(begun.Headers.Location);

        using var elsewhere = new Browser(two.Url);
        foreach (Cookie cookie in browser.Cookies.GetAllCookies())
            elsewhere.Cookies.Add(two.Url, new Cookie(cookie.Name, cookie.Value));
        using var answer = await elsewhere.GetAsync(asked.Headers.Location!.PathAndQuery);
        Assert.Equal("/targets", answer.Headers.Location!.OriginalString);
        using var visitor = new Browser(two.Url);
        Assert.Contains($"{one.Url}sign-in/corp", await visitor.ReadAsync("/sign-in"), StringComparison.Ordinal);

        await provider.StopAsync();
        Assert.Contains(name, await elsewhere.ReadAsync("/account"), StringComparison.Ordinal);
        using var signedOut = await elsewhere.PostAsync("/account", "/sign-out");
        using var ended = await elsewhere.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Found, ended.StatusCode);
    }

    async Task<string> InviteAsync(params (string, string)[] fields)
    {
        using var admin = await Browser.SignedInAsync(shared.App);
        using var answer = await admin.PostAsync("/admin/users", "/admin/users?handler=Invite", fields);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        return new Uri(Url().Match(await answer.Content.ReadAsStringAsync()).Value).PathAndQuery;
    }

    async Task<string> StartOfInvitationAsync(Browser browser, string link)
    {
        var page = await browser.ReadAsync(link);
        Assert.Contains(name, page, StringComparison.Ordinal);
        var start = page.IndexOf($"{shared.App.Url}sign-in/club?invitation=", StringComparison.Ordinal);
        return new Uri(page[start..page.IndexOf('"', start)]).PathAndQuery;
    }

    async Task<string> LinkAsync(Browser browser)
    {
        var page = await browser.ReadAsync("/account");
        var start = page.IndexOf($"{shared.App.Url}sign-in/club?link=", StringComparison.Ordinal);
        Assert.True(start >= 0, page);
        return new Uri(page[start..page.IndexOf('"', start)]).PathAndQuery;
    }

    async Task<string> IdentityAsync()
    {
        var id = (await shared.AccountAsync(name))!.AccountId;
        return $"{Assert.Single(await shared.App.Service<IdentityQueries>().OfAsync(id, default)).AccountIdentityId}";
    }

    async Task UnlinkAsync(Browser browser)
    {
        using var answer = await browser.PostAsync(
            "/account", "/account?handler=Unlink", ("identity", await IdentityAsync()));
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }

    [GeneratedRegex("http://127[.]0[.]0[.]1:[0-9]+/invitation/[A-Za-z0-9_-]{43}")]
    private static partial Regex Url();
}
