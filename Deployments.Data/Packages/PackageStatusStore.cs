using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Packages;

/// <summary>
/// Writes what is decided about package versions. Each change and its audit event are one transaction.
/// </summary>
/// <param name="database">The database.</param>
public sealed class PackageStatusStore(NpgsqlDataSource database)
{
    /// <summary>Changes what was decided about a version; writes nothing when nothing differs.</summary>
    /// <param name="version">The version.</param>
    /// <param name="name">What the audit log calls it: feed, package and version as people know them.</param>
    /// <param name="change">
    /// Makes the new status from the current one, which nobody else can change meanwhile. What it throws changes
    /// nothing.
    /// </param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task ChangeAsync(
        FeedVersionKey version, string name, Func<PackageStatus, PackageStatus> change, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // So that there is a row to lock; it goes again where nothing is decided.
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into package_statuses (feed_id, group_key, name_key, version_key)
            values (@FeedId, @GroupKey, @NameKey, @VersionKey)
            on conflict do nothing
            """, version, transaction, cancellationToken: ct));
        var before = await connection.QuerySingleAsync<PackageStatus>(new CommandDefinition(
            """
            select listed, allow, deprecated, deprecation_reason
            from package_statuses
            where feed_id = @FeedId and group_key = @GroupKey and name_key = @NameKey and version_key = @VersionKey
            for update
            """, version, transaction, cancellationToken: ct));

        var after = change(before);
        if (after == before)
            return;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update package_statuses
            set listed = @Listed, allow = @Allow, deprecated = @Deprecated, deprecation_reason = @DeprecationReason
            where feed_id = @FeedId and group_key = @GroupKey and name_key = @NameKey and version_key = @VersionKey
            """,
            new
            {
                version.FeedId,
                version.GroupKey,
                version.NameKey,
                version.VersionKey,
                after.Listed,
                after.Allow,
                after.Deprecated,
                after.DeprecationReason,
            },
            transaction, cancellationToken: ct));
        await AuditStore.CommitAsync(
            transaction, new AuditedChange("package.status", "package", name, before, after), by, ct);
    }
}
