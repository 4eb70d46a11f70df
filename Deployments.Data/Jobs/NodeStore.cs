using Dapper;
using Npgsql;

namespace Deployments.Data.Jobs;

/// <summary>Writes down which web nodes run.</summary>
/// <param name="database">The database.</param>
public sealed class NodeStore(NpgsqlDataSource database)
{
    static readonly TimeSpan Age = TimeSpan.FromDays(30);

    /// <summary>Notes that this node runs, and how it is.</summary>
    public async Task SeeAsync(ThisNode node, NodeCondition condition, DateTimeOffset at, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into nodes (node_id, name, process_id, version, started_at, seen_at, journal_bytes, refused_bytes,
                disk_free_bytes, disk_bytes, keeps_ledger)
            values (@Id, @Name, @ProcessId, @Version, @StartedAt, @at, @JournalBytes, @RefusedBytes, @DiskFreeBytes,
                @DiskBytes, true)
            on conflict (node_id) do update
            set seen_at = excluded.seen_at, stopped_at = null, journal_bytes = excluded.journal_bytes,
                refused_bytes = excluded.refused_bytes, disk_free_bytes = excluded.disk_free_bytes,
                disk_bytes = excluded.disk_bytes
            """,
            new
            {
                node.Id,
                node.Name,
                node.ProcessId,
                node.Version,
                node.StartedAt,
                at,
                condition.JournalBytes,
                condition.RefusedBytes,
                condition.DiskFreeBytes,
                condition.DiskBytes,
            }, cancellationToken: ct));
    }

    /// <summary>Forgets nodes that have not been heard of for 30 days.</summary>
    /// <param name="now">The time to count from.</param>
    /// <param name="ct">Cancels; then nothing is forgotten.</param>
    /// <returns>How many were forgotten.</returns>
    public async Task<int> PruneAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new CommandDefinition(
            "delete from nodes where seen_at < @before", new { before = now - Age }, cancellationToken: ct));
    }

    /// <summary>Notes that this node ends in good order.</summary>
    public async Task StopAsync(ThisNode node, DateTimeOffset at, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "update nodes set seen_at = @at, stopped_at = @at where node_id = @Id",
            new { node.Id, at }, cancellationToken: ct));
    }
}
