using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>Keeps the indexes of the records small (db/decisions/0005).</summary>
/// <param name="database">The database.</param>
public sealed class RecordIndexStore(NpgsqlDataSource database)
{
    const long PackLock = AdvisoryLocks.PackIndexes;

    // Packed they take 150 bytes a record, left alone 205 (db/decisions/0005). Few records are not worth the trouble.
    const int BytesPerRecordMax = 180;
    const int RecordsMin = 100_000;

    /// <summary>Whether the indexes have grown so loose that rebuilding them gains much.</summary>
    public async Task<bool> AreLooseAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select reltuples >= @RecordsMin and pg_indexes_size(oid) > reltuples * @BytesPerRecordMax
            from pg_class where oid = 'deployments'::regclass
            """, new { RecordsMin, BytesPerRecordMax }, cancellationToken: ct));
    }

    /// <summary>
    /// Rebuilds the indexes of <c>deployments</c> while everything else goes on. Records arrive in the order of time
    /// and therefore in the middle of every other index, which leaves its pages half empty.
    /// </summary>
    /// <param name="ct">Ends the rebuilding; what is done by then stays.</param>
    /// <returns>False when another node is at it.</returns>
    /// <exception cref="NpgsqlException">The database is away or refuses; the old indexes remain.</exception>
    public async Task<bool> PackAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select pg_try_advisory_lock(@PackLock)", new { PackLock }, cancellationToken: ct)))
            return false;
        try
        {
            // What a run that was killed has left behind: built for nothing, yet written to with each record.
            await connection.ExecuteAsync(new CommandDefinition(
                """
                do $$
                declare unfinished name;
                begin
                    for unfinished in
                        select relname from pg_index join pg_class on pg_class.oid = indexrelid
                        where indrelid = 'deployments'::regclass and not indisvalid
                    loop
                        execute format('drop index %I', unfinished);
                    end loop;
                end $$
                """, cancellationToken: ct));
            await connection.ExecuteAsync(new CommandDefinition(
                "reindex table concurrently deployments", commandTimeout: 0, cancellationToken: ct));
            return true;
        }
        finally
        {
            await connection.ExecuteAsync("select pg_advisory_unlock(@PackLock)", new { PackLock });
        }
    }
}
