using System.Net;
using Dapper;
using Deployments.Data.Accounts;
using Deployments.Data.Database;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Groups;

/// <summary>Changes of groups reach every node, and a database of an earlier release.</summary>
public sealed class GroupChangeTests
{
    [Fact]
    public async Task Another_node_hears_of_every_change()
    {
        await using var one = await TestApp.StartAsync();
        await using var two = await TestApp.StartAsync(one.Database, "Deployments:AnonymousView=false");
        await GroupSeed.FeedAsync(one, "apps");
        await GroupSeed.PersonAsync(one, "ann", AccountRole.Viewer);
        async Task<string> FeedsSeenAsync() => (await two.Client.AskAsync(
            "GET", "/api/package-deployments", null, GroupSeed.Basic("ann"))).Body;
        async Task UntilAsync(bool isSeen)
        {
            await Patience.UntilAsync(async () =>
                (await FeedsSeenAsync()).Contains("\"feed\":\"apps\"", StringComparison.Ordinal) == isSeen);
            var expected = isSeen ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
            await Patience.UntilAsync(async () => (await two.Client.AskAsync(
                "GET", "/api/packages/apps/latest?name=app", null, GroupSeed.Basic("ann"))).Status == expected);
        }

        await UntilAsync(true);
        await GroupSeed.LimitAsync(one, "apps");
        await UntilAsync(false);
        var group = await GroupSeed.MakeAsync(
            one, "team", new { grants = new[] { new { feed = "*", level = "view" } } });
        await GroupSeed.ChangeAsync(one, group, new { accounts = new[] { "ann" } });
        await UntilAsync(true);
        await GroupSeed.ChangeAsync(one, group, new { grants = Array.Empty<object>() });
        await UntilAsync(false);
        await GroupSeed.ChangeAsync(one, group, new { grants = new[] { new { feed = "apps", level = "view" } } });
        await UntilAsync(true);
        await GroupSeed.ChangeAsync(one, group, new { accounts = Array.Empty<string>() });
        await UntilAsync(false);
        await GroupSeed.ChangeAsync(one, group, new { accounts = new[] { "ANN" } });
        await UntilAsync(true);
        Assert.Equal(HttpStatusCode.OK,
            (await one.Admin.AskAsync("DELETE", $"{GroupSeed.Groups}/delete/{group}")).Status);
        await UntilAsync(false);
        await GroupSeed.LimitAsync(one, "apps", false);
        await UntilAsync(true);
    }

    [Fact]
    public async Task A_deleted_feed_stays_as_closed_as_it_was_and_its_successor_inherits_nothing()
    {
        await using var app = await TestApp.StartAsync();
        await GroupSeed.FeedAsync(app, "apps");
        await GroupSeed.LimitAsync(app, "apps");
        foreach (var person in new[] { "ann", "bob" })
            await GroupSeed.PersonAsync(app, person, AccountRole.Viewer);
        var group = await GroupSeed.MakeAsync(app, "team", new
        {
            accounts = new[] { "ann" },
            grants = new[] { new { feed = "apps", level = "add" } },
        });
        Assert.Equal(HttpStatusCode.OK,
            (await app.Admin.AskAsync("POST", "/api/management/feeds/delete/apps")).Status);
        Assert.Contains("the first", await RecordsAsync("ann"), StringComparison.Ordinal);
        Assert.DoesNotContain("the first", await RecordsAsync("bob"), StringComparison.Ordinal);

        await GroupSeed.FeedAsync(app, "apps");
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync(
            "POST", "/api/packages/apps/delete?name=app&version=1.0.0", null, GroupSeed.Basic("ann"))).Status);
        Assert.Empty((await app.Admin.JsonAsync("GET", $"{GroupSeed.Groups}/get/{group}"))["grants"]!.AsArray());
        await GroupSeed.ChangeAsync(app, group, new { grants = new[] { new { feed = "apps", level = "manage" } } });
        Assert.Contains("the first", await RecordsAsync("ann"), StringComparison.Ordinal);
        await app.Admin.AskAsync("DELETE", $"{GroupSeed.Groups}/delete/{group}");
        Assert.Equal(1, Count(await RecordsAsync("ann"), "the first"));

        async Task<string> RecordsAsync(string name) =>
            (await app.Client.AskAsync("GET", "/api/package-deployments", null, GroupSeed.Basic(name))).Body;
        static int Count(string text, string part) => text.Split(part).Length - 1;
    }

    [Fact]
    public async Task A_database_of_an_earlier_release_gets_groups_and_everybody_may_what_they_could()
    {
        await using var database = await TestDatabase.CreateStartedAsync();
        await using (var connection = await database.DataSource.OpenConnectionAsync())
        {
            // As it was before: without what 0065 adds, and with feeds, a person and a key.
            await connection.ExecuteAsync(
                """
                drop table access_group_grants, access_group_claim_holders, access_group_claims, access_group_members,
                    access_groups;
                drop trigger accounts_changed on feeds;
                alter table feeds drop column groups_only;
                delete from schema_migrations where name like '0065%';
                insert into feeds (name, feed_type, anonymous_access) values ('open', 'nuget', true),
                    ('closed', 'nuget', false);
                insert into api_keys (key_hash, key_type, display_name, permissions, feed_id)
                select sha256(convert_to('an-older-key', 'UTF8')), 'Feed', 'older', '{view}', feed_id from feeds
                where name = 'closed'
                """);
        }

        await new Migrator(database.DataSource).MigrateAsync(default);
        await using var app = await TestApp.StartAsync(database);
        await GroupSeed.PersonAsync(app, "ann", AccountRole.Publisher);
        foreach (var (credential, open, closed) in new[]
        {
            (("X-None", "x"), HttpStatusCode.OK, HttpStatusCode.Unauthorized),
            (("X-ApiKey", "an-older-key"), HttpStatusCode.OK, HttpStatusCode.OK),
            (GroupSeed.Basic("ann"), HttpStatusCode.OK, HttpStatusCode.OK),
        })
        {
            foreach (var (feed, expected) in new[] { ("open", open), ("closed", closed) })
                Assert.Equal(expected, (await app.Client.AskAsync(
                    "GET", $"/nuget/{feed}/v3/index.json", null, credential)).Status);
        }
    }
}
