using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>Chains the leaves that wait, a few seconds after they were written. See db/decisions/0025.</summary>
/// <param name="database">The database.</param>
public sealed class LedgerChainStore(NpgsqlDataSource database)
{
    // So many leaves make one transaction: 4 MB of hashes.
    const int LeavesAtOnce = 100_000;

    /// <summary>
    /// Chains everything that waits. Any number of nodes may: one after the other, and what one has taken is gone for
    /// the next.
    /// </summary>
    /// <param name="ct">Cancels; what is not chained by then waits on.</param>
    /// <returns>How many leaves were chained.</returns>
    /// <exception cref="NpgsqlException">The database is away; the batch at hand waits on.</exception>
    public async Task<long> ChainAsync(CancellationToken ct)
    {
        long total = 0;
        long chained;
        do
        {
            chained = await ChainOnceAsync(ct);
            total += chained;
        }
        while (chained >= LeavesAtOnce);
        return total;
    }

    async Task<long> ChainOnceAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from ledger_pending)", cancellationToken: ct)))
            return 0;
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var chain = await LedgerChain.LockAsync(connection, transaction, ct);
        await AlongIndexes.BeginAsync(transaction, ct);
        var taken = (await connection.QueryAsync<Pending>(new CommandDefinition(
            """
            with taken as (
                delete from ledger_pending
                where pending_id = any(array(
                    select pending_id
                    from (
                        select pending_id, sum(leaves) over (order by pending_id) - leaves as before
                        from (select pending_id, leaves from ledger_pending order by pending_id limit 10000) oldest
                    ) summed
                    where before < @LeavesAtOnce))
                returning kind, ids, hashes)
            select kind, ids, hashes from taken
            """, new { LeavesAtOnce }, transaction, commandTimeout: 120, cancellationToken: ct))).AsList();
        await AlongIndexes.EndAsync(transaction, ct);
        foreach (var kind in taken.GroupBy(pending => pending.Kind).OrderBy(group => group.Key))
            await chain.AddAsync(
                (LedgerKind)kind.Key, LedgerOrigin.Written, kind.SelectMany(pending => pending.Leaves), ct);
        await transaction.CommitAsync(ct);
        return taken.Sum(pending => (long)pending.Ids.Length);
    }

    sealed record Pending
    {
        public short Kind { get; init; }

        public long[] Ids { get; init; } = [];

        public byte[] Hashes { get; init; } = [];

        public IEnumerable<(long Id, ReadOnlyMemory<byte> Hash)> Leaves => Ids.Select((id, at) =>
            (id, new ReadOnlyMemory<byte>(Hashes, at * MerkleTree.HashBytes, MerkleTree.HashBytes)));
    }
}
