using System.Net;
using System.Text.RegularExpressions;
using Bunit;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Deployments.Web.Pages.Accounts;

namespace Deployments.Tests.Accounts;

public sealed class ApiKeysPageTests(SharedApp shared) : IClassFixture<SharedApp>
{
    const string Page = "/admin/api-keys";

    [Fact]
    public async Task A_key_is_made_shown_once_used_and_revoked()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var made = await admin.PostAsync(
            Page, Page + "?handler=Create", ("DisplayName", "ci"), ("Manage", "true"), ("LastDay", "2099-12-31"));

        Assert.True(made.Headers.CacheControl!.NoStore);
        var key = Regex.Match(await made.Content.ReadAsStringAsync(), "<code class=\"secret\">([^<]+)<")
            .Groups[1].Value;
        Assert.Equal(43, key.Length);
        Assert.DoesNotContain(key, await admin.ReadAsync(Page), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK,
            (await app.Client.AskAsync("GET", "/api/api-keys/list", null, ("X-ApiKey", key))).Status);
        var stored = (await app.Service<ApiKeyQueries>().AllAsync(default))[0];
        Assert.Equal(new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero), stored.ExpiresAt);

        using var revoked = await admin.PostAsync(Page, Page + "?handler=Revoke", ("id", $"{stored.ApiKeyId}"));

        Assert.Equal(HttpStatusCode.Found, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden,
            (await app.Client.AskAsync("GET", "/api/api-keys/list", null, ("X-ApiKey", key))).Status);
    }

    [Theory]
    [InlineData("", "true", "", "2099-12-31", "required")]
    [InlineData("with \"quotes\"", "true", "", "2099-12-31", "no quotation mark")]
    [InlineData("ci", "false", "", "2099-12-31", "Choose what the key may do.")]
    [InlineData("ci", "true", "nowhere", "2099-12-31", "There is no such feed.")]
    [InlineData("ci", "true", "", "2001-12-31", "in the past")]
    public async Task An_unfit_key_is_not_made(string name, string view, string feed, string lastDay, string reason)
    {
        var app = shared.App;
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync(
            Page, Page + "?handler=Create", ("DisplayName", name), ("View", view), ("Feed", feed),
            ("LastDay", lastDay));

        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(await app.Service<ApiKeyQueries>().AllAsync(default));
    }

    [Fact]
    public async Task The_last_day_of_a_key_can_be_set_and_taken_away()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);
        var key = (await app.Service<ApiKeyQueries>().AllAsync(default)).Single();

        foreach (var (lastDay, expected) in new (string, DateTimeOffset?)[]
            { ("2098-12-31", new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero)), ("", null), ("", null) })
        {
            using var set = await admin.PostAsync(
                Page, Page + "?handler=Expire", ("id", $"{key.ApiKeyId}"), ("lastDay", lastDay));
            Assert.Equal(HttpStatusCode.Found, set.StatusCode);
            Assert.Equal(expected, (await app.Service<ApiKeyQueries>().AllAsync(default))[0].ExpiresAt);
        }

        foreach (var (lastDay, reason) in new[] { ("2001-12-31", "in the past"), ("9999-12-31", "too far away") })
        {
            using var refused = await admin.PostAsync(
                Page, Page + "?handler=Expire", ("id", $"{key.ApiKeyId}"), ("lastDay", lastDay));
            Assert.Contains(reason, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var unreadable = await admin.PostAsync(
            Page, Page + "?handler=Expire", ("id", $"{key.ApiKeyId}"), ("lastDay", "soon"));
        Assert.Equal(HttpStatusCode.BadRequest, unreadable.StatusCode);
        var log = await app.Service<AuditQueries>().PageAsync(new AuditFilter(null, "apiKey.update"), null, 9, default);
        Assert.Equal(2, log.Count); // setting what is set already changes nothing
        Assert.Contains("2099-01-01", log[1].After, StringComparison.Ordinal);
    }

    [Fact]
    public void The_state_of_a_key_is_said_in_words()
    {
        var now = new DateTimeOffset(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);
        var key = new ApiKey(
            1, [], "System", "ci", "", Permissions.View, null, null, null, "{}", now, null, null, null);
        using var context = new BunitContext();
        string State(ApiKey shown) => context.Render<KeyState>(set =>
            set.Add(state => state.Key, shown).Add(state => state.Now, now)).Find(".badge").TextContent;

        Assert.Equal("Active", State(key));
        Assert.Equal("Expired", State(key with { ExpiresAt = now }));
        Assert.Equal("Expires within a day", State(key with { ExpiresAt = now.AddHours(1) }));
        Assert.Equal("Expires in 1 day", State(key with { ExpiresAt = now.AddHours(25) }));
        Assert.Equal("Expires in 1,000 days", State(key with { ExpiresAt = now.AddDays(1000) }));
        Assert.Equal("Revoked", State(key with { ExpiresAt = now.AddDays(1), RevokedAt = now }));
        Assert.Equal("Owner disabled",
            State(key with { Account = new ApiKeyAccount("bob", AccountRole.Viewer, false, 1) }));
    }

    [Fact]
    public void What_a_key_may_do_is_said_in_words_and_lets_no_markup_through()
    {
        var key = new ApiKey(1, [], "Feed", "ci", "", Permissions.View | Permissions.Add, 7,
            "<script>alert(1)</script>", null, "{}", default, null, null, null);
        using var context = new BunitContext();

        var feed = context.Render<KeyFacts>(set => set.Add(facts => facts.Key, key));
        Assert.Equal(["view", "add"], feed.FindAll(".badge").Select(badge => badge.TextContent));
        Assert.Empty(feed.FindAll("script"));
        Assert.Equal("<script>alert(1)</script>", feed.Find("bdi").TextContent);
        var all = context.Render<KeyFacts>(set =>
            set.Add(facts => facts.Key, key with { Permissions = Permissions.All, FeedId = null }));
        Assert.Equal("manage", Assert.Single(all.FindAll(".badge")).TextContent);
        Assert.Contains("every feed", all.Markup, StringComparison.Ordinal);
    }
}
