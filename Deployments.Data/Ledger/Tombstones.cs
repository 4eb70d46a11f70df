using Dapper;
using Npgsql;

namespace Deployments.Data.Ledger;

/// <summary>
/// What is left of rows that a rule deletes: their leaf hashes, so that their entries still verify, and a leaf of
/// their own that says when and why.
/// </summary>
static class Tombstones
{
    /// <summary>Writes tombstones of rows that the transaction deletes next.</summary>
    /// <param name="connection">Of the transaction.</param>
    /// <param name="transaction">The one that deletes the rows.</param>
    /// <param name="source">What they are.</param>
    /// <param name="ids">Which rows.</param>
    /// <param name="at">When.</param>
    /// <param name="by">Who deletes.</param>
    /// <param name="reason">By which rule.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task AddAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, LedgerSource source, long[] ids, DateTimeOffset at,
        string by, string reason, CancellationToken ct)
    {
        if (ids.Length == 0)
            return;
        var leaves = await source.HashesAsync(connection, transaction, ids, ct);
        var added = (await connection.QueryAsync<long>(new CommandDefinition(
            """
            with batch as (
                insert into ledger_tombstone_batches (removed_at, removed_by, reason)
                values (@at, @by, @reason)
                returning tombstone_batch_id)
            insert into ledger_tombstones (kind, id, tombstone_batch_id, hash)
            select @kind, gone.id, tombstone_batch_id, gone.hash
            from batch, unnest(@ids, @hashes) as gone (id, hash)
            on conflict do nothing
            returning id
            """,
            new
            {
                at = at.UtcDateTime,
                by,
                reason,
                kind = (short)source.Kind,
                ids = leaves.Ids.ToArray(),
                hashes = leaves.Hashes.Chunk(MerkleTree.HashBytes).ToArray(),
            }, transaction, commandTimeout: 120, cancellationToken: ct))).Order().ToArray();
        await LedgerPending.AddAsync(connection, transaction, TombstoneSource.Instance, added, ct);
    }

    /// <summary>The leaf hashes of deleted rows, as far as there are tombstones of them.</summary>
    public static async Task<Dictionary<long, byte[]>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, LedgerKind kind, long[] ids,
        CancellationToken ct) =>
        (await connection.QueryAsync<(long Id, byte[] Hash)>(new CommandDefinition(
            "select id, hash from ledger_tombstones where kind = @kind and id = any(@ids)",
            new { kind = (short)kind, ids }, transaction, cancellationToken: ct)))
        .ToDictionary(row => row.Id, row => row.Hash);
}

/// <summary>Tombstones as rows of the ledger; only records have any yet.</summary>
sealed class TombstoneSource() : LedgerSource(LedgerKind.Tombstone, "tombstone/1")
{
    public static readonly TombstoneSource Instance = new();

    /// <inheritdoc/>
    protected override string Table => "ledger_tombstones d";

    /// <inheritdoc/>
    protected override string Id => "d.id";

    /// <inheritdoc/>
    protected override string Condition => $"d.kind = {(short)LedgerKind.Record}";

    /// <inheritdoc/>
    protected override string Fields =>
        """
        d.id as "id", encode(d.hash, 'hex') as "hash", 'record' as "of", b.removed_at as "at", b.removed_by as "by",
        b.reason as "reason"
        """;

    /// <inheritdoc/>
    protected override string Joins => "join ledger_tombstone_batches b using (tombstone_batch_id)";
}
