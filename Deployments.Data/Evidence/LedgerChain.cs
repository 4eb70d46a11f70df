using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>
/// The end of the ledger within one transaction, which alone adds to it: the lock is held until the commit. Who writes
/// rows never waits for it.
/// </summary>
sealed class LedgerChain
{
    const long LedgerLock = AdvisoryLocks.Ledger;

    readonly NpgsqlConnection connection;
    readonly NpgsqlTransaction transaction;
    readonly DateTimeOffset now;
    LedgerEntry? last;

    LedgerChain(NpgsqlConnection connection, NpgsqlTransaction transaction, DateTimeOffset now, LedgerEntry? last)
    {
        this.connection = connection;
        this.transaction = transaction;
        this.now = now;
        this.last = last;
    }

    /// <summary>How many entries there are.</summary>
    public long Size => last?.Number ?? 0;

    /// <summary>Locks the end of the ledger, waiting for its turn.</summary>
    public static async Task<LedgerChain> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "select pg_advisory_xact_lock(@LedgerLock)", new { LedgerLock }, transaction, commandTimeout: 120,
            cancellationToken: ct));
        // A statement of its own: it sees what the one before us has committed. The time never goes back.
        var last = await connection.QuerySingleOrDefaultAsync<LedgerEntry>(new CommandDefinition(
            "select number, chained_at, hash from ledger_entries order by number desc limit 1",
            transaction: transaction, cancellationToken: ct));
        var now = await connection.ExecuteScalarAsync<DateTime>(new CommandDefinition(
            "select greatest(clock_timestamp(), @at::timestamptz)", new { at = last?.ChainedAt.UtcDateTime },
            transaction, cancellationToken: ct));
        return new LedgerChain(connection, transaction, new DateTimeOffset(now, TimeSpan.Zero), last);
    }

    /// <summary>Adds entries for leaves, as many as they need.</summary>
    /// <param name="kind">Of what.</param>
    /// <param name="origin">How they come to be.</param>
    /// <param name="leaves">Ids and leaf hashes, in any order.</param>
    /// <param name="ct">Cancels.</param>
    public async Task AddAsync(
        LedgerKind kind, LedgerOrigin origin, IEnumerable<(long Id, ReadOnlyMemory<byte> Hash)> leaves,
        CancellationToken ct)
    {
        var ids = new List<long>();
        var hashes = new List<byte>();
        foreach (var (id, hash) in leaves.OrderBy(leaf => leaf.Id))
        {
            // An entry has a row once.
            if (ids.Count == LedgerEntry.LeavesMax || (ids.Count > 0 && ids[^1] == id))
                await EndAsync();
            ids.Add(id);
            hashes.AddRange(hash.Span);
        }

        if (ids.Count > 0)
            await EndAsync();

        async Task EndAsync()
        {
            await AddAsync(kind, origin, ids.ToArray(), hashes.ToArray(), ct);
            ids.Clear();
            hashes.Clear();
        }
    }

    /// <summary>Adds one entry.</summary>
    public async Task AddAsync(
        LedgerKind kind, LedgerOrigin origin, long[] ids, byte[] hashes, CancellationToken ct)
    {
        last = LedgerEntry.After(last, now, kind, origin, ids, hashes);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into ledger_entries (
                number, chained_at, kind, origin, leaves, first_id, last_id, ids, marks, root, hash)
            values (
                @Number, @at, @kind, @origin, @Leaves, @firstId, @lastId, @Ids, @Marks, @Root, @Hash)
            """,
            new
            {
                last.Number,
                at = last.ChainedAt.UtcDateTime,
                kind = (short)kind,
                origin = (short)origin,
                last.Leaves,
                firstId = ids.Length == 0 ? (long?)null : ids[0],
                lastId = ids.Length == 0 ? (long?)null : ids[^1],
                last.Ids,
                last.Marks,
                last.Root,
                last.Hash,
            }, transaction, cancellationToken: ct));
        var place = last.Number;
        for (short level = 1; place % LedgerTree.Fan == 0; level++)
        {
            place /= LedgerTree.Fan;
            var hash = await LedgerTree.FullNodeAsync(connection, transaction, level, place - 1, ct);
            await connection.ExecuteAsync(new CommandDefinition(
                "insert into ledger_nodes (level, place, hash) values (@level, @place, @hash)",
                new { level, place = place - 1, hash }, transaction, cancellationToken: ct));
        }
    }
}
