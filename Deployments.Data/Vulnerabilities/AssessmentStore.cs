using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Ledger;
using Deployments.Data.Notifications;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>
/// Writes what is decided about vulnerabilities. Each decision and its audit event are one transaction.
/// </summary>
/// <param name="database">The database.</param>
public sealed class AssessmentStore(NpgsqlDataSource database)
{
    const int ExpiredAtOnce = 100;

    /// <summary>
    /// Notes for those who want to hear of it which decisions have run out, each once. By the database's clock, which
    /// also says what counts.
    /// </summary>
    /// <returns>How many have.</returns>
    public async Task<int> NoteExpiredAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var expired = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            select assessment_id
            from assessments
            where expiry_noted_at is null and expires_at <= now()
            order by expires_at
            limit @ExpiredAtOnce
            for update skip locked
            """, new { ExpiredAtOnce }, transaction, cancellationToken: ct))).ToArray();
        if (expired.Length == 0)
            return 0;
        await NotificationEvents.AfterExpiryAsync(connection, transaction, expired, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "update assessments set expiry_noted_at = now() where assessment_id = any (@expired)", new { expired },
            transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return expired.Length;
    }

    /// <summary>Adds a decision, which takes the place of an older one for the same package and target.</summary>
    /// <param name="assessment">What is decided.</param>
    /// <param name="now">The time.</param>
    /// <param name="by">Who decides.</param>
    /// <param name="ct">Cancels; then nothing is written.</param>
    /// <returns>What became of it, and its id where it is written.</returns>
    /// <exception cref="PostgresException">It breaks a rule of the table: accepted for ever, already over.</exception>
    public async Task<(AssessmentOutcome Outcome, int Id)> AssessAsync(
        NewAssessment assessment, DateTimeOffset now, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var found = await FindAsync(connection, transaction, assessment, ct);
        if (found.AdvisoryId is null)
            return (AssessmentOutcome.UnknownAdvisory, 0);
        if (assessment.Package is not null && found.PackageId is null)
            return (AssessmentOutcome.UnknownPackage, 0);
        if (assessment.Target is not null && found.TargetId is null)
            return (AssessmentOutcome.UnknownTarget, 0);

        var id = await InsertAsync(connection, transaction, assessment, found, now, by, ct);
        await LedgerPending.AddAsync(connection, transaction, AssessmentLedger.Made, [id], ct);
        await AuditStore.CommitAsync(transaction,
            new AuditedChange("assessment.create", "advisory", assessment.AdvisoryId, null, new
            {
                id,
                package = assessment.Package is null ? null : $"{found.Group}/{found.Name}".TrimStart('/'),
                found.Target,
                assessment.State,
                assessment.Justification,
                assessment.Reason,
                assessment.ExpiresAt,
            }), by, ct);
        return (AssessmentOutcome.Assessed, id);
    }

    /// <summary>Takes a decision back: what it was about is open again.</summary>
    /// <param name="groupId">The vulnerability it must be about.</param>
    /// <param name="id">The assessment.</param>
    /// <param name="now">The time.</param>
    /// <param name="by">Who takes it back.</param>
    /// <param name="ct">Cancels; then nothing is written.</param>
    /// <returns>
    /// False when the vulnerability has no such assessment, or it no longer counts: it was revoked, replaced, or is
    /// over.
    /// </returns>
    public async Task<bool> RevokeAsync(int groupId, int id, DateTimeOffset now, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var revoked = await connection.QuerySingleOrDefaultAsync<Assessment>(new CommandDefinition(
            """
            update assessments s
            set revoked_at = @now, revoked_by = @Name
            from advisories a
            where s.assessment_id = @id and a.advisory_id = s.advisory_id and a.group_id = @groupId
              and s.revoked_at is null and (s.expires_at is null or s.expires_at > @now)
              and not exists (
                  select from advisories o
                  join assessments newer on newer.advisory_id = o.advisory_id
                  where o.group_id = @groupId and newer.assessment_id > @id
                    and newer.package_id is not distinct from s.package_id
                    and newer.target_id is not distinct from s.target_id)
            returning a.osv_id as advisory_id, s.state::int as state, s.reason
            """, new { id, groupId, now = now.UtcDateTime, by.Name }, transaction, cancellationToken: ct));
        if (revoked is null)
            return false;
        await LedgerPending.AddAsync(connection, transaction, AssessmentLedger.Revoked, [id], ct);
        await AuditStore.CommitAsync(transaction,
            new AuditedChange(
                "assessment.revoke", "advisory", revoked.AdvisoryId, new { id, revoked.State, revoked.Reason }, null),
            by, ct);
        return true;
    }

    // The advisory is locked, so that decisions of its vulnerability are written one after the other: the newest is the
    // one with the highest id.
    static Task<ScopeRow> FindAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NewAssessment assessment, CancellationToken ct) =>
        connection.QuerySingleAsync<ScopeRow>(new CommandDefinition(
            """
            with advisory as (
                select advisory_id from advisories where osv_id = @AdvisoryId and group_id = @GroupId
                for no key update
            ), package as (
                select k.package_id, k.group_name, k.name
                from packages k
                where k.type = @type and k.group_key = @group and k.name_key = @name
                  and exists (
                      select from package_versions v
                      join findings f on f.version_id = v.version_id
                      join advisories a on a.advisory_id = f.advisory_id
                      where v.package_id = k.package_id and a.group_id = @GroupId)
            )
            select a.advisory_id, k.package_id, k.group_name as "group", k.name, t.target_id, t.name as target
            from (select) one
            left join advisory a on true
            left join package k on true
            left join targets t on t.name_key = @target
            """,
            new
            {
                assessment.AdvisoryId,
                assessment.GroupId,
                type = assessment.Package?.Type,
                group = assessment.Package?.GroupKey,
                name = assessment.Package?.NameKey,
                target = assessment.Target is { } target ? Dictionaries.NameKey(target) : null,
            }, transaction, cancellationToken: ct));

    static Task<int> InsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NewAssessment assessment, ScopeRow scope,
        DateTimeOffset now, Actor by, CancellationToken ct) =>
        connection.ExecuteScalarAsync<int>(new CommandDefinition(
            """
            insert into assessments (
                advisory_id, package_id, target_id, state, justification, reason, assessed_by, assessed_at, expires_at)
            values (
                @AdvisoryId, @PackageId, @TargetId, @state, @Justification, @Reason, @Name, @now, @expiresAt)
            returning assessment_id
            """,
            new
            {
                scope.AdvisoryId,
                scope.PackageId,
                scope.TargetId,
                state = (short)assessment.State,
                assessment.Justification,
                assessment.Reason,
                by.Name,
                now = now.UtcDateTime,
                expiresAt = assessment.ExpiresAt?.UtcDateTime,
            }, transaction, cancellationToken: ct));

    sealed record ScopeRow
    {
        public int? AdvisoryId { get; init; }

        public int? PackageId { get; init; }

        public string? Group { get; init; }

        public string? Name { get; init; }

        public int? TargetId { get; init; }

        public string? Target { get; init; }
    }
}
