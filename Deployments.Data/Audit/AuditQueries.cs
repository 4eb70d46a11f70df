using System.Runtime.CompilerServices;
using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Audit;

/// <summary>Reads the audit log.</summary>
/// <param name="database">The database.</param>
public sealed class AuditQueries(ReadDatabase database)
{
    const string Select =
        """
        select audit_event_id, occurred_at, actor, address, action, subject_kind, subject_name,
            before::text, after::text
        from audit_events
        where (@Actor::text is null or lower(actor) = lower(@Actor))
            and (@Action::text is null or action = @Action)
            and (@Subject::text is null or lower(subject_name) = lower(@Subject))
            and (@From::timestamptz is null or occurred_at >= @From)
            and (@To::timestamptz is null or occurred_at < @To)

        """;

    /// <summary>One page of events, newest first.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="cursor">Next to which event the page lies; null begins with the newest.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<AuditEvent>> PageAsync(
        AuditFilter filter, AuditCursor? cursor, int limit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var towardsNewer = cursor is { TowardsNewer: true };
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<AuditEvent>(new CommandDefinition(
            towardsNewer
                ? Select + "and audit_event_id > @id order by audit_event_id limit @limit"
                : Select + "and audit_event_id < coalesce(@id::bigint, 9223372036854775807) "
                    + "order by audit_event_id desc limit @limit",
            new { filter.Actor, filter.Action, filter.Subject, filter.From, filter.To, id = cursor?.Id, limit },
            cancellationToken: ct))).ToList();
        if (towardsNewer)
            rows.Reverse();
        return rows;
    }

    /// <summary>Every event the filter lets through, oldest first, in one snapshot, one by one.</summary>
    /// <param name="exports">Whose connection it holds until the last one is read.</param>
    /// <param name="filter">Which ones.</param>
    /// <param name="ct">Ends the reading.</param>
    public static async IAsyncEnumerable<AuditEvent> StreamAsync(
        ExportDatabase exports, AuditFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(exports);
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await exports.OpenConnectionAsync(ct);
        var rows = connection.QueryUnbufferedAsync<AuditEvent>(
            Select + "order by audit_event_id", filter, commandTimeout: 300);
        await foreach (var row in rows.WithCancellation(ct))
            yield return row;
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
public sealed record AuditFilter(string? Actor, string? Action)
{
    /// <summary>To the thing of this name, in any case; null: to any.</summary>
    public string? Subject { get; init; }

    /// <summary>At this time or later; null: from the first.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time; null: to the last.</summary>
    public DateTimeOffset? To { get; init; }
}

/// <summary>A place in the log: next to one event, looking one way.</summary>
/// <param name="Id">The event at the edge.</param>
/// <param name="TowardsNewer">Whether the page lies on the newer side of it; else on the older.</param>
public sealed record AuditCursor(long Id, bool TowardsNewer);

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
