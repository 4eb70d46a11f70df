using Dapper;
using Deployments.Data.Inbox;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Inbox;

/// <summary>A backlog costs no more for each batch than a handful, whatever the statistics say.</summary>
public sealed class InboxClaimTests
{
    const int Entries = 20_000;
    const int Batch = 500;

    [Fact]
    public async Task Claiming_reads_a_batch_and_not_the_backlog_though_the_statistics_say_it_is_empty()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        await app.StopJobsAsync();
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        // As autovacuum finds it: many pages, and nothing in them.
        await InboxSeed.FillAsync(app.Database.DataSource, Entries);
        await connection.ExecuteAsync("delete from deployment_inbox; analyze deployment_inbox");
        await InboxSeed.FillAsync(app.Database.DataSource, Entries);

        var before = await ReadAsync(connection, atLeast: 0);
        Assert.Equal(Batch, await app.Service<InboxStore>().DrainAsync(
            Batch, row => new InboxVerdict(row, null, "", "not today"), default));
        var after = await ReadAsync(connection, before + Batch);

        // The whole inbox is read where a plan for an empty table is used: twice 20,000 rows for each batch.
        Assert.InRange(after - before, 0, 4 * Batch);
        Assert.Equal(Entries - Batch, await app.Service<InboxStore>().CountAsync(default));
    }

    // Rows read from the table, by whatever scan, once PostgreSQL has gathered them.
    static async Task<long> ReadAsync(NpgsqlConnection connection, long atLeast)
    {
        var read = 0L;
        await Patience.UntilAsync(async () =>
        {
            await connection.ExecuteAsync("select pg_stat_force_next_flush(), pg_stat_clear_snapshot()");
            read = await connection.ExecuteScalarAsync<long>(
                "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'deployment_inbox'");
            return read >= atLeast;
        });
        return read;
    }
}
