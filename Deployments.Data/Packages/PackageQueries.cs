using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Packages;

/// <summary>Reads which packages and versions were deployed, and how many targets run them now.</summary>
public sealed class PackageQueries(ReadDatabase database)
{
    /// <summary>The packages deployed through a feed, by name.</summary>
    /// <param name="feedId">The feed.</param>
    /// <param name="type">Package URL type of its packages.</param>
    /// <param name="search">Part of the name or group, in any case; null: all.</param>
    /// <param name="after">The last package of the page before; null: from the first.</param>
    /// <param name="count">How many a page has.</param>
    /// <param name="visible">What the reader sees; the feed is among it.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<PackagePage> InFeedAsync(
        int feedId, string type, string? search, PackagePlace? after, int count, VisibleFeeds visible,
        CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<PackageRow>(new CommandDefinition(
            $"""
            with page as materialized (
                select p.*
                from packages p
                where p.type = @type
                  and (@search::text is null or strpos(p.name_key, lower(@search)) > 0
                       or strpos(p.group_key, lower(@search)) > 0)
                  and (@after_name::text is null or (p.name_key, p.group_key) > (@after_name, @after_group::text))
                  and exists (
                        select from feed_packages f
                        where f.package_id = p.package_id and f.feed_id = @feed_id)
                order by p.name_key, p.group_key
                limit @count)
            select p.group_name, p.name, p.group_key, p.name_key,
                   newest.version as latest_version,
                   (select count(*) from running_installations i
                    where i.package_id = p.package_id and {VisibleSql.Installation})::int as targets_now,
                   latest.deployed_at as last_deployed_at, t.name as last_target
            from page p
            left join lateral (
                select v.version from package_versions v
                where v.package_id = p.package_id and {VisibleSql.Version}
                order by v.sort_key desc nulls last, v.version_id desc
                limit 1) newest on true
            left join lateral (
                select d.deployed_at, d.target_id from deployments d
                where d.package_id = p.package_id and d.feed_id = @feed_id
                order by d.deployed_hour desc, d.deployed_at desc
                limit 1) latest on true
            left join targets t on t.target_id = latest.target_id
            order by p.name_key, p.group_key
            """,
            new
            {
                feed_id = feedId,
                type,
                search = string.IsNullOrWhiteSpace(search) ? null : search.Trim(),
                after_name = after?.NameKey,
                after_group = after?.GroupKey,
                count = count + 1,
                visible = visible.Ids,
            },
            cancellationToken: ct))).AsList();
        return PackagePage.Of(rows, count);
    }

    /// <summary>What became of one package; null when nothing of it was ever recorded.</summary>
    /// <param name="package">The package.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<PackageSummary?> SummaryOrNullAsync(
        PackageKey package, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QueryFirstOrDefaultAsync<PackageSummary>(new CommandDefinition(
            $"""
            select p.package_id, p.group_name, p.name,
                   newest.version as latest_version,
                   (select count(*) from running_installations i
                    where i.package_id = p.package_id and {VisibleSql.Installation})::int as targets_now,
                   (select count(distinct i.version_id) from running_installations i
                    where i.package_id = p.package_id and {VisibleSql.Installation})::int as versions_now,
                   (select count(*) from package_versions v
                    where v.package_id = p.package_id and {VisibleSql.Version})::int as versions,
                   (select count(*) from (
                        select from deployments d
                        where d.package_id = p.package_id and {VisibleSql.Record}
                        limit @records_max + 1) counted) as records,
                   (select d.deployed_at from deployments d
                    where d.package_id = p.package_id and {VisibleSql.Record}
                    order by d.deployed_hour desc, d.deployed_at desc limit 1) as last_deployed_at,
                   (select d.deployed_at from deployments d
                    where d.package_id = p.package_id and {VisibleSql.Record}
                    order by d.deployed_hour, d.deployed_at limit 1) as first_deployed_at,
                   array(
                        select f.name from feed_packages through join feeds f on f.feed_id = through.feed_id
                        where through.package_id = p.package_id and f.deleted_at is null and {VisibleSql.Feed}
                        order by f.name) as feeds
            from packages p
            left join lateral (
                select v.version from package_versions v
                where v.package_id = p.package_id and {VisibleSql.Version}
                order by v.sort_key desc nulls last, v.version_id desc
                limit 1) newest on true
            where p.type = @type and p.group_key = @group_key and p.name_key = @name_key and {VisibleSql.Package}
            """,
            new
            {
                type = package.Type,
                group_key = package.GroupKey,
                name_key = package.NameKey,
                records_max = PackageSummary.RecordsMax,
                visible = visible.Ids,
            },
            cancellationToken: ct));
    }

    /// <summary>The versions of a package that were deployed, newest version first.</summary>
    /// <param name="packageId">The package.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<VersionRow>> VersionsAsync(
        int packageId, int count, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<VersionRow>(new CommandDefinition(
            $"""
            select v.version_id, v.version, v.qualifier,
                   (select count(*) from running_installations i
                    where i.version_id = v.version_id and {VisibleSql.Installation})::int as targets_now,
                   counted.targets_ever, counted.records,
                   (select d.deployed_at from deployments d
                    where d.version_id = v.version_id and {VisibleSql.Record}
                    order by d.deployed_hour, d.deployed_at limit 1) as first_deployed_at,
                   (select d.deployed_at from deployments d
                    where d.version_id = v.version_id and {VisibleSql.Record}
                    order by d.deployed_hour desc, d.deployed_at desc limit 1) as last_deployed_at
            from package_versions v
            cross join lateral (
                select count(*) as records, count(distinct taken.target_id)::int as targets_ever
                from (
                    select d.target_id from deployments d
                    where d.version_id = v.version_id and {VisibleSql.Record}
                    limit @records_max + 1) taken) counted
            where v.package_id = @package_id and {VisibleSql.Version}
            order by v.sort_key desc nulls last, v.version_id desc
            limit @count
            """,
            new { package_id = packageId, count, records_max = VersionRow.RecordsMax, visible = visible.Ids },
            cancellationToken: ct)))
            .AsList();
    }

    /// <summary>Where a package runs now, newest first.</summary>
    /// <param name="packageId">The package.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<InstallationRow>> InstallationsAsync(
        int packageId, int count, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<InstallationRow>(new CommandDefinition(
            $"""
            select t.name as target, v.version_id, v.version, v.qualifier, i.deployed_at, i.deployment_id
            from running_installations i
            join targets t on t.target_id = i.target_id
            join package_versions v on v.version_id = i.version_id
            where i.package_id = @package_id and {VisibleSql.Installation}
            order by i.deployed_at desc, i.target_id
            limit @count
            """,
            new { package_id = packageId, count, visible = visible.Ids }, cancellationToken: ct))).AsList();
    }

    /// <summary>
    /// The feeds through which a package was deployed, the most used first, with what the newest
    /// <see cref="PackageFeedRow.NewestMax"/> records say of them.
    /// </summary>
    /// <param name="packageId">The package.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<PackageFeedRow>> FeedsAsync(
        int packageId, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<PackageFeedRow>(new CommandDefinition(
            $"""
            with newest as materialized (
                select d.feed_id, d.deployed_at from deployments d
                where d.package_id = @package_id and {VisibleSql.Record}
                order by d.deployed_hour desc
                limit @newest_max)
            select f.name, f.deleted_at is null as exists, count(newest.deployed_at) as records,
                   max(newest.deployed_at) as last_deployed_at
            from feed_packages through
            join feeds f on f.feed_id = through.feed_id
            left join newest on newest.feed_id = through.feed_id
            where through.package_id = @package_id and {VisibleSql.Feed}
            group by f.feed_id
            order by count(newest.deployed_at) desc, f.name
            """,
            new { package_id = packageId, newest_max = PackageFeedRow.NewestMax, visible = visible.Ids },
            cancellationToken: ct))).AsList();
    }

    /// <summary>
    /// How often a package was deployed: per month and application, newest month first. Of a package with more than
    /// <see cref="UsageRow.RecordsMax"/> records since then, the newest of them are counted.
    /// </summary>
    /// <param name="packageId">The package.</param>
    /// <param name="since">The first moment counted.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<UsageRow>> UsageAsync(
        int packageId, DateTimeOffset since, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<UsageRow>(new CommandDefinition(
            $"""
            select counted.month, a.name as application, counted.records, counted.targets
            from (
                select date_trunc('month', d.deployed_at, 'UTC') as month, d.application_id,
                       count(*) as records, count(distinct d.target_id)::int as targets
                from (
                    select * from deployments d
                    where d.package_id = @package_id and d.deployed_hour >= @hour::int and d.deployed_at >= @since
                      and {VisibleSql.Record}
                    order by d.deployed_hour desc
                    limit @records_max) d
                group by 1, 2) counted
            join applications a on a.application_id = counted.application_id
            order by counted.month desc, counted.records desc, a.name
            """,
            new
            {
                package_id = packageId,
                since = since.UtcDateTime,
                hour = RecordQueries.Hour(since),
                records_max = UsageRow.RecordsMax,
                visible = visible.Ids,
            },
            cancellationToken: ct))).AsList();
    }
}
