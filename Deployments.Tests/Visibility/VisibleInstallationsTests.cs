using Dapper;
using Deployments.Data.Feeds;
using Deployments.Data.Targets;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Visibility;

/// <summary>What runs now is seen when its newest record is, whichever shortcut the condition takes.</summary>
public sealed class VisibleInstallationsTests
{
    static readonly string[] Feeds = ["one", "two", "three"];

    [Fact]
    public async Task For_every_set_of_feeds_as_much_runs_on_each_target_as_newest_records_came_through_them()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = new Seed(database);
        foreach (var feed in Feeds)
            await seed.FeedAsync(feed, "nuget");
        // Three packages come through one feed each, three through two, three through all.
        var random = new Random(20260131);
        for (var n = 0; n < 150; n++)
        {
            var package = random.Next(9);
            var feed = Feeds[(package + random.Next(1 + package / 3)) % Feeds.Length];
            await seed.DeployAsync($"P{package} 1.{n}", $"WEB-{random.Next(4)}", random.Next(1000), feed);
        }

        for (var set = 0; set < 1 << Feeds.Length; set++)
        {
            var open = Feeds.Where((_, n) => (set >> n & 1) == 1).ToArray();
            Assert.Equal(await ByRecordsAsync(database, open), await ByQueryAsync(database, open));
        }
    }

    static async Task<IReadOnlyList<(string, long)>> ByRecordsAsync(TestDatabase database, string[] open)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<(string, long)>(
            """
            select t.name, count(*)
            from (
                select distinct on (target_id, package_id) target_id, feed_id
                from deployments
                order by target_id, package_id, deployed_at desc, id desc) newest
            join targets t using (target_id)
            join feeds f using (feed_id)
            where f.name = any (@open)
            group by t.name
            order by t.name
            """, new { open })];
    }

    static async Task<IReadOnlyList<(string, long)>> ByQueryAsync(TestDatabase database, string[] open)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("update feeds set anonymous_access = name = any (@open)", new { open });
        var visible = await new VisibleFeedQueries(database.DataSource).OfAsync(true, false, [], default);
        var page = await new TargetQueries(database.DataSource)
            .PageAsync(null, TargetOrder.Name, null, 100, visible, default);
        return [.. page.Items.Where(row => row.Packages > 0).Select(row => (row.Name, (long)row.Packages))];
    }
}
