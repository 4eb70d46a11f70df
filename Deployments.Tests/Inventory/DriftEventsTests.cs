using System.Text.Json.Nodes;
using Dapper;
using Deployments.Tests.Support;
using Npgsql;
using static Deployments.Tests.Inventory.InventoryFixture;

namespace Deployments.Tests.Inventory;

/// <summary>Who is told that an inventory shows new drift, or that drift is gone.</summary>
public sealed class DriftEventsTests : IAsyncLifetime
{
    readonly InventoryFixture fixture = new();

    public async Task InitializeAsync()
    {
        await fixture.InitializeAsync();
        await fixture.App.StopJobsAsync();
    }

    public Task DisposeAsync() => fixture.DisposeAsync();

    [Fact]
    public async Task New_drift_is_told_once_for_each_inventory_and_again_when_it_is_gone()
    {
        await RuleAsync("all", 5);
        await RuleAsync("gone", 6);
        foreach (var name in new[] { "one", "two", "three" })
            await fixture.RecordAsync("web-1", "debian", name, "1");

        await fixture.TakeAsync("web-1", Dpkg("one 2", "two 1"), "?at=2026-02-01");
        await fixture.TakeAsync("web-1", Dpkg("one 2", "two 1"), "?at=2026-02-02");
        await fixture.TakeAsync("web-1", Dpkg("one 3", "two 1", "three 1"), "?at=2026-02-03");
        await fixture.TakeAsync("web-1", Dpkg("one 1", "two 1", "three 1"), "?at=2026-02-04");

        Assert.Equal(
            [
                "all web-1 dpkg 2: one different 1 2, three missing 1 -", "all web-1 dpkg 1: one different 1 3",
                "gone web-1 dpkg 1: three missing 1 -", "gone web-1 dpkg 1: one different 1 3",
            ], await NotedAsync());
    }

    [Fact]
    public async Task An_unchanged_inventory_tells_what_was_deployed_and_never_arrived()
    {
        await RuleAsync("all", 5);
        await fixture.TakeAsync("web-1", Dpkg("app 1"), "?at=2026-02-01");
        await fixture.RecordAsync("web-1", "debian", "app", "2", "2026-02-02");

        await fixture.TakeAsync("web-1", Dpkg("app 1"), "?at=2026-02-03");

        Assert.Equal(["all web-1 dpkg 1: app different 2 1"], await NotedAsync());
    }

    [Fact]
    public async Task A_rule_is_told_what_it_is_for()
    {
        // Goal: packages and targets by pattern; a rule of a feed hears of packages that came through it alone.
        await fixture.App.CreateFeedAsync("other", "debian");
        await RuleAsync("package", 5, package: "ap*");
        await RuleAsync("target", 5, target: "db-*");
        await RuleAsync("feed", 5, feed: "debian");
        await fixture.RecordAsync("web-1", "debian", "app", "1");
        await fixture.RecordAsync("web-1", "debian", "both", "1");
        await fixture.RecordAsync("db-1", "other", "both", "1");

        await fixture.TakeAsync("web-1", Dpkg("app 2", "both 2"), "?at=2026-02-01");

        Assert.Equal(
            ["feed web-1  1: app different 1 2", "package web-1 dpkg 1: app different 1 2"],
            (await NotedAsync()).Order());
    }

    [Fact]
    public async Task What_somebody_accepted_and_what_nobody_wants_to_hear_of_is_not_told()
    {
        await fixture.RecordAsync("web-1", "debian", "app", "1");
        await fixture.TakeAsync("web-1", Dpkg("app 2"), "?at=2026-02-01");
        await using (var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString))
            await connection.ExecuteAsync(
                """
                insert into drift_acceptances (
                    target_id, package_id, kind, recorded_id, seen_id, reason, accepted_by, accepted_at)
                select o.target_id, o.package_id, 1, i.version_id, o.version_id, 'pinned', 'jane', now()
                from observations o
                join installations i using (target_id, package_id)
                """);
        await RuleAsync("all", 5);

        await fixture.TakeAsync("web-1", Dpkg("app 2"), "?at=2026-02-02");

        Assert.Empty(await NotedAsync());
    }

    async Task RuleAsync(
        string name, int occasion, string? package = null, string? target = null, string? feed = null)
    {
        await using var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString);
        await connection.ExecuteAsync(
            """
            insert into notification_rules (
                name, occasion, package_pattern, target_pattern, feed_id, channel, recipients)
            select @name, @occasion, @package, @target, (select feed_id from feeds where name = @feed), 2,
                   '{a@b.example}'
            """, new { name, occasion = (short)occasion, package, target, feed });
    }

    async Task<IReadOnlyList<string>> NotedAsync()
    {
        await using var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString);
        return [.. (await connection.QueryAsync<(string Rule, string Facts)>(
            """
            select r.name, o.facts::text
            from notification_outbox o
            join notification_rules r using (notification_rule_id)
            order by r.notification_rule_id, o.notification_id
            """)).Select(row => $"{row.Rule} {Text(JsonNode.Parse(row.Facts)!)}")];
    }

    static string Text(JsonNode facts) => $"{facts["target"]} {facts["drift"]!["scope"]} {facts["drift"]!["count"]}: "
        + string.Join(", ", facts["drift"]!["items"]!.AsArray().Select(item => $"{item!["name"]} "
            + $"{(Data.Inventory.DriftKind)(int)item["kind"]!} ".ToLowerInvariant()
            + $"{item["recorded"] ?? "-"} {item["seen"] ?? "-"}"));
}
