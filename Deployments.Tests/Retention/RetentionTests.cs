using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Records;
using Deployments.Data.Retention;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Retention;

/// <summary>What rules remove and what they leave, on records around the borders.</summary>
public sealed class RetentionTests
{
    // Six months after the first record, to the second.
    static readonly DateTimeOffset Now = Seed.Start.AddMonths(6);
    static readonly Actor Somebody = new("Admin", "192.0.2.1");

    [Fact]
    public async Task Records_older_than_the_rule_go_to_the_microsecond()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        var cutoff = Now.AddMonths(-6);
        await seed.DeployAsync("A 1.0", "WEB-01", 0, change: At(cutoff.AddMicroseconds(-1)));
        var onTheBorder = await seed.DeployAsync("A 1.1", "WEB-01", 0, change: At(cutoff));
        var newest = await seed.DeployAsync("A 1.2", "WEB-01", 1);
        var rule = await AddActiveAsync(database, new RetentionFields(6, null, null));

        var run = await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default);

        Assert.Equal(new RetentionRun(1, 1), run);
        Assert.Equal([onTheBorder, newest], await IdsAsync(database));
        var applied = (await new RetentionQueries(database.DataSource).ByIdOrNullAsync(rule, default))!;
        Assert.Equal((Now, 1L), (applied.LastRunAt!.Value, applied.LastRemoved!.Value));
    }

    [Fact]
    public async Task The_newest_record_of_a_package_on_a_target_stays_whatever_its_age()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.DeployAsync("A 1.0", "WEB-01", -2);
        var runsThere = await seed.DeployAsync("A 1.1", "WEB-01", -1);
        var runsElsewhere = await seed.DeployAsync("A 1.0", "WEB-02", -3);
        var late = await seed.DeployAsync("B 1.0", "WEB-01", -9);
        await seed.RemoveAsync("B", "WEB-01", -8); // the last that ran there, all the same
        await AddActiveAsync(database, new RetentionFields(1, null, null));

        await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default);

        Assert.Equal([runsThere, runsElsewhere, late], await IdsAsync(database));
        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(3, await connection.ExecuteScalarAsync<long>(
            "select count(*) from installations i join deployments d on d.id = i.deployment_id"));
    }

    [Fact]
    public async Task A_rule_for_a_feed_or_for_targets_leaves_the_others()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await (await new Seed(database).FeedAsync("main", "nuget")).FeedAsync("test", "nuget");
        foreach (var (feed, target) in new[] { ("main", "TEST-1"), ("test", "TEST_1"), ("test", "WEB-01") })
        {
            await seed.DeployAsync("A 1.0", target, 0, feed);
            await seed.DeployAsync("A 1.1", target, 1, feed);
        }

        var store = new RetentionRunStore(database.DataSource);
        var queries = new RetentionQueries(database.DataSource);
        var testFeed = await FeedIdAsync(database, "test");

        Assert.Equal(2, (await queries.PreviewAsync(new RetentionFields(1, testFeed, null), Now, default)).Records);
        Assert.Equal(2, (await queries.PreviewAsync(new RetentionFields(1, null, "test*"), Now, default)).Records);
        // An underscore is itself, not any character.
        Assert.Equal(1, (await queries.PreviewAsync(new RetentionFields(1, null, "TEST_1"), Now, default)).Records);
        Assert.Equal(0, (await queries.PreviewAsync(new RetentionFields(1, null, "%"), Now, default)).Records);
        await AddActiveAsync(database, new RetentionFields(1, testFeed, "test_*"));
        Assert.Equal(1, (await store.ApplyAsync(Now, default))!.Records);
        Assert.Equal(["TEST-1", "TEST-1", "TEST_1", "WEB-01", "WEB-01"],
            (await Recorded.AllAsync(database)).Select(row => row.Target).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_preview_counts_per_month_what_the_run_then_removes_and_removes_nothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        foreach (var day in new[] { -40, -39, 0, 1, 60 })
            await seed.DeployAsync($"A 1.{day + 100}", "WEB-01", day * 24 * 60);
        var queries = new RetentionQueries(database.DataSource);
        var fields = new RetentionFields(2, null, null);

        var preview = await queries.PreviewAsync(fields, Now, default);

        Assert.Equal(
            [new(new DateOnly(2025, 12, 1), 2), new(new DateOnly(2026, 1, 1), 1), new(new DateOnly(2026, 2, 1), 1)],
            preview.Months);
        Assert.Equal((4L, 1L, 0L), (preview.Records, preview.Kept, preview.Rejected));
        Assert.Equal((Seed.Start.AddDays(-40), Seed.Start.AddDays(1)), (preview.Oldest!.Value, preview.Newest!.Value));
        Assert.Equal(5, (await IdsAsync(database)).Count);
        await AddActiveAsync(database, fields);
        Assert.Equal(4, (await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default))!.Records);
    }

    [Fact]
    public async Task Repeated_and_resolved_rejected_records_go_and_waiting_ones_stay()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        NewRecord Dated(NewRecord record) => record with { DateIsExplicit = true };
        var first = await seed.DeployAsync("A 1.0", "WEB-01", 0, change: Dated);
        Assert.Equal(first, await seed.DeployAsync("A 1.0", "WEB-01", 0, change: Dated));
        await seed.DeployAsync("A 1.1", "WEB-01", 1);
        foreach (var id in new[] { 91, 92, 93 })
            await seed.ExecuteAsync(PageSeed.Rejected(id));
        await seed.ExecuteAsync("update rejected_records set received_at = '2026-01-01' where id <> 93");
        await seed.ExecuteAsync(
            "update rejected_records set resolved_at = now(), resolution = 'dismissed' where id <> 91");
        Assert.Equal(1, (await new RetentionQueries(database.DataSource)
            .PreviewAsync(new RetentionFields(1, null, null), Now, default)).Rejected);
        await AddActiveAsync(database, new RetentionFields(1, null, null));

        await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default);

        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from duplicate_records"));
        Assert.Equal([91, 93], await connection.QueryAsync<long>("select id from rejected_records order by id"));
        var entry = (await new AuditQueries(database.DataSource)
            .PageAsync(new AuditFilter(null, "retention.remove"), null, 10, default)).Single();
        Assert.Equal("Deployments", entry.Actor);
        foreach (var part in (string[])[
            "\"deploymentRecords\": 1", "\"repeatedRecords\": 1", "\"resolvedRejectedRecords\": 1",
            "\"keepMonths\": 1", "2026-01-31T08:15:00"])
            Assert.Contains(part, entry.Before, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_removes_in_batches_until_nothing_is_left()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        var last = await seed.DeployAsync("A 1.0", "WEB-01", 60);
        // Copies of one record, some at the same moment: a batch may end between two of them.
        await seed.ExecuteAsync(
            """
            insert into deployments (
                id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
                description_id, feed_id, road)
            select 1000 + n, deployed_at - interval '1 minute' * (1 + n % 700), recorded_at, package_id, version_id,
                   target_id, application_id, user_id, recorder_id, description_id, feed_id, road
            from deployments cross join generate_series(1, 5000) as n
            """);
        await AddActiveAsync(database, new RetentionFields(1, null, null));

        Assert.Equal(5000, (await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default))!.Records);

        Assert.Equal([last], await IdsAsync(database));
        var audited = await new AuditQueries(database.DataSource)
            .PageAsync(new AuditFilter(null, "retention.remove"), null, 10, default);
        Assert.Contains("\"deploymentRecords\": 5000", Assert.Single(audited).Before, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deployments")]
    [InlineData("duplicate_records")]
    [InlineData("rejected_records")]
    public async Task A_run_reads_what_it_looks_at_a_few_times_though_the_statistics_say_that_nothing_is_there(
        string table)
    {
        const int rows = 6000;
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.DeployAsync("A 1.0", "WEB-01", 60);
        await seed.ExecuteAsync("create table model as select * from deployments");
        foreach (var (name, fill) in new[]
        {
            ("duplicate_records", "select 99000 + n, 100 + n, now()"),
            ("rejected_records",
                """
                select n, timestamptz '2026-01-01', 1, '', 'a', '1', '', 'r', null, null, 1, '/', '', 'no', now(),
                       'dismissed'
                """),
            ("deployments",
                """
                select 100 + n, deployed_at - interval '1 minute' * n, recorded_at, package_id, version_id, target_id,
                       application_id, user_id, recorder_id, description_id, feed_id, road
                """),
        })
        {
            // Of most repeated records the record that they repeat is not there.
            var count = name == "duplicate_records" ? 4 * rows : rows;
            await RowsRead.WithLyingStatisticsAsync(database, name, () => seed.ExecuteAsync(
                $"insert into {name} ({Columns(name)}) {fill} from model, generate_series(1, {count}) n"));
            if (name != table)
                await seed.ExecuteAsync($"analyze {name}");
        }

        await AddActiveAsync(database, new RetentionFields(1, null, null));

        var read = await RowsRead.OfAsync(database, table, async () => Assert.Equal(
            rows, (await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default))!.Records));

        Assert.InRange(read, rows, 3 * rows);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(table == "duplicate_records" ? 3 * rows : 0,
            await connection.ExecuteScalarAsync<long>($"select count(*) from {table}"));
    }

    static string Columns(string table) => table switch
    {
        "duplicate_records" => "id, deployment_id, received_at",
        "rejected_records" =>
            """
            id, received_at, feed_id, group_name, name, version, qualifier, recorder, client_address, user_agent,
            road, raw_path, raw_headers, reason, resolved_at, resolution
            """,
        _ =>
            """
            id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
            description_id, feed_id, road
            """,
    };

    [Fact]
    public async Task What_a_killed_run_removed_is_audited_by_the_next()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        var rule = await AddActiveAsync(database, new RetentionFields(1200, null, null));
        await seed.ExecuteAsync(
            "update retention_rules set pending_records = 7, pending_oldest_at = '2020-01-01'");

        await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default);
        await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default);

        var audited = await new AuditQueries(database.DataSource)
            .PageAsync(new AuditFilter(null, "retention.remove"), null, 10, default);
        Assert.Contains("\"deploymentRecords\": 7", Assert.Single(audited).Before, StringComparison.Ordinal);

        await seed.ExecuteAsync("update retention_rules set pending_records = 3");
        Assert.True(await new RetentionStore(database.DataSource).DeleteAsync(rule, Somebody, default));
        audited = await new AuditQueries(database.DataSource)
            .PageAsync(new AuditFilter(null, null), null, 10, default);
        Assert.Equal(["retention.delete", "retention.remove"], audited.Take(2).Select(entry => entry.Action));
    }

    [Fact]
    public async Task One_node_at_a_time_applies_the_rules()
    {
        await using var database = await TestDatabase.CreateAsync();
        var store = new RetentionRunStore(database.DataSource);
        await using (var other = await database.DataSource.OpenConnectionAsync())
        {
            await other.ExecuteAsync("select pg_advisory_lock(862403)");
            Assert.Null(await store.ApplyAsync(Now, default));
            await other.ExecuteAsync("select pg_advisory_unlock(862403)");
        }

        Assert.Equal(new RetentionRun(0, 0), await store.ApplyAsync(Now, default));
        Assert.Equal(new RetentionRun(0, 0), await store.ApplyAsync(Now, default));
    }

    [Fact]
    public async Task A_new_or_changed_rule_is_off_and_only_the_rule_looked_at_can_be_switched_on()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.1", "WEB-01", 1);
        var store = new RetentionStore(database.DataSource);
        var queries = new RetentionQueries(database.DataSource);
        var (_, id) = await store.AddAsync(new RetentionFields(24, null, null), Somebody, default);
        Assert.Equal(new RetentionRun(0, 0), await new RetentionRunStore(database.DataSource).ApplyAsync(Now, default));

        var looked = (await queries.ByIdOrNullAsync(id, default))!;
        Assert.Equal(RetentionOutcome.Saved,
            await store.ChangeAsync(id, new RetentionFields(1, null, null), Somebody, default));
        Assert.Equal(RetentionOutcome.Changed, await store.SwitchAsync(id, looked.Revision, true, Somebody, default));
        Assert.Equal(RetentionOutcome.Saved,
            await store.SwitchAsync(id, looked.Revision + 1, true, Somebody, default));
        Assert.Equal(RetentionOutcome.Saved,
            await store.ChangeAsync(id, new RetentionFields(2, null, null), Somebody, default));
        Assert.False((await queries.ByIdOrNullAsync(id, default))!.Active);
        Assert.Equal(2, (await IdsAsync(database)).Count);

        Assert.Equal(RetentionOutcome.UnknownFeed,
            await store.ChangeAsync(id, new RetentionFields(2, 999, null), Somebody, default));
        Assert.Equal(RetentionOutcome.UnknownFeed,
            (await store.AddAsync(new RetentionFields(2, 999, null), Somebody, default)).Outcome);
        Assert.Equal(RetentionOutcome.NotFound, await store.SwitchAsync(999, 1, true, Somebody, default));
        var log = await new AuditQueries(database.DataSource).PageAsync(new AuditFilter(null, null), null, 10, default);
        Assert.Equal(["retention.update", "retention.switchOn", "retention.update", "retention.create"],
            log.Select(entry => entry.Action));
        Assert.All(log, entry => Assert.Equal(("Admin", "192.0.2.1"), (entry.Actor, entry.Address)));
    }

    static Func<NewRecord, NewRecord> At(DateTimeOffset time) => record => record with { DeployedAt = time };

    static async Task<int> AddActiveAsync(TestDatabase database, RetentionFields fields)
    {
        var store = new RetentionStore(database.DataSource);
        var (outcome, id) = await store.AddAsync(fields, Somebody, default);
        Assert.Equal(RetentionOutcome.Saved, outcome);
        Assert.Equal(RetentionOutcome.Saved, await store.SwitchAsync(id, 1, true, Somebody, default));
        return id;
    }

    static async Task<IReadOnlyList<long>> IdsAsync(TestDatabase database)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<long>("select id from deployments order by id")];
    }

    static async Task<int> FeedIdAsync(TestDatabase database, string name)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<int>(
            "select feed_id from feeds where name = @name", new { name });
    }
}
