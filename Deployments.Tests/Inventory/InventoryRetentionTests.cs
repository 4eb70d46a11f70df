using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Inventory;
using Deployments.Data.Retention;
using Deployments.Tests.Support;
using Npgsql;
using static Deployments.Tests.Inventory.InventoryFixture;

namespace Deployments.Tests.Inventory;

/// <summary>What a retention rule takes of what inventories showed, and what it leaves.</summary>
public sealed class InventoryRetentionTests(InventoryFixture fixture) : IClassFixture<InventoryFixture>
{
    static readonly DateTimeOffset Now = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly Actor Somebody = new("Admin", "192.0.2.1");

    [Fact]
    public async Task What_is_gone_for_long_goes_and_what_tells_of_now_stays()
    {
        // Goal: of three versions in a row the oldest goes, with the inventory that showed nothing new; the last one
        // seen of a package stays, so that it is still missing.
        var target = NewTarget();
        await fixture.RecordAsync(target, "debian", "app", "1");
        await fixture.TakeAsync(target, Dpkg("tool 1", "app 1"), "?at=2026-01-02");
        await fixture.TakeAsync(target, Dpkg("tool 1", "app 1"), "?at=2026-01-03");
        await fixture.TakeAsync(target, Dpkg("tool 2"), "?at=2026-01-04");
        await fixture.TakeAsync(target, Dpkg("tool 3"), "?at=2026-10-30");
        await fixture.TakeAsync(target, Dpkg("tool 3"), "?at=2026-10-31");
        var store = fixture.App.Service<RetentionStore>();
        var fields = new RetentionFields(6, null, target, RetentionSubject.Inventories);
        var (_, id) = await store.AddAsync(fields, Somebody, default);
        var queries = fixture.App.Service<RetentionQueries>();

        var preview = await queries.PreviewAsync(fields, Now, default);
        Assert.Equal((1, 1, 1), (preview.Records, preview.Kept, preview.Uploads));

        await store.SwitchAsync(id, 1, true, Somebody, default);
        await fixture.App.Service<RetentionRunStore>().ApplyAsync(Now, default);

        Assert.Equal(["app 1", "tool 2", "tool 3"], await KeptAsync(target));
        Assert.Equal(4, await UploadsAsync(target));
        var drift = await fixture.App.Service<DriftQueries>().PageAsync(
            new DriftFilter { Target = target }, Data.Feeds.VisibleFeeds.All, default);
        Assert.Equal(DriftKind.Missing, Assert.Single(drift.Items).Kind);
        var rule = (await queries.ByIdOrNullAsync(id, default))!;
        Assert.Equal((RetentionSubject.Inventories, 1L), (rule.Subject, rule.LastRemoved!.Value));
        Assert.Contains("\"inventories\": 1", await AuditedAsync(id), StringComparison.Ordinal);
        Assert.Equal(0, (await queries.PreviewAsync(fields, Now, default)).Records);
    }

    [Fact]
    public async Task Records_are_left_by_a_rule_for_inventories_and_its_feed_is_none()
    {
        var target = NewTarget();
        await fixture.RecordAsync(target, "debian", "app", "1", "2020-01-01");
        await fixture.RecordAsync(target, "debian", "app", "2", "2020-01-02");
        var store = fixture.App.Service<RetentionStore>();
        var (_, id) = await store.AddAsync(
            new RetentionFields(1, 1, target, RetentionSubject.Inventories), Somebody, default);
        await store.SwitchAsync(id, 1, true, Somebody, default);

        await fixture.App.Service<RetentionRunStore>().ApplyAsync(Now, default);

        await using var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString);
        Assert.Equal(2, await connection.ExecuteScalarAsync<long>(
            "select count(*) from deployments join targets using (target_id) where name = @target", new { target }));
        Assert.Null((await fixture.App.Service<RetentionQueries>().ByIdOrNullAsync(id, default))!.FeedId);
    }

    async Task<IReadOnlyList<string>> KeptAsync(string target)
    {
        await using var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString);
        return [.. await connection.QueryAsync<string>(
            """
            select p.name || ' ' || v.version
            from observations o
            join targets t using (target_id)
            join packages p using (package_id)
            join package_versions v using (version_id)
            where t.name = @target
            order by 1
            """, new { target })];
    }

    async Task<long> UploadsAsync(string target)
    {
        await using var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString);
        return await connection.ExecuteScalarAsync<long>(
            """
            select count(*)
            from inventory_uploads
            join inventory_scopes using (scope_id)
            join targets using (target_id)
            where targets.name = @target
            """, new { target });
    }

    async Task<string> AuditedAsync(int id)
    {
        await using var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString);
        return (await connection.ExecuteScalarAsync<string>(
            """
            select before::text from audit_events
            where action = 'retention.remove' and subject_name like @subject
            order by 1 limit 1
            """, new { subject = $"#{id} %" }))!;
    }
}
