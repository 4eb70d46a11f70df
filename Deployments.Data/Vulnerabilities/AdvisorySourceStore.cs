using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>Reads and writes where advisories are fetched from.</summary>
/// <param name="database">The database.</param>
public sealed class AdvisorySourceStore(NpgsqlDataSource database)
{
    /// <summary>Every source, by name.</summary>
    public async Task<IReadOnlyList<AdvisorySource>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<AdvisorySource>(new CommandDefinition(
            """
            select advisory_source_id, name, location, etag, content_hash, last_run_at, last_outcome
            from advisory_sources
            order by lower(name)
            """, cancellationToken: ct))];
    }

    /// <summary>Adds a source; false when another has the name.</summary>
    public async Task<bool> AddAsync(string name, string location, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var added = await connection.ExecuteAsync(new CommandDefinition(
            "insert into advisory_sources (name, location) values (@name, @location) on conflict do nothing",
            new { name, location }, transaction, cancellationToken: ct));
        if (added == 0)
            return false;
        await AuditStore.CommitAsync(transaction,
            new AuditedChange("advisorySource.create", "advisorySource", name, null, new { location }), by, ct);
        return true;
    }

    /// <summary>Removes a source; what was imported from it stays. False when it is gone already.</summary>
    public async Task<bool> DeleteAsync(int id, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var gone = await connection.QuerySingleOrDefaultAsync<AdvisorySource>(new CommandDefinition(
            "delete from advisory_sources where advisory_source_id = @id returning name, location",
            new { id }, transaction, cancellationToken: ct));
        if (gone is null)
            return false;
        await AuditStore.CommitAsync(transaction,
            new AuditedChange(
                "advisorySource.delete", "advisorySource", gone.Name, new { gone.Location }, null), by, ct);
        return true;
    }

    /// <summary>Notes what became of a run.</summary>
    /// <param name="source">The source with what is to be kept of its content.</param>
    /// <param name="ct">Cancels.</param>
    public async Task NoteAsync(AdvisorySource source, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update advisory_sources
            set etag = @Etag, content_hash = @ContentHash, last_run_at = @LastRunAt, last_outcome = @LastOutcome
            where advisory_source_id = @AdvisorySourceId
            """, source, cancellationToken: ct));
    }
}
