using Deployments.Data.Database;
using Deployments.Data.Evidence;
using Deployments.Data.Ledger;
using Deployments.Tests.Support;

namespace Deployments.Tests.Ledger;

/// <summary>What was there before the ledger is sealed beside the traffic.</summary>
public sealed class SealingTests
{
    // As the version before wrote them.
    const string BeforeTheLedger =
        """
        truncate ledger_pending, ledger_entries, ledger_nodes;
        update ledger_sealing set last_id = -9223372036854775808, sealed = 0, began_at = now();
        """;

    const string MoreRecords =
        """
        insert into deployments (
            id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
            description_id, feed_id, road)
        select 1000 + 2 * n, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id,
               recorder_id, description_id, feed_id, road
        from deployments cross join generate_series(1, 6000) as n
        where id = 1
        """;

    [Fact]
    public async Task Old_rows_are_sealed_in_batches_while_new_ones_come_and_are_covered_once()
    {
        await using var data = await LedgerData.CreateAsync();
        await data.TamperAsync(BeforeTheLedger + MoreRecords);
        await data.Seed.DeployAsync("A 1.2", "WEB-01", 9); // new: chained or waiting, it is not sealed
        await data.ChainAsync();
        await data.Seed.DeployAsync("A 1.3", "WEB-01", 9);
        var store = new LedgerSealStore(data.Database.DataSource);
        var now = TimeProvider.System.GetUtcNow();

        Assert.Equal(4998, await store.SealAsync(1, now, default)); // of 5,000 two were covered
        var midway = await data.VerifyAsync();
        Assert.Empty(midway.Problems);
        Assert.Equal((4998L, 1005L), (midway.Checked[0].Sealed, midway.Checked[0].Unsealed));
        await data.Seed.DeployAsync("A 1.4", "WEB-01", 9);
        await data.SealAsync();

        var report = await data.VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.Equal((6006L, 6003L, 0L),
            (report.Checked[0].Leaves, report.Checked[0].Sealed, report.Checked[0].Unsealed));
        Assert.Equal(6, report.Checked.Single(kind => kind.Kind == LedgerKind.Change).Sealed);
        Assert.Equal(0, await store.SealAsync(1000, now, default)); // it is over
        var coverage = await new LedgerQueries(data.Database.DataSource).CoverageAsync(default);
        Assert.Equal(6003, coverage[0].Sealed);
        Assert.All(coverage, kind => Assert.NotNull(kind.SealedAt));
    }

    [Fact]
    public async Task A_database_of_the_release_before_is_sealed_after_it_was_migrated()
    {
        await using var data = new LedgerData(await TestDatabase.CreateAsync(migrated: false));
        foreach (var (name, sql) in Migrator.All)
        {
            if (name.StartsWith("0057_", StringComparison.Ordinal))
                await data.Seed.ExecuteAsync(
                    """
                    insert into feeds (name, feed_type) values ('main', 'nuget');
                    insert into packages (type, group_key, name_key, group_name, name)
                    values ('nuget', '', 'a', '', 'A');
                    insert into package_versions (package_id, version_key, qualifier, version)
                    values (1, '1.0', '', '1.0');
                    insert into targets (name_key, name) values ('web-01', 'WEB-01');
                    insert into applications (name_key, name) values ('x', 'x');
                    insert into users (name_key, name) values ('x', 'x');
                    insert into recorders (name_key, name) values ('x', 'x');
                    insert into texts (name_key, name) values (gen_random_uuid(), '');
                    insert into deployments (
                        id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id,
                        recorder_id, description_id, feed_id, road)
                    select 100 * n, now(), now(), 1, 1, 1, 1, 1, 1, 1, 1, 1 from generate_series(1, 10) n;
                    insert into removals (
                        removed_at, recorded_at, package_id, target_id, application_id, user_id, recorder_id,
                        description_id, feed_id, road)
                    values (now(), now(), 1, 1, 1, 1, 1, 1, 1, 1);
                    insert into audit_events (actor, action, subject_kind, subject_name) values ('x', 'a.b', 'c', 'd');
                    """);
            await data.Seed.ExecuteAsync(sql);
        }

        var before = await data.VerifyAsync();
        Assert.Empty(before.Problems);
        Assert.Equal(10, before.Checked[0].Unsealed);
        Assert.Equal(12, await data.SealAsync());

        var report = await data.VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.Equal(12, report.Checked.Sum(kind => kind.Sealed));
        await data.TamperAsync("update deployments set road = 2 where id = 500");
        Assert.StartsWith("Deployment record 500 was changed", Assert.Single((await data.VerifyAsync()).Problems),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sealing_waits_for_nodes_of_the_version_before()
    {
        await using var data = await LedgerData.CreateAsync();
        await data.TamperAsync(BeforeTheLedger);
        await data.Seed.ExecuteAsync(
            """
            insert into nodes (node_id, name, process_id, version, started_at, seen_at, journal_bytes, refused_bytes)
            values (gen_random_uuid(), 'old', 1, '1.0.0', now(), now(), 0, 0)
            """);

        Assert.Equal(0, await data.SealAsync());
        await data.TamperAsync("update nodes set stopped_at = now()");

        Assert.NotEqual(0, await data.SealAsync());
        Assert.Empty((await data.VerifyAsync()).Problems);
    }

    // Who may write the tables could have it sealed once more what he has inserted: that it was is told for ever.
    [Fact]
    public async Task Sealing_once_more_does_not_launder_an_inserted_row()
    {
        await using var data = await LedgerData.CreateAsync();
        var end = await data.AnchorAsync();
        await data.TamperAsync(MoreRecords);
        await data.TamperAsync("update ledger_sealing set last_id = -9223372036854775808, sealed = 0");

        Assert.Equal(0, await data.SealAsync());
        var report = await data.VerifyAsync(end);
        Assert.Equal(6000, report.ProblemCount);
        Assert.Equal(LedgerReport.ProblemsMax, report.Problems.Count);

        // With the entry that said that everything is sealed, the end of the ledger is gone as well.
        await data.TamperAsync($"delete from ledger_entries where origin = {(short)LedgerOrigin.SealingEnded}");
        Assert.NotEqual(0, await data.SealAsync());
        Assert.NotEmpty((await data.VerifyAsync(end)).Problems);
    }
}
