using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Inventory;

/// <summary>
/// Writes what is decided about differences between records and what was seen. Each decision and its audit event are
/// one transaction.
/// </summary>
/// <param name="database">The database.</param>
public sealed class DriftStore(NpgsqlDataSource database)
{
    /// <summary>Decides that a difference is right as it is, while both of its versions are the same.</summary>
    /// <param name="drift">The difference.</param>
    /// <param name="reason">Why; 1 to 2,000 characters.</param>
    /// <param name="expiresAt">Until when; null: until it is taken back.</param>
    /// <param name="now">The time.</param>
    /// <param name="by">Who decides.</param>
    /// <param name="ct">Cancels; then nothing is written.</param>
    public async Task AcceptAsync(
        DriftRow drift, string reason, DateTimeOffset? expiresAt, DateTimeOffset now, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(drift);
        ArgumentNullException.ThrowIfNull(by);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var id = await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            """
            insert into drift_acceptances (
                target_id, package_id, kind, recorded_id, seen_id, reason, accepted_by, accepted_at, expires_at)
            values (@TargetId, @PackageId, @kind, @RecordedId, @SeenId, @reason, @Name, @now, @expiresAt)
            returning drift_acceptance_id
            """,
            new
            {
                drift.TargetId,
                drift.PackageId,
                kind = (short)drift.Kind,
                drift.RecordedId,
                drift.SeenId,
                reason,
                by.Name,
                now = now.UtcDateTime,
                expiresAt = expiresAt?.UtcDateTime,
            }, transaction, cancellationToken: ct));
        await LedgerPending.AddAsync(connection, transaction, AcceptanceLedger.Made, [id], ct);
        await AuditStore.CommitAsync(
            transaction,
            new AuditedChange("drift.accept", "target", drift.Target, null, Facts(drift, reason, expiresAt)), by, ct);
    }

    /// <summary>Takes every decision about a difference back that counts.</summary>
    /// <param name="drift">The difference.</param>
    /// <param name="now">The time.</param>
    /// <param name="by">Who takes it back.</param>
    /// <param name="ct">Cancels; then nothing is written.</param>
    public async Task RevokeAsync(DriftRow drift, DateTimeOffset now, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(drift);
        ArgumentNullException.ThrowIfNull(by);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var revoked = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            update drift_acceptances
            set revoked_at = @now, revoked_by = @Name
            where target_id = @TargetId and package_id = @PackageId and kind = @kind
              and recorded_id is not distinct from @RecordedId::int and seen_id is not distinct from @SeenId::int
              and revoked_at is null and (expires_at is null or expires_at > @now)
            returning drift_acceptance_id
            """,
            new
            {
                drift.TargetId,
                drift.PackageId,
                kind = (short)drift.Kind,
                drift.RecordedId,
                drift.SeenId,
                by.Name,
                now = now.UtcDateTime,
            }, transaction, cancellationToken: ct))).Select(id => (long)id).ToArray();
        if (revoked.Length == 0)
            return;
        await LedgerPending.AddAsync(connection, transaction, AcceptanceLedger.Revoked, revoked, ct);
        await AuditStore.CommitAsync(
            transaction,
            new AuditedChange("drift.revoke", "target", drift.Target,
                Facts(drift, drift.AcceptedReason, drift.AcceptedUntil), null), by, ct);
    }

    static object Facts(DriftRow drift, string? reason, DateTimeOffset? expiresAt) => new
    {
        package = $"{drift.Group}/{drift.Name}".TrimStart('/'),
        drift.Kind,
        drift.Recorded,
        drift.Seen,
        reason,
        expiresAt,
    };
}
