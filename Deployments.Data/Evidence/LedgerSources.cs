using Deployments.Data.Audit;
using Deployments.Data.Inventory;
using Deployments.Data.Ledger;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Data.Vulnerabilities;

namespace Deployments.Data.Evidence;

/// <summary>Everything that has leaves in the ledger, and what people call it.</summary>
static class LedgerSources
{
    public static readonly IReadOnlyList<LedgerSource> All =
    [
        RecordLedger.Instance, RemovalLedger.Instance, AssessmentLedger.Made, AssessmentLedger.Revoked,
        AcceptanceLedger.Made, AcceptanceLedger.Revoked, AuditLedger.Instance, TombstoneSource.Instance,
    ];

    /// <summary>The rows of a kind; null for a kind that there is not.</summary>
    public static LedgerSource? OfOrNull(LedgerKind kind) => All.FirstOrDefault(source => source.Kind == kind);

    /// <summary>One of them, for a sentence about it: <c>deployment record</c>.</summary>
    public static string One(LedgerKind kind) => kind switch
    {
        LedgerKind.Record => "deployment record",
        LedgerKind.Removal => "removal",
        LedgerKind.Assessment => "assessment",
        LedgerKind.AssessmentRevocation => "revocation of assessment",
        LedgerKind.Acceptance => "acceptance of a difference",
        LedgerKind.AcceptanceRevocation => "revocation of the acceptance of a difference",
        LedgerKind.Change => "administrative change",
        LedgerKind.Tombstone => "tombstone of deployment record",
        _ => "row of an unknown kind",
    };
}
