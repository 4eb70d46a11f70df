using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Following;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Accounts;

public sealed class FollowedTargetTests : IAsyncLifetime
{
    const string Page = "/account/targets";

    TestApp app = null!;
    Seed seed = null!;

    public async Task InitializeAsync()
    {
        var database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.FeedAsync("secret", "nuget");
        app = await TestApp.StartAsync(database);
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    [Fact]
    public async Task The_dashboard_tells_what_is_new_until_it_is_marked_as_seen()
    {
        await DeployAsync("Shop 1.0.0", "WEB-01", -60);
        await DeployAsync("Shop 1.0.0", "WEB-02", -60);
        using var admin = await Browser.SignedInAsync(app);
        Assert.DoesNotContain("New on your targets", await admin.ReadAsync("/"), StringComparison.Ordinal);

        await FollowAsync(admin, "web-01");
        Assert.Contains(">Unfollow<", await admin.ReadAsync("/targets/WEB-01"), StringComparison.Ordinal);
        Assert.Contains(">Follow<", await admin.ReadAsync("/targets/WEB-02"), StringComparison.Ordinal);
        Assert.Contains("Nothing was deployed there since", await NewsAsync(admin), StringComparison.Ordinal);

        await SeenAsync(admin, Now.AddMinutes(-30)); // before the time it is followed from: changes nothing
        await DeployAsync("Shop 2.0.0", "WEB-01", 1);
        await DeployAsync("Shop 2.0.0", "WEB-02", 1);
        var news = await NewsAsync(admin);
        Assert.Contains("2.0.0", news, StringComparison.Ordinal);
        Assert.DoesNotContain("1.0.0", news, StringComparison.Ordinal);
        Assert.DoesNotContain("WEB-02", news, StringComparison.Ordinal);
        Assert.Contains("<td data-label=\"New\" class=\"num\">1</td>", await admin.ReadAsync(Page),
            StringComparison.Ordinal);

        // Seen up to the page's time: what came a moment later stays new, and nobody sees ahead of time.
        await SeenAsync(admin, Now.AddDays(1));
        Assert.Contains("2.0.0", await NewsAsync(admin), StringComparison.Ordinal);
        await seed.ExecuteAsync("update followed_targets set seen_at = now() + interval '1 hour'");
        Assert.Contains("Nothing was deployed there since", await NewsAsync(admin), StringComparison.Ordinal);

        using (var answer = await admin.PostAsync(Page, Page + "?handler=Unfollow", ("target", "WEB-01")))
            Assert.Equal("/targets/WEB-01", answer.Headers.Location?.ToString());
        Assert.DoesNotContain("New on your targets", await admin.ReadAsync("/"), StringComparison.Ordinal);
        Assert.Contains("You follow no target yet", await admin.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everybody_follows_by_themselves_and_sees_only_what_they_may()
    {
        await DeployAsync("Shop 1.0.0", "WEB-01", -60);
        await DeployAsync("Hidden 1.0.0", "VAULT", -60, "secret");
        await SignInTests.AddAsync(app, "alice", AccountRole.Viewer);
        using var alice = await Browser.SignedInAsync(app, "alice", "alice's password");
        await FollowAsync(alice, "WEB-01");
        await DeployAsync("Shop 2.0.0", "WEB-01", 1);
        await DeployAsync("Hidden 2.0.0", "WEB-01", 1, "secret");
        var queries = app.Service<FollowQueries>();
        var main = await app.Service<VisibleFeedQueries>().OfAsync(false, false, [seed.IdOf("main")], default);

        Assert.Equal(["Hidden", "Shop"], (await queries.NewsAsync("ALICE", 10, VisibleFeeds.All,
            default)).Newest.Select(row => row.Name).Order());
        var seen = await queries.NewsAsync("alice", 10, main, default);
        Assert.Equal(["Shop"], seen.Newest.Select(row => row.Name));
        Assert.Equal(1, Assert.Single(await queries.AllAsync("alice", main, default)).News);
        Assert.True((await queries.NewsAsync("alice", 1, VisibleFeeds.All, default)).HasMore);
        Assert.Equal(0, (await queries.NewsAsync("Admin", 10, VisibleFeeds.All, default)).Targets);

        using (var answer = await alice.PostAsync("/account", Page, ("target", "nowhere")))
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        using (var answer = await alice.PostAsync("/account", Page + "?handler=Seen", ("at", "soon")))
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var anybody = new Browser(app.Url);
        Assert.DoesNotContain(">Follow<", await anybody.ReadAsync("/targets/WEB-01"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_hundred_targets_are_followed_at_most()
    {
        await DeployAsync("Shop 1.0.0", "WEB-01", -60);
        await seed.ExecuteAsync(
            $"""
            insert into targets (name_key, name) select 'T-' || n, 'T-' || n from generate_series(1, 500) n;
            insert into followed_targets (account_id, target_id, seen_at)
            select account_id, target_id, now() from accounts, targets where targets.name like 'T-%'
            """);
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync("/account", Page, ("target", "WEB-01"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("You follow 500 targets; leave one first.", await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
    }

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    // In minutes from now, to the feed's own package.
    Task<long> DeployAsync(string package, string target, double minutes, string feed = "main") =>
        seed.DeployAsync(package, target, (Now.AddMinutes(minutes) - Seed.Start).TotalMinutes, feed);

    static async Task FollowAsync(Browser browser, string target)
    {
        using var answer = await browser.PostAsync("/account", Page, ("target", target));
        Assert.Equal("/targets/" + target.ToUpperInvariant(), answer.Headers.Location?.ToString());
    }

    static async Task SeenAsync(Browser browser, DateTimeOffset at)
    {
        using var answer = await browser.PostAsync("/account", Page + "?handler=Seen", ("at", $"{at:O}"));
        Assert.Equal("/", answer.Headers.Location?.ToString());
    }

    static async Task<string> NewsAsync(Browser browser)
    {
        var page = await browser.ReadAsync("/");
        var start = page.IndexOf("New on your targets", StringComparison.Ordinal);
        Assert.True(start >= 0, page);
        return page[start..page.IndexOf("</section>", start, StringComparison.Ordinal)];
    }
}
