using System.Net;
using Dapper;
using Deployments.Tests.Support;
using Deployments.Web.Gateway;
using Npgsql;

namespace Deployments.Tests.Gateway;

/// <summary>Feeds that are not there cost little and hold up nobody; one that was just made is found at once.</summary>
public sealed class FeedDirectoryTests
{
    [Fact]
    public async Task A_feed_made_on_another_node_is_found_at_once_though_it_was_asked_for_in_vain()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var here = await TestApp.StartAsync(database);
        await using var there = await TestApp.StartAsync(database);
        for (var i = 0; i < 5; i++)
        {
            var name = $"new-{i}";
            // Elsewhere, or here a moment earlier, somebody has asked already.
            Assert.Null(await there.Service<FeedDirectory>().FindOrNullAsync(name, default));
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(here, name));

            await here.CreateFeedAsync(name, "universal");

            Assert.Equal(HttpStatusCode.OK, await StatusAsync(here, name));
        }

        await here.CreateFeedAsync("unasked", "universal");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(there, "UNASKED"));
    }

    [Fact]
    public async Task What_cannot_be_looked_up_holds_up_no_other_feed_and_no_other_name()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        var feeds = app.Service<FeedDirectory>();
        // A lock on the table keeps every look at it waiting; a name that cannot be one needs none.
        await using var connection = new NpgsqlConnection(app.Database.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("lock table feed_names", transaction: transaction);

        var waiting = Enumerable.Range(0, 3).Select(i => feeds.FindOrNullAsync($"x{i}", default).AsTask()).ToList();
        Assert.NotNull(await feeds.FindOrNullAsync("MAIN", default));
        foreach (var name in new[] { "", "a b", "a\0b", "ü", new string('x', 101) })
            Assert.Null(await feeds.FindOrNullAsync(name, default));
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        await transaction.RollbackAsync();

        Assert.All(await Task.WhenAll(waiting), Assert.Null);
    }

    [Fact]
    public async Task What_was_read_earlier_never_replaces_what_is_newer()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        var feeds = app.Service<FeedDirectory>();
        await using var locking = new NpgsqlConnection(app.Database.ConnectionString);
        await locking.OpenAsync();
        await using var deciding = new NpgsqlConnection(app.Database.ConnectionString);
        await deciding.OpenAsync();
        await deciding.ExecuteAsync(
            """
            insert into package_statuses (feed_id, group_key, name_key, version_key)
            select feed_id, '', 'tools', '1.0.0' from feeds
            """);
        for (var i = 0; i < 10; i++)
        {
            var refused = i % 2 == 0;
            // The lock holds a reader between what is decided about versions and the feeds themselves.
            await using var transaction = await locking.BeginTransactionAsync();
            await locking.ExecuteAsync("lock table feeds", transaction: transaction);
            var earlier = feeds.ReloadAsync(default);
            await Patience.UntilAsync(async () => await deciding.ExecuteScalarAsync<bool>(
                "select exists (select from pg_locks where not granted and relation = 'feeds'::regclass)"));
            await deciding.ExecuteAsync("update package_statuses set allow = not @refused", new { refused });
            var later = feeds.ReloadAsync(default);
            await deciding.ExecuteAsync("select pg_sleep(0.02)"); // two that read at once are both held by now
            await transaction.RollbackAsync();
            await Task.WhenAll(earlier, later);

            Assert.Equal(refused, (await feeds.FindOrNullAsync("main", default))!.Refused.Count == 1);
        }
    }

    static async Task<HttpStatusCode> StatusAsync(TestApp app, string feed)
    {
        using var answer = await app.Client.GetAsync(new Uri($"/upack/{feed}/packages", UriKind.Relative));
        return answer.StatusCode;
    }
}
