using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Events;

/// <summary>Reads what a CDEvent refers to without naming it.</summary>
/// <param name="database">The database.</param>
public sealed class CdEventQueries(ReadDatabase database)
{
    /// <summary>The packages that CDEvents of a service brought to a target, each with its newest feed.</summary>
    /// <param name="service">The service.</param>
    /// <param name="target">The target, in any case.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>In the order in which they are to be locked; empty when nothing is known.</returns>
    public async Task<IReadOnlyList<CdServicePackage>> PackagesAsync(
        CdService service, string target, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(service);
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<CdServicePackage>(new CommandDefinition(
            """
            select distinct on (p.package_id) p.type, p.group_key, p.name_key, d.feed_id
            from cd_events e
            left join duplicate_records r on r.id = e.deployment_id
            join deployments d on d.id = coalesce(r.deployment_id, e.deployment_id)
            join targets t on t.target_id = d.target_id and t.name_key = @target
            join packages p on p.package_id = d.package_id
            where e.subject_key = @Key
            order by p.package_id, d.deployed_at desc, d.id desc
            """, new { service.Key, target = Dictionaries.NameKey(target) }, cancellationToken: ct))];
    }

    /// <summary>The first of some feeds through which something of a package was deployed; null when none is.</summary>
    public async Task<int?> FeedOfPackageOrNullAsync(
        PackageKey package, IReadOnlyList<int> feedIds, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(package);
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int?>(new CommandDefinition(
            """
            select min(through.feed_id)
            from packages p
            join feed_packages through on through.package_id = p.package_id and through.feed_id = any(@feeds)
            where p.name_key = @NameKey and p.type = @Type and p.group_key = @GroupKey
            """, new { package.NameKey, package.Type, package.GroupKey, feeds = feedIds.ToArray() },
            cancellationToken: ct));
    }
}

/// <summary>A package that a service brought to a target.</summary>
public sealed record CdServicePackage
{
    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Normalised group; empty when there is none.</summary>
    public string GroupKey { get; init; } = "";

    /// <summary>Normalised name.</summary>
    public string NameKey { get; init; } = "";

    /// <summary>The feed through which it came there last.</summary>
    public int FeedId { get; init; }
}
