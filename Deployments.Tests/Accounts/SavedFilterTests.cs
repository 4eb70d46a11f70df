using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Support;

namespace Deployments.Tests.Accounts;

public sealed class SavedFilterTests(SharedApp shared) : IClassFixture<SharedApp>
{
    const string Page = "/account/filters";

    TestApp App => shared.App;

    [Fact]
    public async Task A_filter_is_saved_without_the_place_in_the_list_shown_to_its_owner_alone_and_removed()
    {
        await SignInTests.AddAsync(App, "alice", AccountRole.Viewer);
        using var alice = await Browser.SignedInAsync(App, "alice", "alice's password");
        using var admin = await Browser.SignedInAsync(App);
        const string Given = "/deployments?target=WEB-01&from=2026-01-31&version=&cursor=abc&limit=7";
        Assert.Contains("Save this filter", await alice.ReadAsync("/deployments?target=WEB-01"),
            StringComparison.Ordinal);

        using (var answer = await SaveAsync(
            alice, "/deployments", Given["/deployments".Length..], " My <b>servers</b> "))
            Assert.Equal("/deployments?target=WEB-01&from=2026-01-31", answer.Headers.Location?.ToString());

        var list = await alice.ReadAsync("/deployments?target=WEB-01&from=2026-01-31");
        Assert.Contains(
            "<a href=\"/deployments?target=WEB-01&from=2026-01-31\" aria-current=\"true\"", list,
            StringComparison.Ordinal);
        Assert.DoesNotContain("Save this filter", list, StringComparison.Ordinal);
        Assert.Contains("Save this filter", await alice.ReadAsync("/deployments?target=WEB-02"),
            StringComparison.Ordinal);
        using (var raw = await alice.GetAsync("/deployments"))
            Assert.Contains("My &lt;b&gt;servers&lt;/b&gt;", await raw.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        foreach (var (reader, page) in new[] { (admin, "/deployments"), (alice, "/targets"), (admin, Page) })
            Assert.DoesNotContain("servers", await reader.ReadAsync(page), StringComparison.Ordinal);

        // The same name again stands for the newer filter.
        using (await SaveAsync(alice, "/deployments", "?target=WEB-03", "my <B>servers</B>"))
            Assert.Contains("/deployments?target=WEB-03", await alice.ReadAsync(Page), StringComparison.Ordinal);
        Assert.DoesNotContain("WEB-01", await alice.ReadAsync(Page), StringComparison.Ordinal);

        var id = Between(await alice.ReadAsync(Page), "name=\"id\" value=\"", "\"");
        using (await admin.PostAsync(Page, Page + "?handler=Remove", ("id", id))) // not theirs
            Assert.Contains("WEB-03", await alice.ReadAsync(Page), StringComparison.Ordinal);
        using (await alice.PostAsync(Page, Page + "?handler=Remove", ("id", id)))
            Assert.Contains("No filter saved yet", await alice.ReadAsync(Page), StringComparison.Ordinal);
        Assert.DoesNotContain(
            await App.Service<AuditQueries>().PageAsync(new AuditFilter("alice", null), null, 10, default),
            change => change.SubjectKind == "savedFilter");
    }

    [Fact]
    public async Task An_administrators_filter_is_seen_by_everybody_who_sees_the_list_and_is_in_the_audit_log()
    {
        await using var app = await TestApp.StartAsync();
        await SignInTests.AddAsync(app, "bob", AccountRole.Viewer);
        using var admin = await Browser.SignedInAsync(app);
        using var bob = await Browser.SignedInAsync(app, "bob", "bob's password");

        using (await SaveAsync(admin, "/drift", "?kind=missing", "All that is missing", isShared: true))
            Assert.Contains("All that is missing", await bob.ReadAsync("/drift"), StringComparison.Ordinal);

        using var anybody = new Browser(app.Url);
        Assert.Contains("All that is missing", await anybody.ReadAsync("/drift"), StringComparison.Ordinal);
        Assert.DoesNotContain("All that is missing", await bob.ReadAsync(Page), StringComparison.Ordinal);
        var change = (await app.Service<AuditQueries>().PageAsync(
            new AuditFilter("admin", null), null, 10, default))[0];
        Assert.Equal(("savedFilter.save", "All that is missing"), (change.Action, change.SubjectName));
        Assert.Contains("/drift?kind=missing", change.After, StringComparison.Ordinal);
        using var refused = await SaveAsync(bob, "/drift", "?kind=missing", "Mine", isShared: true);
        await RefusedAsync(refused, "Only administrators show a filter to everybody.");
    }

    [Theory]
    [InlineData("/admin/users", "?a=b", "x", "There is no list at this address.")]
    [InlineData("//evil.example", "?a=b", "x", "There is no list at this address.")]
    [InlineData("https://evil.example/", "?a=b", "x", "There is no list at this address.")]
    [InlineData("/deployments", "", "x", "No filter is in force.")]
    [InlineData("/deployments", "?cursor=abc&target=", "x", "No filter is in force.")]
    [InlineData("/deployments", "?a=b", "   ", "A name has 1 to 60 characters.")]
    [InlineData("/deployments", "?a=b", "two\nlines", "A name has 1 to 60 characters.")]
    [InlineData("/deployments", "?a=b", "LONG", "A name has 1 to 60 characters.")]
    [InlineData("/deployments", "LONG", "x", "The filter is longer than 2000 characters.")]
    public async Task An_unfit_filter_is_refused(string path, string query, string name, string reason)
    {
        using var admin = await Browser.SignedInAsync(App);
        var text = new string('x', 2000);

        using var answer = await SaveAsync(
            admin, path, query == "LONG" ? "?a=" + text : query, name == "LONG" ? text[..61] : name);

        await RefusedAsync(answer, reason);
    }

    [Fact]
    public async Task Nobody_saves_one_without_signing_in_and_nobody_more_than_a_hundred()
    {
        using var anybody = new Browser(App.Url);
        using (var page = await anybody.GetAsync(Page))
            Assert.StartsWith("/sign-in", page.Headers.Location?.PathAndQuery ?? page.Headers.Location?.ToString(),
                StringComparison.Ordinal);
        Assert.DoesNotContain("Save this filter", await anybody.ReadAsync("/deployments?target=WEB-01"),
            StringComparison.Ordinal);
        await SignInTests.AddAsync(App, "carol", AccountRole.Viewer);
        using var carol = await Browser.SignedInAsync(App, "carol", "carol's password");
        var token = await carol.TokenAsync("/account");
        for (var n = 0; n < 100; n++)
        {
            using var saved = await carol.PostWithoutTokenAsync(Page,
                ("__RequestVerificationToken", token), ("path", "/targets"), ("query", $"?text={n}"), ("name", $"{n}"));
            Assert.Equal(HttpStatusCode.Found, saved.StatusCode);
        }

        using var refused = await SaveAsync(carol, "/targets", "?text=x", "x");
        await RefusedAsync(refused, "You have 100 filters; remove one first.");
        using var replaced = await SaveAsync(carol, "/targets", "?text=other", "99");
        Assert.Equal(HttpStatusCode.Found, replaced.StatusCode);
    }

    static Task<HttpResponseMessage> SaveAsync(
        Browser browser, string path, string query, string name, bool isShared = false) => browser.PostAsync(
            "/account", Page, ("path", path), ("query", query), ("name", name),
            ("isShared", isShared ? "true" : "false"));

    static async Task RefusedAsync(HttpResponseMessage answer, string reason)
    {
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(reason, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()),
            StringComparison.Ordinal);
    }

    static string Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }
}
