using Deployments.Data.Ledger;
using Deployments.Data.Records;

namespace Deployments.Data.Removals;

/// <summary>Removals as leaves of the ledger, in the same words as records.</summary>
sealed class RemovalLedger() : LedgerSource(LedgerKind.Removal, "removal/1")
{
    public static readonly RemovalLedger Instance = new();

    /// <inheritdoc/>
    protected override string Table => "removals d";

    /// <inheritdoc/>
    protected override string Id => "d.removal_id";

    /// <inheritdoc/>
    protected override string Fields =>
        """
        d.removal_id as "id", d.removed_at as "removedAt", d.recorded_at as "recordedAt", d.feed_id as "feed",
        packages.type as "type", packages.group_name as "group", packages.name as "name",
        applications.name as "application", descriptions.name as "description", targets.name as "target",
        urls.name as "url", users.name as "user", recorders.name as "recordedBy", d.road as "road",
        d.client_address as "clientAddress", d.digest as "digest"
        """;

    /// <inheritdoc/>
    protected override string Joins =>
        """
        left join packages on packages.package_id = d.package_id
        left join targets on targets.target_id = d.target_id
        left join applications on applications.application_id = d.application_id
        left join users on users.user_id = d.user_id
        left join recorders on recorders.recorder_id = d.recorder_id
        left join texts descriptions on descriptions.text_id = d.description_id
        left join texts urls on urls.text_id = d.url_id
        """;

    /// <inheritdoc/>
    protected override string? Text(string field, object value) =>
        field == "road" ? RecordLedger.RoadName((short)value) : base.Text(field, value);
}
