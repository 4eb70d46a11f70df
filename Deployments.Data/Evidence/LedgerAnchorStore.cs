using Dapper;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>Remembers what of the ledger was noted outside of this database.</summary>
/// <param name="database">The database.</param>
public sealed class LedgerAnchorStore(NpgsqlDataSource database)
{
    /// <summary>Notes an anchor.</summary>
    public async Task AddAsync(LedgerHead head, DateTimeOffset at, IReadOnlyList<string> places, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(head);
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into ledger_anchors (anchored_at, size, root, places)
            values (@at, @Size, @Root, @places)
            """, new { at = at.UtcDateTime, head.Size, head.Root, places = places.ToArray() }, cancellationToken: ct));
    }

    /// <summary>The newest anchors, the newest first.</summary>
    public async Task<IReadOnlyList<NotedAnchor>> NewestAsync(int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<NotedAnchor>(new CommandDefinition(
            "select anchored_at, size, root, places from ledger_anchors order by anchor_id desc limit @limit",
            new { limit }, cancellationToken: ct))];
    }
}

/// <summary>An anchor as it is remembered here.</summary>
public sealed record NotedAnchor
{
    /// <summary>When it was noted.</summary>
    public DateTimeOffset AnchoredAt { get; init; }

    /// <summary>How many entries the ledger had.</summary>
    public long Size { get; init; }

    /// <summary>The root over them.</summary>
    public byte[] Root { get; init; } = [];

    /// <summary>Where: <c>file</c>, <c>webhook</c>.</summary>
    public string[] Places { get; init; } = [];
}
