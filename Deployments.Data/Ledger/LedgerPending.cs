using Dapper;
using Npgsql;

namespace Deployments.Data.Ledger;

/// <summary>
/// Writes leaves beside the rows that they are of, in the same transaction: they are both there or neither is. Nobody
/// waits for anybody: the leaves are chained afterwards. See db/decisions/0025.
/// </summary>
static class LedgerPending
{
    /// <summary>Writes leaves.</summary>
    /// <param name="connection">Of the transaction.</param>
    /// <param name="transaction">The one that writes the rows.</param>
    /// <param name="kind">Of what.</param>
    /// <param name="ids">The ids of the rows.</param>
    /// <param name="hashes">The leaf hashes, 32 bytes each, in that order.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task AddAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, LedgerKind kind, long[] ids, byte[] hashes,
        CancellationToken ct)
    {
        if (ids.Length == 0)
            return;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into ledger_pending (kind, leaves, ids, hashes)
            values (@kind, @leaves, @ids, @hashes)
            """, new { kind = (short)kind, leaves = ids.Length, ids, hashes }, transaction, cancellationToken: ct));
    }

    /// <summary>Writes the leaves of rows that the transaction has written, as they read now.</summary>
    public static async Task AddAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, LedgerSource source, long[] ids,
        CancellationToken ct)
    {
        if (ids.Length == 0)
            return;
        var leaves = await source.HashesAsync(connection, transaction, ids, ct);
        await AddAsync(connection, transaction, source.Kind, [.. leaves.Ids], leaves.Hashes, ct);
    }
}
