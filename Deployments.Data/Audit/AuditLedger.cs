using Deployments.Data.Ledger;

namespace Deployments.Data.Audit;

/// <summary>Administrative changes as leaves of the ledger. Before and after are texts of the stored JSON.</summary>
sealed class AuditLedger() : LedgerSource(LedgerKind.Change, "change/1")
{
    public static readonly AuditLedger Instance = new();

    /// <inheritdoc/>
    protected override string Table => "audit_events d";

    /// <inheritdoc/>
    protected override string Id => "d.audit_event_id";

    /// <inheritdoc/>
    protected override string Fields =>
        """
        d.audit_event_id as "id", d.occurred_at as "occurredAt", d.actor as "actor", d.address as "address",
        d.action as "action", d.subject_kind as "subjectKind", d.subject_name as "subject",
        d.before::text as "before", d.after::text as "after"
        """;
}
