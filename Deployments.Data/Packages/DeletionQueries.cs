using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Npgsql;

namespace Deployments.Data.Packages;

/// <summary>Reads whether versions can be deleted from a registry without anybody missing them.</summary>
/// <param name="database">The database.</param>
public sealed class DeletionQueries(ReadDatabase database)
{
    // So many records of a package on a target are read first; all of them where those are of too few of its versions.
    const int NewestRecords = 50;

    // One statement for all candidates: what runs, what was there at that time, what came since, what each group got
    // last. Each is asked of the targets that have the package and of the versions, never of all their records.
    const string Facts =
        $"""
        with wanted as (
            select * from unnest(@types, @groups, @names, @versions)
                with ordinality as w (type, group_key, name_key, version_key, place)
        ),
        asked as (
            select w.place, w.version_key, p.package_id
            from wanted w
            join packages p on p.type = w.type and p.group_key = w.group_key and p.name_key = w.name_key
        ),
        images as materialized (
            select v.package_id, v.version_id, v.version_key, digest.qualifier
            from (select distinct package_id from asked) o
            join package_versions v on v.package_id = o.package_id
            cross join lateral (
                values (v.qualifier), ('digest=' || replace(v.version_key, ':', '%3A'))) digest (qualifier)
            where v.qualifier like 'digest=%' or v.version_key like '%:%'
        ),
        found as materialized (
            select o.place, v.package_id, v.version_id
            from asked o
            join package_versions v on v.package_id = o.package_id and v.version_key = o.version_key
            union
            select o.place, b.package_id, b.version_id
            from asked o
            join images b on b.package_id = o.package_id
                and b.qualifier = 'digest=' || replace(o.version_key, ':', '%3A')
            union
            select o.place, b.package_id, b.version_id
            from asked o
            join images a on a.package_id = o.package_id and a.version_key = o.version_key
                and a.qualifier like 'digest=%'
            join images b on b.package_id = a.package_id and b.qualifier = a.qualifier
        ),
        came as (
            select i.package_id, t.target_group_id, d.version_id, max(d.deployed_at) as at
            from (select distinct package_id from found) f
            join installations i on i.package_id = f.package_id
            join targets t on t.target_id = i.target_id
            cross join lateral (
                with newest as (
                    select d.version_id, d.deployed_at
                    from deployments d
                    where d.target_id = i.target_id and d.package_id = i.package_id and {VisibleSql.Record}
                    order by d.deployed_at desc, d.id desc
                    limit @NewestRecords
                )
                select * from newest
                union all
                select d.version_id, d.deployed_at
                from deployments d
                where d.target_id = i.target_id and d.package_id = i.package_id and {VisibleSql.Record}
                  and (
                      select count(*) = @NewestRecords and count(distinct version_id) < least(@keep, (
                          select count(*) from package_versions v where v.package_id = i.package_id))
                      from newest)
            ) d
            group by i.package_id, t.target_group_id, d.version_id
        ),
        kept as materialized (
            select version_id, target_group_id
            from (
                select *, row_number() over (
                    partition by package_id, target_group_id order by at desc, version_id desc) as nth
                from came
            ) c
            where nth <= @keep
        ),
        ran as (
            select distinct d.version_id
            from (select distinct package_id from found) f
            join installations i on i.package_id = f.package_id
            cross join lateral (
                select d.*
                from deployments d
                where d.target_id = i.target_id and d.package_id = i.package_id and d.deployed_at <= @since
                order by d.deployed_at desc, d.id desc
                limit 1
            ) d
            where {VisibleSql.Record} and not exists (
                select from removals r
                where r.target_id = d.target_id and r.package_id = d.package_id
                  and r.removed_at between d.deployed_at and @since)
        ),
        judged as (
            select f.place, f.version_id, (
                    select count(*) from running_installations i
                    where i.version_id = f.version_id and {VisibleSql.Installation}) as runs_on, (
                    select count(distinct o.target_id) from observations o
                    where o.version_id = f.version_id and o.gone_at is null
                      and {VisibleSql.Observation}) as seen_on, (
                    select max(d.deployed_at) from deployments d
                    where d.version_id = f.version_id and {VisibleSql.Record} and d.deployed_hour = (
                        select d.deployed_hour from deployments d
                        where d.version_id = f.version_id and {VisibleSql.Record}
                        order by d.deployed_hour desc
                        limit 1)) as last_deployed_at
            from found f
        )
        select w.place, coalesce(sum(j.runs_on), 0)::bigint as runs_on,
               coalesce(sum(j.seen_on), 0)::bigint as seen_on, max(j.last_deployed_at) as last_deployed_at,
               coalesce(bool_or(j.last_deployed_at >= @since
                   or j.version_id in (select version_id from ran)), false) as is_recent,
               case when max(j.version_id) is null then (
                   select count(distinct i.target_id)
                   from packages p
                   join package_versions v on v.package_id = p.package_id and v.version_key like 'sha256:%'
                   join running_installations i on i.version_id = v.version_id and {VisibleSql.Installation}
                   where p.type = min(w.type) and p.group_key = min(w.group_key) and p.name_key = min(w.name_key))
                   else 0 end as runs_by_digest_on,
               array(
                   select distinct coalesce(g.name, '')
                   from found f
                   join kept k on k.version_id = f.version_id
                   left join target_groups g on g.target_group_id = k.target_group_id
                   where f.place = w.place
                   order by 1) as last_of
        from wanted w
        left join judged j on j.place = w.place
        group by w.place
        order by w.place
        """;

    /// <summary>What is to be said of each candidate, in their order.</summary>
    /// <param name="candidates">Versions; what was never recorded has no facts but that.</param>
    /// <param name="since">Whoever had it then or later had it lately.</param>
    /// <param name="keep">How many of the versions that each group of targets got last are kept.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<DeletionFacts>> OfAsync(
        IReadOnlyList<DeletionCandidate> candidates, DateTimeOffset since, int keep, VisibleFeeds visible,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<DeletionFacts>(new CommandDefinition(
            Facts,
            new
            {
                types = candidates.Select(one => one.Package.Type).ToArray(),
                groups = candidates.Select(one => one.Package.GroupKey).ToArray(),
                names = candidates.Select(one => one.Package.NameKey).ToArray(),
                versions = candidates.Select(one => one.VersionKey).ToArray(),
                since = since.UtcDateTime,
                keep,
                NewestRecords,
                visible = visible.Ids,
            }, commandTimeout: 60, cancellationToken: ct))];
    }

    /// <summary>The keys of all recorded versions of a package, newest version first.</summary>
    /// <param name="package">The package.</param>
    /// <param name="count">At most this many.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>The key and the version as shown.</returns>
    public async Task<IReadOnlyList<(string Key, string Version)>> VersionsAsync(
        PackageKey package, int count, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(package);
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<(string, string)>(new CommandDefinition(
            $"""
            select v.version_key, min(v.version)
            from packages p
            join package_versions v on v.package_id = p.package_id
            where p.type = @Type and p.group_key = @GroupKey and p.name_key = @NameKey and {VisibleSql.Version}
            group by v.version_key
            order by (array_agg(v.sort_key order by v.sort_key desc nulls last))[1] desc nulls last, v.version_key desc
            limit @count
            """,
            new { package.Type, package.GroupKey, package.NameKey, count, visible = visible.Ids },
            cancellationToken: ct))];
    }
}
