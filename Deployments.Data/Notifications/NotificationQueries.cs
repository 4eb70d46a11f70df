using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Notifications;

/// <summary>Reads notification rules and what became of what they tell.</summary>
/// <param name="database">The database.</param>
public sealed class NotificationQueries(ReadDatabase database)
{
    /// <summary>Waiting and failed notifications of a rule are counted up to this.</summary>
    public const int CountMax = 1000;

    /// <summary>Every rule, by name, with what waits and what was given up.</summary>
    public async Task<IReadOnlyList<NotificationRule>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, null, ct);
    }

    /// <summary>A rule; null when there is none of that number.</summary>
    public async Task<NotificationRule?> ByIdOrNullAsync(int notificationRuleId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await ReadAsync(connection, null, notificationRuleId, ct)).SingleOrDefault();
    }

    /// <summary>The notifications of a rule with their last attempts, newest first.</summary>
    /// <param name="notificationRuleId">The rule.</param>
    /// <param name="state">Only these; null: all.</param>
    /// <param name="before">Only those older than this one; null: from the newest on.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<NotificationRow>> PageAsync(
        int notificationRuleId, NotificationState? state, long? before, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<NotificationRow>(new CommandDefinition(
            """
            select o.notification_id, o.delivery_key, o.occasion::int as occasion, o.facts::text as facts,
                   o.created_at, o.state::int as state, o.attempts, o.next_attempt_at,
                   l.attempted_at, l.took_ms, l.status, l.answer, l.problem
            from notification_outbox o
            left join lateral (
                select * from notification_deliveries l
                where l.notification_id = o.notification_id
                order by l.notification_delivery_id desc
                limit 1
            ) l on true
            where o.notification_rule_id = @notificationRuleId
              and (@state::int is null or o.state = @state)
              and (@before::bigint is null or o.notification_id < @before)
            order by o.notification_id desc
            limit @limit
            """, new { notificationRuleId, state = (int?)state, before, limit }, cancellationToken: ct))];
    }

    internal static async Task<IReadOnlyList<NotificationRule>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int? notificationRuleId, CancellationToken ct) =>
        [.. await connection.QueryAsync<NotificationRule>(new CommandDefinition(
            """
            select r.notification_rule_id, r.name, r.occasion::int as occasion, r.severity_min::int as severity_min,
                   r.feed_id, feeds.name as feed_name, r.package_pattern, r.target_pattern, r.channel::int as channel,
                   r.url, r.secret_encrypted, r.recipients, r.active,
                   (select count(*)::int from (
                        select from notification_outbox o
                        where o.notification_rule_id = r.notification_rule_id and o.state = 0
                        limit @CountMax) counted) as waiting,
                   (select count(*)::int from (
                        select from notification_outbox o
                        where o.notification_rule_id = r.notification_rule_id and o.state = 2
                        limit @CountMax) counted) as failed
            from notification_rules r
            left join feeds on feeds.feed_id = r.feed_id
            where @notificationRuleId::int is null or r.notification_rule_id = @notificationRuleId
            order by lower(r.name)
            """, new { notificationRuleId, CountMax }, transaction, cancellationToken: ct))];
}
