using Dapper;
using Npgsql;

namespace Deployments.Tests.Support;

/// <summary>How many rows of a table PostgreSQL reads for something: its cost, whatever the machine does.</summary>
static class RowsRead
{
    /// <summary>
    /// Makes statistics lie as autovacuum does that finds a table between two bursts: many pages, and nothing in them.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The table that fills and empties.</param>
    /// <param name="fill">Fills it, twice.</param>
    public static async Task WithLyingStatisticsAsync(TestDatabase database, string table, Func<Task> fill)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync($"alter table {table} set (autovacuum_enabled = false)");
        await fill();
        await connection.ExecuteAsync($"delete from {table}");
        await connection.ExecuteAsync($"analyze {table}");
        await fill();
    }

    /// <summary>The rows of the table that the work reads, by whatever scan, however often.</summary>
    /// <param name="database">The database; nothing else uses it meanwhile.</param>
    /// <param name="table">The table.</param>
    /// <param name="work">The work.</param>
    public static async Task<long> OfAsync(TestDatabase database, string table, Func<Task> work)
    {
        var before = await AllAsync(database, table);
        await work();
        return await AllAsync(database, table) - before;
    }

    // A session tells what it read at its end, if not before: when none is left, all is told.
    static async Task<long> AllAsync(TestDatabase database, string table)
    {
        database.DataSource.Clear();
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await Patience.UntilAsync(async () => await connection.ExecuteScalarAsync<long>(
            """
            select count(*) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
            """) == 0);
        return await connection.ExecuteScalarAsync<long>(
            "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables where relname = @table",
            new { table });
    }
}
