using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Retention;

/// <summary>Makes and changes retention rules. Each change and its audit event are one transaction.</summary>
/// <param name="database">The database.</param>
public sealed class RetentionStore(NpgsqlDataSource database)
{
    internal const string SubjectKind = "retentionRule";

    /// <summary>Makes a rule, which removes nothing until it is switched on.</summary>
    /// <returns>How it ended, and the rule's number when it was made.</returns>
    public async Task<(RetentionOutcome Outcome, int RetentionRuleId)> AddAsync(
        RetentionFields fields, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await FeedIsKnownAsync(connection, transaction, fields.FeedId, ct))
            return (RetentionOutcome.UnknownFeed, 0);
        var id = await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            """
            insert into retention_rules (subject, keep_months, feed_id, target_pattern)
            values (@Subject::smallint, @KeepMonths, @FeedId, @TargetPattern)
            returning retention_rule_id
            """, Written(fields), transaction, cancellationToken: ct));
        var rule = await ReadAsync(connection, transaction, id, ct);
        await AuditStore.CommitAsync(transaction,
            new AuditedChange("retention.create", SubjectKind, Subject(rule!), null, Audited(rule!)), by, ct);
        return (RetentionOutcome.Saved, id);
    }

    /// <summary>
    /// Changes what a rule says. It is switched off by that: nobody has seen yet what it would remove now.
    /// </summary>
    /// <returns><c>Saved</c>, <c>NotFound</c> or <c>UnknownFeed</c>.</returns>
    public async Task<RetentionOutcome> ChangeAsync(
        int retentionRuleId, RetentionFields fields, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, retentionRuleId, ct) is not { } before)
            return RetentionOutcome.NotFound;
        if (before.Fields == fields)
            return RetentionOutcome.Saved;
        if (!await FeedIsKnownAsync(connection, transaction, fields.FeedId, ct))
            return RetentionOutcome.UnknownFeed;
        await RetentionRemoval.AuditPendingAsync(connection, transaction, before, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update retention_rules
            set subject = @Subject::smallint, keep_months = @KeepMonths, feed_id = @FeedId,
                target_pattern = @TargetPattern, active = false,
                revision = revision + 1
            where retention_rule_id = @retentionRuleId
            """, Written(fields, retentionRuleId), transaction, cancellationToken: ct));
        var after = await ReadAsync(connection, transaction, retentionRuleId, ct);
        await AuditStore.CommitAsync(transaction,
            new AuditedChange("retention.update", SubjectKind, Subject(before), Audited(before), Audited(after!)), by,
            ct);
        return RetentionOutcome.Saved;
    }

    /// <summary>Switches a rule on or off.</summary>
    /// <param name="retentionRuleId">Which one.</param>
    /// <param name="revision">The revision that was looked at: another one is not switched on.</param>
    /// <param name="active">Whether it shall remove records.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns><c>Saved</c>, <c>NotFound</c> or <c>Changed</c>.</returns>
    public async Task<RetentionOutcome> SwitchAsync(
        int retentionRuleId, int revision, bool active, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, retentionRuleId, ct) is not { } rule)
            return RetentionOutcome.NotFound;
        if (active && rule.Revision != revision)
            return RetentionOutcome.Changed;
        if (rule.Active == active)
            return RetentionOutcome.Saved;
        await connection.ExecuteAsync(new CommandDefinition(
            "update retention_rules set active = @active where retention_rule_id = @retentionRuleId",
            new { active, retentionRuleId }, transaction, cancellationToken: ct));
        await AuditStore.CommitAsync(transaction, new AuditedChange(
            active ? "retention.switchOn" : "retention.switchOff", SubjectKind, Subject(rule), Audited(rule),
            Audited(rule with { Active = active })), by, ct);
        return RetentionOutcome.Saved;
    }

    /// <summary>Removes a rule. What it has removed does not come back.</summary>
    /// <returns>False when there is none of that number.</returns>
    public async Task<bool> DeleteAsync(int retentionRuleId, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, retentionRuleId, ct) is not { } rule)
            return false;
        await RetentionRemoval.AuditPendingAsync(connection, transaction, rule, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from retention_rules where retention_rule_id = @retentionRuleId",
            new { retentionRuleId }, transaction, cancellationToken: ct));
        await AuditStore.CommitAsync(transaction,
            new AuditedChange("retention.delete", SubjectKind, Subject(rule), Audited(rule), null), by, ct);
        return true;
    }

    internal static string Subject(RetentionRule rule) => $"#{rule.RetentionRuleId} {rule.Words}";

    internal static async Task<RetentionRule?> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int retentionRuleId, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "select from retention_rules where retention_rule_id = @retentionRuleId for update",
            new { retentionRuleId }, transaction, cancellationToken: ct));
        return await ReadAsync(connection, transaction, retentionRuleId, ct);
    }

    static async Task<RetentionRule?> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int retentionRuleId, CancellationToken ct) =>
        (await RetentionQueries.ReadAsync(connection, transaction, retentionRuleId, ct)).SingleOrDefault();

    static async Task<bool> FeedIsKnownAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int? feedId, CancellationToken ct) =>
        feedId is null || await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from feeds where feed_id = @feedId)", new { feedId }, transaction,
            cancellationToken: ct));

    // The inventory of a machine came through no feed.
    static object Written(RetentionFields fields, int retentionRuleId = 0) => new
    {
        Subject = (int)fields.Subject,
        fields.KeepMonths,
        FeedId = fields.Subject == RetentionSubject.Records ? fields.FeedId : null,
        fields.TargetPattern,
        retentionRuleId,
    };

    static object Audited(RetentionRule rule) => new
    {
        Subject = rule.Subject.ToString(),
        rule.KeepMonths,
        Feed = rule.FeedName,
        rule.TargetPattern,
        rule.Active,
    };
}
