using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Accounts;

public sealed class UsersPageTests(SharedApp shared) : IClassFixture<SharedApp>
{
    const string Page = "/admin/users";

    [Fact]
    public async Task A_user_is_added_given_a_role_and_a_password_and_disabled()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        await DoneAsync(admin, "Create", ("Name", "bob"), ("Password", "bob's password"), ("Role", "Viewer"));
        Assert.Contains("Added bob.", await admin.ReadAsync(Page), StringComparison.Ordinal);
        using var bob = await Browser.SignedInAsync(app, "bob", "bob's password");
        await DoneAsync(admin, "Role", ("name", "bob"), ("role", "Administrator"));
        using (var ended = await bob.GetAsync("/account"))
            Assert.Equal(HttpStatusCode.Found, ended.StatusCode);
        await DoneAsync(admin, "Password", ("name", "bob"), ("password", "bob's new password"));
        using var bobAgain = await Browser.SignedInAsync(app, "bob", "bob's new password");
        await bobAgain.ReadAsync(Page);
        await DoneAsync(admin, "Active", ("name", "bob"), ("active", "false"));
        using (var ended = await bobAgain.GetAsync(Page))
            Assert.Equal(HttpStatusCode.Found, ended.StatusCode);

        var log = await app.Service<AuditQueries>().PageAsync(new AuditFilter("admin", null), null, 10, default);
        Assert.Equal(["account.update", "account.setPassword", "account.update", "account.create"],
            log.Select(e => e.Action));
        Assert.All(log, change =>
            Assert.Equal(("Admin", "127.0.0.1", "bob"), (change.Actor, change.Address, change.SubjectName)));
        Assert.Contains("\"active\": true", log[0].Before, StringComparison.Ordinal);
        Assert.Contains("\"active\": false", log[0].After, StringComparison.Ordinal);
        Assert.DoesNotContain("bob's", string.Concat(log.Select(change => change.Before + change.After)),
            StringComparison.Ordinal);
        Assert.DoesNotContain("AQAAAA", string.Concat(log.Select(change => change.Before + change.After)),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ADMIN", "a fine password", "Another user has this name.")]
    [InlineData("with:colon", "a fine password", "no colon")]
    [InlineData(" padded ", "a fine password", "A name has")]
    [InlineData("API", "a fine password", "reserved")]
    [InlineData("anonymous", "a fine password", "reserved")]
    [InlineData("bob", "short", "8 to 200 characters")]
    [InlineData("", "a fine password", "required")]
    public async Task An_unfit_user_is_not_added(string name, string password, string reason)
    {
        var app = shared.App;
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync(
            Page, Page + "?handler=Create", ("Name", name), ("Password", password), ("Role", "Viewer"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(await app.Service<AccountQueries>().AllAsync(default));
    }

    [Fact]
    public async Task The_last_administrator_can_neither_be_demoted_nor_disabled()
    {
        await using var app = await TestApp.StartAsync();
        await SignInTests.AddAsync(app, "viewer", AccountRole.Viewer);
        using var admin = await Browser.SignedInAsync(app);
        foreach (var (handler, fields) in new (string, (string, string)[])[]
            { ("Role", [("name", "admin"), ("role", "Viewer")]), ("Active", [("name", "admin"), ("active", "false")]) })
        {
            using var answer = await admin.PostAsync(Page, $"{Page}?handler={handler}", fields);
            Assert.Contains("last administrator", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Contains("Admin", await admin.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_administrators_cannot_remove_each_other_at_the_same_moment()
    {
        await using var app = await TestApp.StartAsync();
        await SignInTests.AddAsync(app, "second", AccountRole.Administrator);
        var store = app.Service<AccountStore>();
        var test = new Actor("test", null);

        var outcomes = await Task.WhenAll(new[] { "Admin", "second" }
            .Select(name => Task.Run(() => store.ChangeAsync(name, AccountRole.Viewer, null, test, default))));

        Assert.Equal([AccountOutcome.Saved, AccountOutcome.LastAdministrator], outcomes.Order());
    }

    [Fact]
    public async Task Where_anonymous_visitors_may_not_view_pages_lead_to_sign_in()
    {
        await using var app = await TestApp.StartAsync(null, "Deployments:AnonymousView=false");
        using var nobody = new Browser(app.Url);
        foreach (var page in new[] { "/account", "/admin/users" })
        {
            using var answer = await nobody.GetAsync(page);
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        }

        await nobody.ReadAsync("/sign-in");
        await app.Client.JsonAsync("GET", "/health");
    }

    static async Task DoneAsync(Browser browser, string handler, params (string, string)[] fields)
    {
        using var answer = await browser.PostAsync(Page, $"{Page}?handler={handler}", fields);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }
}
