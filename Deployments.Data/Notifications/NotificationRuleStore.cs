using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Notifications;

/// <summary>Makes, changes and removes notification rules; each change is audited with it.</summary>
/// <param name="database">The database.</param>
public sealed class NotificationRuleStore(NpgsqlDataSource database)
{
    /// <summary>How many rules there may be: each is compared with each record.</summary>
    public const int RulesMax = 100;

    const string SubjectKind = "notificationRule";

    /// <summary>Adds a rule; it tells of what happens from now on.</summary>
    /// <param name="fields">What it says.</param>
    /// <param name="secretEncrypted">What webhooks are signed with; null for mail.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>
    /// <c>Saved</c> with its key, <c>NameTaken</c>, <c>UnknownFeed</c> or <c>TooMany</c>.
    /// </returns>
    public async Task<(NotificationOutcome Outcome, int NotificationRuleId)> AddAsync(
        NotificationFields fields, string? secretEncrypted, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await RefusalOrNullAsync(connection, transaction, fields, null, ct) is { } refusal)
            return (refusal, 0);
        if (await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            "select count(*) from notification_rules", transaction: transaction, cancellationToken: ct)) >= RulesMax)
            return (NotificationOutcome.TooMany, 0);
        int id;
        try
        {
            id = await connection.ExecuteScalarAsync<int>(new CommandDefinition(
                """
                insert into notification_rules (
                    name, occasion, severity_min, feed_id, package_pattern, target_pattern, channel, url,
                    secret_encrypted, recipients, active)
                values (
                    @Name, @Occasion, @SeverityMin, @FeedId, @PackagePattern, @TargetPattern, @Channel, @Url,
                    @SecretEncrypted, @Recipients, @Active)
                returning notification_rule_id
                """, Parameters(fields, secretEncrypted, 0), transaction, cancellationToken: ct));
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return (NotificationOutcome.NameTaken, 0); // another has added it meanwhile
        }

        await AuditAsync(connection, transaction, "create", null, await ReadAsync(connection, transaction, id, ct),
            by, ct);
        await transaction.CommitAsync(ct);
        return (NotificationOutcome.Saved, id);
    }

    /// <summary>Changes what a rule says; what waits goes by what it says then. Its channel stays.</summary>
    /// <param name="notificationRuleId">Which one.</param>
    /// <param name="fields">What it says.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns><c>Saved</c>, <c>NotFound</c>, <c>NameTaken</c> or <c>UnknownFeed</c>.</returns>
    public async Task<NotificationOutcome> ChangeAsync(
        int notificationRuleId, NotificationFields fields, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, notificationRuleId, ct) is not { } before)
            return NotificationOutcome.NotFound;
        if (await RefusalOrNullAsync(connection, transaction, fields, notificationRuleId, ct) is { } refusal)
            return refusal;
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                update notification_rules
                set name = @Name, occasion = @Occasion, severity_min = @SeverityMin, feed_id = @FeedId,
                    package_pattern = @PackagePattern, target_pattern = @TargetPattern, url = @Url,
                    recipients = @Recipients, active = @Active
                where notification_rule_id = @NotificationRuleId
                """, Parameters(fields, null, notificationRuleId), transaction, cancellationToken: ct));
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return NotificationOutcome.NameTaken;
        }

        await AuditAsync(connection, transaction, "update", before,
            await ReadAsync(connection, transaction, notificationRuleId, ct), by, ct);
        await transaction.CommitAsync(ct);
        return NotificationOutcome.Saved;
    }

    /// <summary>Gives a webhook another secret; from now on only that signs.</summary>
    /// <returns>False when there is no such rule, or it sends mail.</returns>
    public async Task<bool> ChangeSecretAsync(
        int notificationRuleId, string secretEncrypted, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, notificationRuleId, ct) is not
            { Channel: NotificationChannel.Webhook } rule)
            return false;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update notification_rules set secret_encrypted = @secretEncrypted
            where notification_rule_id = @notificationRuleId
            """, new { notificationRuleId, secretEncrypted }, transaction, cancellationToken: ct));
        await AuditAsync(connection, transaction, "changeSecret", rule, rule, by, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Removes a rule with everything it has told and would still tell.</summary>
    /// <returns>False when there is none of that number.</returns>
    public async Task<bool> DeleteAsync(int notificationRuleId, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, notificationRuleId, ct) is not { } rule)
            return false;
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from notification_rules where notification_rule_id = @notificationRuleId",
            new { notificationRuleId }, transaction, commandTimeout: 120, cancellationToken: ct));
        await AuditAsync(connection, transaction, "delete", rule, null, by, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    static async Task<NotificationOutcome?> RefusalOrNullAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NotificationFields fields, int? except,
        CancellationToken ct)
    {
        var (known, taken) = await connection.QuerySingleAsync<(bool Known, bool Taken)>(new CommandDefinition(
            """
            select @FeedId::int is null or exists (select from feeds where feed_id = @FeedId),
                   exists (
                       select from notification_rules
                       where lower(name) = lower(@Name) and notification_rule_id is distinct from @except)
            """, new { fields.FeedId, fields.Name, except }, transaction, cancellationToken: ct));
        return !known ? NotificationOutcome.UnknownFeed : taken ? NotificationOutcome.NameTaken : null;
    }

    static async Task<NotificationRule?> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int notificationRuleId, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "select from notification_rules where notification_rule_id = @notificationRuleId for update",
            new { notificationRuleId }, transaction, cancellationToken: ct));
        return await ReadAsync(connection, transaction, notificationRuleId, ct);
    }

    static async Task<NotificationRule?> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int notificationRuleId, CancellationToken ct) =>
        (await NotificationQueries.ReadAsync(connection, transaction, notificationRuleId, ct)).SingleOrDefault();

    static object Parameters(NotificationFields fields, string? secretEncrypted, int notificationRuleId) => new
    {
        fields.Name,
        Occasion = (short)fields.Occasion,
        SeverityMin = (short)fields.SeverityMin,
        fields.FeedId,
        fields.PackagePattern,
        fields.TargetPattern,
        Channel = (short)fields.Channel,
        fields.Url,
        SecretEncrypted = secretEncrypted,
        fields.Recipients,
        fields.Active,
        NotificationRuleId = notificationRuleId,
    };

    static Task AuditAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string verb, NotificationRule? before,
        NotificationRule? after, Actor by, CancellationToken ct) =>
        AuditStore.AddAsync(connection, transaction, new AuditedChange(
            $"{SubjectKind}.{verb}", SubjectKind, (before ?? after)!.Name, Audited(before), Audited(after)), by, ct);

    // Of a webhook's address only the host: the rest is a password with many receivers.
    static object? Audited(NotificationRule? rule) => rule is null ? null : new
    {
        rule.Name,
        rule.Occasion,
        rule.SeverityMin,
        Feed = rule.FeedName,
        rule.PackagePattern,
        rule.TargetPattern,
        rule.Channel,
        Host = rule.Url is null ? null : new Uri(rule.Url).Authority,
        Recipients = rule.Recipients.Length == 0 ? null : rule.Recipients,
        rule.Active,
    };
}
