using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Npgsql;

namespace Deployments.Data.Search;

/// <summary>
/// Finds packages, versions, targets, applications and people by name: the same name first, then names that begin so,
/// then names that contain it. Reads tables of names only, each along an index and never more than asked for, so that
/// the number of records does not matter.
/// </summary>
/// <param name="database">The database.</param>
public sealed class SearchQueries(ReadDatabase database)
{
    // A feed that leads to package "p".
    const string Feed =
        $"""
        (select f.name from feed_packages fp join feeds f using (feed_id)
                where fp.package_id = p.package_id and f.deleted_at is null and {VisibleSql.Feed}
                order by f.name limit 1) as feed
        """;

    // What is shown of package "p".
    const string PackageFacts =
        $"""
        p.type, p.group_name, p.name, {Feed},
               (select v.version from package_versions v
                where v.package_id = p.package_id and {VisibleSql.Version}
                order by v.sort_key desc nulls last, v.version_id desc limit 1) as version,
               (select count(*) from running_installations i
                where i.package_id = p.package_id and {VisibleSql.Installation})::int as targets_now
        """;

    const string PackagesSql =
        $"""
        with found as (
            (select package_id, 0 as rank from packages p
             where lower(name) = lower(@Exact) and {VisibleSql.Package} limit @count)
            union all
            (select package_id, 1 from packages p
             where lower(name) like lower(@Prefix) and lower(name) <> lower(@Exact) and {VisibleSql.Package}
             order by lower(name) using ~<~ limit @count)
            union all
            (select package_id, 2 from packages p
             where @Part::text is not null and lower(group_name || '/' || name) like lower(@Part)
               and lower(name) not like lower(@Prefix) and {VisibleSql.Package}
             limit @count)),
        best as (
            select p.*, found.rank
            from found join packages p using (package_id)
            order by found.rank, p.name_key, p.type, p.group_key
            limit @count)
        select {PackageFacts}
        from best p
        order by p.rank, p.name_key, p.type, p.group_key
        """;

    const string VersionFacts =
        $"""

        select p.type, p.group_name, p.name, best.version, {Feed},
               (select count(*) from running_installations i
                where i.version_id = best.version_id and {VisibleSql.Installation})::int as targets_now
        from best join packages p using (package_id)
        order by best.rank, lower(best.version) using ~<~, p.name_key, p.type, p.group_key, best.version_id
        """;

    const string VersionsSql =
        $"""
        with found as (
            (select *, 0 as rank from package_versions v
             where lower(version) = lower(@Exact) and {VisibleSql.Version} limit @count)
            union all
            (select *, 1 from package_versions v
             where lower(version) like lower(@Prefix) and lower(version) <> lower(@Exact) and {VisibleSql.Version}
             order by lower(version) using ~<~ limit @count)),
        best as (select * from found order by rank, lower(version) using ~<~, version_id limit @count)
        """ + VersionFacts;

    // Of so many packages at most, so that a short name does not lead through all versions.
    const string VersionsOfPackagesSql =
        $"""
        with named as materialized (
            (select package_id from packages p where lower(name) = lower(@Name) and {VisibleSql.Package} limit 100)
            union
            (select package_id from packages p
             where lower(name) like lower(@NamePrefix) and {VisibleSql.Package} limit 100)
            union
            (select package_id from packages p
             where @NamePart::text is not null and lower(group_name || '/' || name) like lower(@NamePart)
               and {VisibleSql.Package} limit 100)),
        best as (
            select v.*, case when lower(v.version) = lower(@Exact) then 0 else 1 end as rank
            from named join package_versions v using (package_id)
            where lower(v.version) like lower(@Prefix) and {VisibleSql.Version}
            order by rank, lower(v.version) using ~<~, v.version_id
            limit @count)
        """ + VersionFacts;

    static readonly string TargetsSql =
        $"""
        {Found("targets t", VisibleSql.Target)},
        best as (select * from found order by rank, name_key limit @count)
        select best.name,
               (select count(*) from running_installations i
                where i.target_id = best.target_id and {VisibleSql.Installation})::int as packages,
               (select max(i.deployed_at) from installations i
                where i.target_id = best.target_id and {VisibleSql.Installation}) as last_deployed_at
        from best
        order by best.rank, best.name_key
        """;

    static readonly string ApplicationsSql =
        $"""
        {Found("applications a", VisibleSql.Application)}
        select name from found order by rank, name_key limit @count
        """;

    static readonly string UsersSql =
        $"""
        {Found("users u", VisibleSql.User)}
        select name from found order by rank, name_key limit @count
        """;

    /// <summary>Packages by name, or by a part of <c>group/name</c>.</summary>
    /// <param name="name">What to look for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<PackageHit>> PackagesAsync(
        SearchPattern name, int count, VisibleFeeds visible, CancellationToken ct) =>
        QueryAsync<PackageHit>(PackagesSql, Parameters(name, count, visible), ct);

    /// <summary>The package of a package URL, whatever its version; null when nothing of it was deployed.</summary>
    /// <param name="type">Package URL type.</param>
    /// <param name="groupKey">Normalised group.</param>
    /// <param name="nameKey">Normalised name.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<PackageHit?> PackageOrNullAsync(
        string type, string groupKey, string nameKey, VisibleFeeds visible, CancellationToken ct) =>
        (await QueryAsync<PackageHit>(
            $"""
            select {PackageFacts}
            from packages p
            where p.name_key = @nameKey and p.type = @type and p.group_key = @groupKey and {VisibleSql.Package}
            """, new { type, groupKey, nameKey, visible = visible.Ids }, ct)).SingleOrDefault();

    /// <summary>Versions that are called or begin so, of any package or of packages of a name.</summary>
    /// <param name="version">What to look for; parts of versions are not found.</param>
    /// <param name="package">Only of packages of such a name; null: of any.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<PackageHit>> VersionsAsync(
        SearchPattern version, SearchPattern? package, int count, VisibleFeeds visible, CancellationToken ct) =>
        package is null
        ? QueryAsync<PackageHit>(VersionsSql, Parameters(version, count, visible), ct)
        : QueryAsync<PackageHit>(
            VersionsOfPackagesSql,
            new
            {
                version.Exact,
                version.Prefix,
                Name = package.Exact,
                NamePrefix = package.Prefix,
                NamePart = package.Part,
                count,
                visible = visible.Ids,
            }, ct);

    /// <summary>Targets by name.</summary>
    /// <param name="name">What to look for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<TargetHit>> TargetsAsync(
        SearchPattern name, int count, VisibleFeeds visible, CancellationToken ct) =>
        QueryAsync<TargetHit>(TargetsSql, Parameters(name, count, visible), ct);

    /// <summary>Names of applications.</summary>
    /// <param name="name">What to look for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<string>> ApplicationsAsync(
        SearchPattern name, int count, VisibleFeeds visible, CancellationToken ct) =>
        QueryAsync<string>(ApplicationsSql, Parameters(name, count, visible), ct);

    /// <summary>Names of people who deployed, as records name them.</summary>
    /// <param name="name">What to look for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<string>> UsersAsync(
        SearchPattern name, int count, VisibleFeeds visible, CancellationToken ct) =>
        QueryAsync<string>(UsersSql, Parameters(name, count, visible), ct);

    // The names of a dictionary: the same one, those that begin so, those that contain it.
    static string Found(string dictionary, string isVisible) =>
        $"""
        with found as (
            (select *, 0 as rank from {dictionary} where name_key = @Exact and {isVisible})
            union all
            (select *, 1 from {dictionary}
             where name_key like @Prefix and name_key <> @Exact and {isVisible}
             order by name_key using ~<~ limit @count)
            union all
            (select *, 2 from {dictionary}
             where @Part::text is not null and name_key like @Part and name_key not like @Prefix and {isVisible}
             limit @count))
        """;

    static object Parameters(SearchPattern name, int count, VisibleFeeds visible) =>
        new { name.Exact, name.Prefix, name.Part, count, visible = visible.Ids };

    async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: ct)))
            .AsList();
    }
}
