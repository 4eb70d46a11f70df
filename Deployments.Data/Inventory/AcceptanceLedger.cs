using Deployments.Data.Ledger;

namespace Deployments.Data.Inventory;

/// <summary>
/// Decisions that a difference is right as leaves of the ledger: one when one is made, one when it is taken back.
/// </summary>
sealed class AcceptanceLedger : LedgerSource
{
    public static readonly AcceptanceLedger Made = new(false);
    public static readonly AcceptanceLedger Revoked = new(true);

    const string Scope =
        """
        d.drift_acceptance_id as "id", packages.type as "type", packages.group_name as "group",
        packages.name as "name", targets.name as "target"
        """;

    readonly bool isRevoked;

    AcceptanceLedger(bool isRevoked)
        : base(
            isRevoked ? LedgerKind.AcceptanceRevocation : LedgerKind.Acceptance,
            isRevoked ? "acceptanceRevocation/1" : "acceptance/1") =>
        this.isRevoked = isRevoked;

    /// <inheritdoc/>
    protected override string Table => "drift_acceptances d";

    /// <inheritdoc/>
    protected override string Id => "d.drift_acceptance_id";

    /// <inheritdoc/>
    protected override string Condition => isRevoked ? "d.revoked_at is not null" : "true";

    /// <inheritdoc/>
    protected override string Fields => isRevoked
        ? Scope + """, d.revoked_at as "revokedAt", d.revoked_by as "revokedBy" """
        : Scope + """
            , case d.kind when 1 then 'differentVersion' when 2 then 'unrecorded' when 3 then 'missing'
            when 4 then 'unconfirmed' end as "difference", recorded.version as "recorded", seen.version as "seen",
            d.reason as "reason", d.accepted_by as "acceptedBy", d.accepted_at as "acceptedAt",
            d.expires_at as "expiresAt"
            """;

    /// <inheritdoc/>
    protected override string Joins =>
        """
        left join packages on packages.package_id = d.package_id
        left join targets on targets.target_id = d.target_id
        left join package_versions recorded on recorded.version_id = d.recorded_id
        left join package_versions seen on seen.version_id = d.seen_id
        """;
}
