using Dapper;
using Npgsql;

namespace Deployments.Data.Audit;

/// <summary>Reads the audit log.</summary>
/// <param name="database">The database.</param>
public sealed class AuditQueries(NpgsqlDataSource database)
{
    /// <summary>One page of events, newest first.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="beforeId">Only events older than this one; null begins with the newest.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<AuditEvent>> PageAsync(
        AuditFilter filter, long? beforeId, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<AuditEvent>(new CommandDefinition(
            """
            select audit_event_id, occurred_at, actor, address, action, subject_kind, subject_name,
                before::text, after::text
            from audit_events
            where (@Actor::text is null or lower(actor) = lower(@Actor))
                and (@Action::text is null or action = @Action)
                and (@beforeId::bigint is null or audit_event_id < @beforeId)
            order by audit_event_id desc
            limit @limit
            """, new { filter.Actor, filter.Action, beforeId, limit }, cancellationToken: ct))];
    }

    /// <summary>The actions that occur in the log, in order; for a filter's choices.</summary>
    public async Task<IReadOnlyList<string>> ActionsAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // One index probe per distinct action, however long the log is.
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            """
            with recursive found as (
                (select action from audit_events order by action limit 1)
                union all
                select (select e.action from audit_events e where e.action > f.action order by e.action limit 1)
                from found f
                where f.action is not null
            )
            select action from found where action is not null order by action
            """, cancellationToken: ct))];
    }
}

/// <summary>Which audit events.</summary>
/// <param name="Actor">By this account or key, in any case; null: by anyone.</param>
/// <param name="Action">Of this kind; null: of any.</param>
public sealed record AuditFilter(string? Actor, string? Action);

/// <summary>An entry of the audit log.</summary>
public sealed record AuditEvent
{
    /// <summary>Grows with time.</summary>
    public long AuditEventId { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset OccurredAt { get; init; }

    /// <summary>Who.</summary>
    public string Actor { get; init; } = "";

    /// <summary>From where; null: by the program itself.</summary>
    public string? Address { get; init; }

    /// <summary>What, as <c>subject.verb</c>.</summary>
    public string Action { get; init; } = "";

    /// <summary>To what kind of thing.</summary>
    public string SubjectKind { get; init; } = "";

    /// <summary>To which one.</summary>
    public string SubjectName { get; init; } = "";

    /// <summary>JSON of the subject before, or null.</summary>
    public string? Before { get; init; }

    /// <summary>JSON of the subject after, or null.</summary>
    public string? After { get; init; }
}
