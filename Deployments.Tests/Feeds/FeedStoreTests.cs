using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Feeds;

public sealed class FeedStoreTests
{
    static readonly Actor Alice = new("alice", "192.0.2.1");

    [Fact]
    public async Task A_feed_is_read_back_with_its_connectors_in_order()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (feeds, connectors, queries) = Parts(database);
        foreach (var name in new[] { "first", "second", "third" })
            Assert.Equal(FeedOutcome.Saved, await connectors.AddAsync(Connector(name), Alice, default));
        var fields = Feed("main") with
        {
            AlternateNames = ["old-main"],
            Description = "What we deploy",
            AnonymousAccess = false,
            Connectors = ["third", "FIRST"],
            Properties = """{"dropPath":"x"}""",
        };

        Assert.Equal(FeedOutcome.Saved, await feeds.AddAsync(fields, Alice, default));
        await feeds.AddAsync(Feed("another"), Alice, default);

        var all = await queries.AllAsync(VisibleFeeds.All, default);
        Assert.Equal(["another", "main"], all.Select(feed => feed.Name));
        var main = all[1];
        Assert.Equal(["third", "first"], main.Connectors.Select(connector => connector.Name));
        Assert.Equal(["old-main"], main.AlternateNames);
        Assert.False(main.AnonymousAccess);
        Assert.Equal("What we deploy", main.Description);
        Assert.Contains("dropPath", main.Properties, StringComparison.Ordinal);
        Assert.Equal(main.FeedId, (await queries.ByNameOrNullAsync("OLD-Main", VisibleFeeds.All, default))!.FeedId);
        Assert.Null(await queries.ByNameOrNullAsync("unknown", VisibleFeeds.All, default));
        Assert.Empty(all[0].Connectors);
    }

    [Theory]
    [InlineData("MAIN", new string[0])]
    [InlineData("Old-Main", new string[0])]
    [InlineData("new", new[] { "main" })]
    [InlineData("new", new[] { "OLD-MAIN" })]
    public async Task No_two_feeds_answer_to_the_same_name(string name, string[] alternateNames)
    {
        await using var database = await TestDatabase.CreateAsync();
        var (feeds, _, queries) = Parts(database);
        await feeds.AddAsync(Feed("main") with { AlternateNames = ["old-main"] }, Alice, default);
        await feeds.AddAsync(Feed("other"), Alice, default);

        Assert.Equal(FeedOutcome.NameTaken,
            await feeds.AddAsync(Feed(name) with { AlternateNames = alternateNames }, Alice, default));
        Assert.Equal(FeedOutcome.NameTaken, await feeds.ChangeAsync(
            "other", feed => feed with { Name = name, AlternateNames = alternateNames }, Alice, default));

        Assert.Equal(["main", "other"], (await queries.AllAsync(VisibleFeeds.All, default)).Select(feed => feed.Name));
    }

    [Fact]
    public async Task A_deleted_feed_is_gone_but_its_row_stays_and_its_name_is_free()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (feeds, _, queries) = Parts(database);
        await feeds.AddAsync(Feed("main"), Alice, default);
        var old = (await queries.ByNameOrNullAsync("main", VisibleFeeds.All, default))!;

        Assert.True(await feeds.DeleteAsync("main", Alice, default));

        Assert.False(await feeds.DeleteAsync("main", Alice, default));
        Assert.Empty(await queries.AllAsync(VisibleFeeds.All, default));
        Assert.Equal(FeedOutcome.Saved, await feeds.AddAsync(Feed("main"), Alice, default));
        Assert.NotEqual(old.FeedId, (await queries.ByNameOrNullAsync("main", VisibleFeeds.All, default))!.FeedId);
        Assert.Equal(2L, await ScalarAsync(database, "select count(*) from feeds"));
    }

    [Fact]
    public async Task A_feed_cannot_ask_a_connector_that_does_not_exist()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (feeds, _, queries) = Parts(database);
        await feeds.AddAsync(Feed("main"), Alice, default);

        Assert.Equal(FeedOutcome.UnknownConnector,
            await feeds.AddAsync(Feed("other") with { Connectors = ["nobody"] }, Alice, default));
        Assert.Equal(FeedOutcome.UnknownConnector, await feeds.ChangeAsync(
            "main", feed => feed with { Description = "new", Connectors = ["nobody"] }, Alice, default));

        var feed = Assert.Single(await queries.AllAsync(VisibleFeeds.All, default));
        Assert.Equal("", feed.Description);
    }

    [Fact]
    public async Task Partial_changes_made_at_the_same_time_are_all_kept()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (feeds, _, queries) = Parts(database);
        await feeds.AddAsync(Feed("main"), Alice, default);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => feeds.ChangeAsync(
            "main", feed => feed with { AlternateNames = [.. feed.AlternateNames, $"name-{i}"] }, Alice, default)));

        Assert.Equal(8, (await queries.ByNameOrNullAsync("main", VisibleFeeds.All, default))!.AlternateNames.Count);
    }

    [Fact]
    public async Task Each_change_is_audited_once_and_never_with_a_password()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (feeds, connectors, _) = Parts(database);

        await connectors.AddAsync(
            Connector("up") with { Username = "u", PasswordEncrypted = "SECRET-1" }, Alice, default);
        await connectors.ChangeAsync("up", c => c with { PasswordEncrypted = "SECRET-2" }, Alice, default);
        await connectors.ChangeAsync("up", c => c, Alice, default);
        await feeds.AddAsync(Feed("main") with { Connectors = ["up"] }, Alice, default);
        await feeds.ChangeAsync("main", feed => feed with { Active = false }, Alice, default);
        await feeds.ChangeAsync("main", feed => feed with { Active = false }, Alice, default);
        await connectors.DeleteAsync("up", Alice, default);
        await feeds.DeleteAsync("main", Alice, default);

        Assert.Equal(
            "connector.create connector.update feed.create feed.update connector.delete feed.delete",
            await ScalarAsync(database, "select string_agg(action, ' ' order by audit_event_id) from audit_events"));
        Assert.Equal(0L, await ScalarAsync(database,
            "select count(*) from audit_events where concat(before, after) like '%SECRET%'"));
        Assert.Equal(6L, await ScalarAsync(database,
            "select count(*) from audit_events where actor = 'alice' and address = '192.0.2.1'"));
        Assert.Equal("true false", await ScalarAsync(database,
            "select concat(before->>'active', ' ', after->>'active') from audit_events where action = 'feed.update'"));
        Assert.Equal("""["main"]""", await ScalarAsync(database,
            "select before->>'feeds' from audit_events where action = 'connector.delete'"));
    }

    [Theory]
    [InlineData("update audit_events set actor = 'somebody else'")]
    [InlineData("delete from audit_events")]
    [InlineData("truncate audit_events")]
    public async Task The_audit_log_cannot_be_rewritten(string sql)
    {
        await using var database = await TestDatabase.CreateAsync();
        await Parts(database).Feeds.AddAsync(Feed("main"), Alice, default);

        await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(database, sql));

        Assert.Equal("alice", await ScalarAsync(database, "select actor from audit_events"));
    }

    static (FeedStore Feeds, ConnectorStore Connectors, FeedQueries Queries) Parts(TestDatabase database) =>
        (new FeedStore(database.DataSource), new ConnectorStore(database.DataSource),
            new FeedQueries(database.DataSource));

    static FeedFields Feed(string name) => new() { Name = name, FeedType = "nuget" };

    static ConnectorFields Connector(string name) =>
        new() { Name = name, FeedType = "nuget", Url = "https://packages.example/v3/index.json" };

    static async Task<object?> ScalarAsync(TestDatabase database, string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
