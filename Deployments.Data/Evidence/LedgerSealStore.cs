using Dapper;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>
/// Seals the rows that were there before the ledger, in small transactions beside the traffic, until an entry says of
/// each kind that everything older is in it. See db/decisions/0025.
/// </summary>
/// <param name="database">The database.</param>
public sealed class LedgerSealStore(NpgsqlDataSource database)
{
    const int BatchRows = 5000;

    // A node that has not been heard of for so long was killed.
    static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    /// <summary>Seals some of what is not sealed yet.</summary>
    /// <param name="batchesMax">How many batches of 5,000 rows at most.</param>
    /// <param name="now">The time.</param>
    /// <param name="ct">Ends it between two batches.</param>
    /// <returns>How many rows were sealed.</returns>
    /// <exception cref="NpgsqlException">The database is away; the batch at hand is not sealed.</exception>
    public async Task<long> SealAsync(int batchesMax, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        if (await FirstKindOrNullAsync(connection, ct) is null || await OlderNodeRunsAsync(connection, now, ct))
            return 0;
        long total = 0;
        while (batchesMax > 0 && await FirstKindOrNullAsync(connection, ct) is { } kind)
        {
            var covered = new CoveredIds(kind);
            for (var isEnded = false; !isEnded && batchesMax > 0; batchesMax--)
            {
                (var rows, isEnded) = await SealBatchAsync(connection, LedgerSources.OfOrNull(kind)!, covered, ct);
                total += rows;
            }
        }

        return total;
    }

    // Whether it has ended is told by the ledger itself, which cannot be changed unseen.
    static Task<LedgerKind?> FirstKindOrNullAsync(NpgsqlConnection connection, CancellationToken ct) =>
        connection.QuerySingleOrDefaultAsync<LedgerKind?>(new CommandDefinition(
            """
            select s.kind::int
            from ledger_sealing s
            where not exists (
                select from ledger_entries e where e.kind = s.kind and e.origin = @ended)
            order by s.kind
            limit 1
            """, new { ended = (short)LedgerOrigin.SealingEnded }, cancellationToken: ct));

    // A node of the version before writes rows without leaves: what it writes must not come behind the place where
    // sealing is already.
    static Task<bool> OlderNodeRunsAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken ct) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select exists (
                select from nodes where not keeps_ledger and stopped_at is null and seen_at > @since)
            """, new { since = now.UtcDateTime - Silence }, cancellationToken: ct));

    static async Task<(int Rows, bool IsEnded)> SealBatchAsync(
        NpgsqlConnection connection, LedgerSource source, CoveredIds covered, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var chain = await LedgerChain.LockAsync(connection, transaction, ct);
        var after = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select last_id from ledger_sealing where kind = @kind", new { kind = (short)source.Kind }, transaction,
            cancellationToken: ct));
        var ids = new List<long>();
        await foreach (var id in source.IdsAsync(connection, transaction, after, BatchRows, ct))
            ids.Add(id);
        // Looked at after the rows were: a leaf is committed with its row, and nobody chains while we hold the lock.
        await covered.ReadAsync(connection, transaction, chain.Size, ct);
        var leaves = await source.HashesAsync(
            connection, transaction, [.. ids.Where(id => !covered.Contains(id))], ct);
        if (leaves.Ids.Count > 0)
            await chain.AddAsync(source.Kind, LedgerOrigin.Sealed, [.. leaves.Ids], leaves.Hashes, ct);
        var isEnded = ids.Count < BatchRows;
        if (isEnded)
            await chain.AddAsync(source.Kind, LedgerOrigin.SealingEnded, [], [], ct);
        else
            await connection.ExecuteAsync(new CommandDefinition(
                "update ledger_sealing set last_id = @last where kind = @kind",
                new { last = ids[^1], kind = (short)source.Kind }, transaction, cancellationToken: ct));
        await connection.ExecuteAsync(new CommandDefinition(
            "update ledger_sealing set sealed = sealed + @rows where kind = @kind",
            new { rows = leaves.Ids.Count, kind = (short)source.Kind }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return (leaves.Ids.Count, isEnded);
    }

    // The rows of one kind that have a leaf, chained or waiting.
    sealed class CoveredIds(LedgerKind kind)
    {
        readonly IdSet chained = new();
        HashSet<long> waiting = [];
        long read;

        public bool Contains(long id) => chained.Contains(id) || waiting.Contains(id);

        public async Task ReadAsync(
            NpgsqlConnection connection, NpgsqlTransaction transaction, long size, CancellationToken ct)
        {
            var entries = connection.QueryUnbufferedAsync<(int Leaves, byte[] Ids)>(
                """
                select leaves, ids from ledger_entries
                where number > @read and kind = @kind and leaves > 0
                order by number
                """, new { read, kind = (short)kind }, transaction, commandTimeout: 600);
            await foreach (var (leaves, ids) in entries.WithCancellation(ct))
            {
                foreach (var id in LedgerIds.ReadOrNull(ids, leaves) ?? [])
                    chained.Add(id);
            }

            read = size;
            waiting = [.. await connection.QueryAsync<long>(new CommandDefinition(
                "select unnest(ids) from ledger_pending where kind = @kind", new { kind = (short)kind }, transaction,
                commandTimeout: 120, cancellationToken: ct))];
        }
    }
}
