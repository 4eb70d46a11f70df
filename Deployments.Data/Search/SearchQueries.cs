using Dapper;
using Npgsql;

namespace Deployments.Data.Search;

/// <summary>
/// Finds packages, versions, targets, applications and people by name: the same name first, then names that begin so,
/// then names that contain it. Reads tables of names only, each along an index and never more than asked for, so that
/// the number of records does not matter.
/// </summary>
/// <param name="database">The database.</param>
public sealed class SearchQueries(NpgsqlDataSource database)
{
    const string PackagesSql =
        """
        with found as (
            (select package_id, 0 as rank from packages where lower(name) = lower(@Exact) limit @count)
            union all
            (select package_id, 1 from packages
             where lower(name) like lower(@Prefix) and lower(name) <> lower(@Exact)
             order by lower(name) using ~<~ limit @count)
            union all
            (select package_id, 2 from packages
             where @Part::text is not null and lower(group_name || '/' || name) like lower(@Part)
               and lower(name) not like lower(@Prefix)
             limit @count)),
        best as (
            select p.*, found.rank
            from found join packages p using (package_id)
            order by found.rank, p.name_key, p.type, p.group_key
            limit @count)
        select best.type, best.group_name, best.name,
               (select f.name from feed_packages fp join feeds f using (feed_id)
                where fp.package_id = best.package_id and f.deleted_at is null
                order by f.name limit 1) as feed,
               (select v.version from package_versions v
                where v.package_id = best.package_id
                order by v.sort_key desc nulls last, v.version_id desc limit 1) as version,
               (select count(*) from installations i where i.package_id = best.package_id)::int as targets_now
        from best
        order by best.rank, best.name_key, best.type, best.group_key
        """;

    const string VersionFacts =
        """

        select p.type, p.group_name, p.name, best.version,
               (select f.name from feed_packages fp join feeds f using (feed_id)
                where fp.package_id = p.package_id and f.deleted_at is null
                order by f.name limit 1) as feed,
               (select count(*) from installations i where i.version_id = best.version_id)::int as targets_now
        from best join packages p using (package_id)
        order by best.rank, lower(best.version) using ~<~, p.name_key, p.type, p.group_key, best.version_id
        """;

    const string VersionsSql =
        """
        with found as (
            (select *, 0 as rank from package_versions where lower(version) = lower(@Exact) limit @count)
            union all
            (select *, 1 from package_versions
             where lower(version) like lower(@Prefix) and lower(version) <> lower(@Exact)
             order by lower(version) using ~<~ limit @count)),
        best as (select * from found order by rank, lower(version) using ~<~, version_id limit @count)
        """ + VersionFacts;

    // Of so many packages at most, so that a short name does not lead through all versions.
    const string VersionsOfPackagesSql =
        """
        with named as materialized (
            (select package_id from packages where lower(name) = lower(@Name) limit 100)
            union
            (select package_id from packages where lower(name) like lower(@NamePrefix) limit 100)
            union
            (select package_id from packages
             where @NamePart::text is not null and lower(group_name || '/' || name) like lower(@NamePart) limit 100)),
        best as (
            select v.*, case when lower(v.version) = lower(@Exact) then 0 else 1 end as rank
            from named join package_versions v using (package_id)
            where lower(v.version) like lower(@Prefix)
            order by rank, lower(v.version) using ~<~, v.version_id
            limit @count)
        """ + VersionFacts;

    const string TargetsSql =
        """
        with found as (
            (select *, 0 as rank from targets where name_key = @Exact)
            union all
            (select *, 1 from targets where name_key like @Prefix and name_key <> @Exact
             order by name_key using ~<~ limit @count)
            union all
            (select *, 2 from targets
             where @Part::text is not null and name_key like @Part and name_key not like @Prefix
             limit @count)),
        best as (select * from found order by rank, name_key limit @count)
        select best.name,
               (select count(*) from installations i where i.target_id = best.target_id)::int as packages,
               (select max(i.deployed_at) from installations i where i.target_id = best.target_id) as last_deployed_at
        from best
        order by best.rank, best.name_key
        """;

    const string ApplicationsSql =
        """
        with found as (
            (select *, 0 as rank from applications where name_key = @Exact)
            union all
            (select *, 1 from applications where name_key like @Prefix and name_key <> @Exact
             order by name_key using ~<~ limit @count)
            union all
            (select *, 2 from applications
             where @Part::text is not null and name_key like @Part and name_key not like @Prefix
             limit @count))
        select name from found order by rank, name_key limit @count
        """;

    const string UsersSql =
        """
        with found as (
            (select *, 0 as rank from users where name_key = @Exact)
            union all
            (select *, 1 from users where name_key like @Prefix and name_key <> @Exact
             order by name_key using ~<~ limit @count)
            union all
            (select *, 2 from users
             where @Part::text is not null and name_key like @Part and name_key not like @Prefix
             limit @count))
        select name from found order by rank, name_key limit @count
        """;

    /// <summary>Packages by name, or by a part of <c>group/name</c>.</summary>
    /// <param name="name">What to look for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<PackageHit>> PackagesAsync(SearchPattern name, int count, CancellationToken ct) =>
        QueryAsync<PackageHit>(PackagesSql, new { name.Exact, name.Prefix, name.Part, count }, ct);

    /// <summary>The package of a package URL, whatever its version; null when nothing of it was deployed.</summary>
    /// <param name="type">Package URL type.</param>
    /// <param name="groupKey">Normalised group.</param>
    /// <param name="nameKey">Normalised name.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<PackageHit?> PackageOrNullAsync(
        string type, string groupKey, string nameKey, CancellationToken ct) =>
        (await QueryAsync<PackageHit>(
            """
            select p.type, p.group_name, p.name,
                   (select f.name from feed_packages fp join feeds f using (feed_id)
                    where fp.package_id = p.package_id and f.deleted_at is null
                    order by f.name limit 1) as feed,
                   (select v.version from package_versions v
                    where v.package_id = p.package_id
                    order by v.sort_key desc nulls last, v.version_id desc limit 1) as version,
                   (select count(*) from installations i where i.package_id = p.package_id)::int as targets_now
            from packages p
            where p.name_key = @nameKey and p.type = @type and p.group_key = @groupKey
            """, new { type, groupKey, nameKey }, ct)).SingleOrDefault();

    /// <summary>Versions that are called or begin so, of any package or of packages of a name.</summary>
    /// <param name="version">What to look for; parts of versions are not found.</param>
    /// <param name="package">Only of packages of such a name; null: of any.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<PackageHit>> VersionsAsync(
        SearchPattern version, SearchPattern? package, int count, CancellationToken ct) => package is null
        ? QueryAsync<PackageHit>(VersionsSql, new { version.Exact, version.Prefix, count }, ct)
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
            }, ct);

    /// <summary>Targets by name.</summary>
    /// <param name="name">What to look for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<TargetHit>> TargetsAsync(SearchPattern name, int count, CancellationToken ct) =>
        QueryAsync<TargetHit>(TargetsSql, new { name.Exact, name.Prefix, name.Part, count }, ct);

    /// <summary>Names of applications.</summary>
    /// <param name="name">What to look for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<string>> ApplicationsAsync(SearchPattern name, int count, CancellationToken ct) =>
        QueryAsync<string>(ApplicationsSql, new { name.Exact, name.Prefix, name.Part, count }, ct);

    /// <summary>Names of people who deployed, as records name them.</summary>
    /// <param name="name">What to look for.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<string>> UsersAsync(SearchPattern name, int count, CancellationToken ct) =>
        QueryAsync<string>(UsersSql, new { name.Exact, name.Prefix, name.Part, count }, ct);

    async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: ct)))
            .AsList();
    }
}
