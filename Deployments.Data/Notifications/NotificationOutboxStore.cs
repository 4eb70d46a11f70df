using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Notifications;

/// <summary>
/// Hands out what is to be told, each notification to one node at a time, and keeps what came of it. All times are the
/// database's: nodes whose clocks differ agree on who has what.
/// </summary>
/// <remarks>
/// What waits is named by its keys, and once they are known by "not ended" instead of the state: of that there is an
/// index, which would be walked through a backlog.
/// </remarks>
/// <param name="database">The database.</param>
public sealed class NotificationOutboxStore(NpgsqlDataSource database)
{
    /// <summary>
    /// For how long a node keeps what it has claimed; a node that dies gives it back by that. Longer than any delivery
    /// of a claim takes.
    /// </summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    const int PruneRows = 5000;

    /// <summary>The rules for which something is due.</summary>
    public async Task<IReadOnlyList<NotificationRule>> DueRulesAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<NotificationRule>(new CommandDefinition(
            """
            select r.notification_rule_id, r.name, r.channel::int as channel, r.url, r.secret_encrypted, r.recipients
            from notification_rules r
            where (
                select true
                from notification_outbox o
                where o.notification_rule_id = r.notification_rule_id and o.state = 0 and o.next_attempt_at <= now()
                limit 1)
            """, cancellationToken: ct))];
    }

    /// <summary>Takes what is due of a rule, the longest due first; nobody else gets it during the lease.</summary>
    /// <param name="notificationRuleId">The rule.</param>
    /// <param name="rows">At most this many.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<ClaimedNotification>> ClaimAsync(
        int notificationRuleId, int rows, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await AlongIndexes.BeginAsync(transaction, ct);
        var claimed = (await connection.QueryAsync<ClaimedNotification>(new CommandDefinition(
            """
            update notification_outbox o
            set attempts = o.attempts + 1, next_attempt_at = now() + @Lease
            where o.notification_id = any(array(
                select notification_id
                from notification_outbox
                where notification_rule_id = @notificationRuleId and state = 0 and next_attempt_at <= now()
                order by next_attempt_at, notification_id
                limit @rows
                for update skip locked))
            returning o.notification_id, o.delivery_key, o.occasion::int as occasion, o.facts::text as facts,
                      o.created_at, o.attempts
            """, new { notificationRuleId, rows, Lease }, transaction, cancellationToken: ct))).AsList();
        await transaction.CommitAsync(ct);
        claimed.Sort((one, other) => one.NotificationId.CompareTo(other.NotificationId));
        return claimed;
    }

    /// <summary>
    /// Notes what came of an attempt. A claim that has run out meanwhile and is another's by now is left to that.
    /// </summary>
    /// <param name="claimed">What was tried together.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="retryAfter">When it is tried again, unless it went well or its time is over.</param>
    /// <param name="ct">Cancels.</param>
    public async Task SettleAsync(
        IReadOnlyCollection<ClaimedNotification> claimed, DeliveryResult result, TimeSpan retryAfter,
        CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await AlongIndexes.BeginAsync(transaction, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            with tried as (
                insert into notification_deliveries (notification_id, took_ms, status, answer, problem)
                select o.notification_id, @TookMs, @Status, @Answer, @Problem
                from notification_outbox o
                where o.notification_id = any(@ids))
            update notification_outbox o
            set state = case when @Ok then 1 when o.give_up_at <= now() then 2 else 0 end,
                ended_at = case when @Ok or o.give_up_at <= now() then now() end,
                next_attempt_at = now() + @retryAfter
            from unnest(@ids, @attempts) as c (notification_id, attempts)
            where o.notification_id = any(@ids) and o.notification_id = c.notification_id
              and o.attempts = c.attempts and o.ended_at is null
            """,
            new
            {
                ids = claimed.Select(row => row.NotificationId).ToArray(),
                attempts = claimed.Select(row => row.Attempts).ToArray(),
                result.Ok,
                result.TookMs,
                result.Status,
                Answer = Cut(result.Answer),
                Problem = result.Problem is null ? null : Cut(result.Problem),
                retryAfter,
            }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
    }

    /// <summary>Gives back what was claimed and not tried.</summary>
    /// <param name="claimed">What was claimed.</param>
    /// <param name="retryAfter">When it may be taken again.</param>
    /// <param name="ct">Cancels.</param>
    public async Task ReleaseAsync(
        IReadOnlyCollection<ClaimedNotification> claimed, TimeSpan retryAfter, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await AlongIndexes.BeginAsync(transaction, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update notification_outbox o
            set attempts = o.attempts - 1, next_attempt_at = now() + @retryAfter
            from unnest(@ids, @attempts) as c (notification_id, attempts)
            where o.notification_id = any(@ids) and o.notification_id = c.notification_id
              and o.attempts = c.attempts and o.ended_at is null
            """,
            new
            {
                ids = claimed.Select(row => row.NotificationId).ToArray(),
                attempts = claimed.Select(row => row.Attempts).ToArray(),
                retryAfter,
            }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
    }

    /// <summary>
    /// Adds a test of a rule, claimed for the caller and not tried again when it fails.
    /// </summary>
    /// <param name="notificationRuleId">The rule; it exists.</param>
    /// <param name="facts">What it shall pretend, as <see cref="NotificationFacts"/> in JSON.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="PostgresException">The rule is gone.</exception>
    public async Task<ClaimedNotification> AddTestAsync(int notificationRuleId, string facts, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<ClaimedNotification>(new CommandDefinition(
            """
            insert into notification_outbox (
                notification_rule_id, event_key, occasion, facts, attempts, next_attempt_at, give_up_at)
            values (
                @notificationRuleId, format('test %s', gen_random_uuid()), 0, @facts::json, 1, now() + @Lease, now())
            returning notification_id, delivery_key, occasion::int as occasion, facts::text as facts, created_at,
                      attempts
            """, new { notificationRuleId, facts, Lease }, cancellationToken: ct));
    }

    /// <summary>
    /// Tries a notification of a rule again, at once and for another day: one that was given up, or one that waits.
    /// </summary>
    /// <returns>False when there is none that waits or failed.</returns>
    public async Task<bool> TryAgainAsync(
        int notificationRuleId, long notificationId, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // One that waits after a failure may be taken this moment; one that is being tried is left alone.
        var name = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            """
            update notification_outbox o
            set state = 0, ended_at = null, next_attempt_at = now(), give_up_at = now() + interval '24 hours'
            from notification_rules r
            where o.notification_id = @notificationId and o.notification_rule_id = @notificationRuleId
              and r.notification_rule_id = o.notification_rule_id
              and (o.state = 2 or o.state = 0 and (select count(*) from notification_deliveries l
                                                   where l.notification_id = o.notification_id) >= o.attempts)
            returning r.name
            """, new { notificationRuleId, notificationId }, transaction, cancellationToken: ct));
        if (name is null)
            return false;
        await AuditStore.CommitAsync(transaction, new AuditedChange(
            "notification.tryAgain", "notificationRule", name, null, new { notificationId }), by, ct);
        return true;
    }

    /// <summary>Forgets what was delivered or given up before a time, with its attempts.</summary>
    /// <returns>How many notifications went.</returns>
    public async Task<long> PruneAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        long total = 0;
        int gone;
        do
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await AlongIndexes.BeginAsync(transaction, ct);
            gone = await connection.ExecuteAsync(new CommandDefinition(
                """
                delete from notification_outbox
                where notification_id = any(array(
                    select notification_id
                    from notification_outbox
                    where ended_at < @before
                    order by ended_at
                    limit @PruneRows))
                """, new { before, PruneRows }, transaction, commandTimeout: 120, cancellationToken: ct));
            await transaction.CommitAsync(ct);
            total += gone;
        }
        while (gone == PruneRows);
        return total;
    }

    static string Cut(string text)
    {
        var length = Math.Min(text.Length, DeliveryResult.TextLengthMax);
        if (length > 0 && length < text.Length && char.IsHighSurrogate(text[length - 1]))
            length--; // half a character
        return text[..length].Replace('\0', '\uFFFD');
    }
}
