using Deployments.Data.Ledger;

namespace Deployments.Data.Vulnerabilities;

/// <summary>
/// Decisions about vulnerabilities as leaves of the ledger: one when a decision is made, one when it is taken back, so
/// that no row changes under its leaf.
/// </summary>
sealed class AssessmentLedger : LedgerSource
{
    public static readonly AssessmentLedger Made = new(false);
    public static readonly AssessmentLedger Revoked = new(true);

    const string Scope =
        """
        d.assessment_id as "id", advisories.osv_id as "advisory", packages.type as "type",
        packages.group_name as "group", packages.name as "name", targets.name as "target"
        """;

    readonly bool isRevoked;

    AssessmentLedger(bool isRevoked)
        : base(
            isRevoked ? LedgerKind.AssessmentRevocation : LedgerKind.Assessment,
            isRevoked ? "assessmentRevocation/1" : "assessment/1") =>
        this.isRevoked = isRevoked;

    /// <inheritdoc/>
    protected override string Table => "assessments d";

    /// <inheritdoc/>
    protected override string Id => "d.assessment_id";

    /// <inheritdoc/>
    protected override string Condition => isRevoked ? "d.revoked_at is not null" : "true";

    /// <inheritdoc/>
    protected override string Fields => isRevoked
        ? Scope + """, d.revoked_at as "revokedAt", d.revoked_by as "revokedBy" """
        : Scope + """
            , case d.state when 1 then 'notAffected' when 2 then 'accepted' when 3 then 'fixedByOtherMeans' end
            as "state", d.justification as "justification", d.reason as "reason", d.assessed_by as "assessedBy",
            d.assessed_at as "assessedAt", d.expires_at as "expiresAt"
            """;

    /// <inheritdoc/>
    protected override string Joins =>
        """
        left join advisories on advisories.advisory_id = d.advisory_id
        left join packages on packages.package_id = d.package_id
        left join targets on targets.target_id = d.target_id
        """;
}
