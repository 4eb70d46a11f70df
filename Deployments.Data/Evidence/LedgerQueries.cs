using System.Data;
using Dapper;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>Reads how the ledger is.</summary>
/// <param name="database">The database.</param>
public sealed class LedgerQueries(NpgsqlDataSource database)
{
    /// <summary>The newest tree head.</summary>
    public async Task<LedgerHead> HeadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        return await HeadAsync(connection, snapshot, ct);
    }

    internal static async Task<LedgerHead> HeadAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, CancellationToken ct)
    {
        var last = await connection.QuerySingleOrDefaultAsync<LedgerEntry>(new CommandDefinition(
            "select number, chained_at from ledger_entries order by number desc limit 1", transaction: snapshot,
            cancellationToken: ct));
        return new LedgerHead(
            last?.Number ?? 0, await LedgerTree.RootAsync(connection, snapshot, last?.Number ?? 0, ct),
            last?.ChainedAt);
    }

    /// <summary>Since when what is covered, by kind.</summary>
    public async Task<IReadOnlyList<LedgerCoverage>> CoverageAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<LedgerCoverage>(new CommandDefinition(
            """
            select s.kind::int, s.began_at, s.sealed,
                (select min(e.chained_at) from ledger_entries e where e.kind = s.kind and e.origin = @ended)
                    as sealed_at
            from ledger_sealing s
            order by s.kind
            """, new { ended = (short)LedgerOrigin.SealingEnded }, cancellationToken: ct))];
    }
}

/// <summary>What the ledger is at a time.</summary>
/// <param name="Size">How many entries.</param>
/// <param name="Root">The root over them.</param>
/// <param name="ChainedAt">When the newest entry was chained; null when there is none.</param>
public sealed record LedgerHead(long Size, byte[] Root, DateTimeOffset? ChainedAt);

/// <summary>Since when rows of a kind are in the ledger.</summary>
public sealed record LedgerCoverage
{
    /// <summary>The kind.</summary>
    public LedgerKind Kind { get; init; }

    /// <summary>What was written from then on is covered by its own transaction.</summary>
    public DateTimeOffset BeganAt { get; init; }

    /// <summary>How many rows from before that were sealed later.</summary>
    public long Sealed { get; init; }

    /// <summary>When the last of them was; null while some are left.</summary>
    public DateTimeOffset? SealedAt { get; init; }
}
