using Dapper;
using Npgsql;

namespace Deployments.Data.Jobs;

/// <summary>Reads which web nodes run.</summary>
/// <param name="database">The database.</param>
public sealed class NodeQueries(NpgsqlDataSource database)
{
    /// <summary>The nodes heard of since then that have not ended in good order, by name.</summary>
    public async Task<IReadOnlyList<Node>> SeenAsync(DateTimeOffset since, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<Node>(new CommandDefinition(
            """
            select node_id, name, process_id, version, started_at, seen_at, stopped_at, journal_bytes, refused_bytes,
                disk_free_bytes, disk_bytes
            from nodes
            where seen_at >= @since and stopped_at is null
            order by name, started_at, node_id
            """, new { since }, cancellationToken: ct))];
    }
}
