using Dapper;
using Npgsql;

namespace Deployments.Data.Findings;

/// <summary>
/// Keeps of which distribution a version is: one of those that the feeds serve through which it came. See
/// db/decisions/0017.
/// </summary>
static class DistributionMatch
{
    const int PlacesMax = 20; // of a version in a feed; an upstream may answer at any address

    /// <summary>Whether packages of a type are those of distributions.</summary>
    public static bool Concerns(string packageType) => packageType is "deb" or "rpm" or "apk";

    /// <summary>
    /// Notes through which feeds versions came, and from which sources they were built. The caller holds the lock of
    /// <see cref="FindingMatch.LockSharedAsync"/>: a feed's distributions are read here.
    /// </summary>
    /// <returns>The versions of which that was not known.</returns>
    public static async Task<int[]> NoteAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<VersionOrigin> origins,
        CancellationToken ct)
    {
        var changed = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            with came as (
                select * from unnest(@versions, @feeds, @keys, @sourceVersions, @sortKeys, @places, @inPools)
                    as w (version_id, feed_id, source_key, source_version, source_sort_key, place, is_in_pool)
            ), added as (
                insert into version_feeds (version_id, feed_id, places, awaits_suite)
                select c.version_id, c.feed_id,
                       coalesce(array_agg(distinct c.place) filter (where c.place is not null), '{}'),
                       bool_or(c.is_in_pool)
                from came c
                where not exists (
                    select from version_feeds t
                    where t.version_id = c.version_id and t.feed_id = c.feed_id
                      and (c.place is null or c.place = any(t.places) or cardinality(t.places) >= @placesMax))
                group by c.version_id, c.feed_id
                order by c.version_id, c.feed_id
                on conflict (version_id, feed_id) do update
                set places = array(select unnest(version_feeds.places) union select unnest(excluded.places))
                where not version_feeds.places @> excluded.places
                returning version_id
            ), sourced as (
                update package_versions v
                set source_key = s.source_key, source_version = s.source_version,
                    source_sort_key = s.source_sort_key
                from (
                    select distinct on (version_id) * from came
                    where source_key is not null
                    order by version_id, source_key
                ) s
                where v.version_id = s.version_id and v.source_key is null
                returning v.version_id
            )
            select version_id from added union select version_id from sourced
            """,
            new
            {
                versions = origins.Select(origin => origin.VersionId).ToArray(),
                feeds = origins.Select(origin => origin.FeedId).ToArray(),
                keys = origins.Select(origin => origin.SourceKey).ToArray(),
                sourceVersions = origins.Select(origin => origin.SourceVersion).ToArray(),
                sortKeys = origins.Select(origin => origin.SourceSortKey).ToArray(),
                places = origins.Select(origin => origin.Place).ToArray(),
                inPools = origins.Select(origin => origin.IsInPool).ToArray(),
                placesMax = PlacesMax,
            }, transaction, cancellationToken: ct))).ToArray();
        await ResolveAsync(connection, transaction, changed, ct);
        return changed;
    }

    /// <summary>Tells of versions again which distributions' they are.</summary>
    /// <remarks>
    /// What is said of the parts of a feed by which a version came, counts; else what is said of the feed; else, where
    /// it is not known by which part it came, what is said of any.
    /// </remarks>
    public static Task ResolveAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] ids, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            update package_versions v
            set releases = c.releases
            from (
                select t.version_id,
                       case when not bool_or(r.name is null)
                            then array_agg(distinct r.name order by r.name) end as releases
                from version_feeds t
                join feeds f on f.feed_id = t.feed_id
                left join lateral (
                    with said as (
                        select split_part(d, '=', 1) as place, split_part(d, '=', 2) as name, exists (
                                   select from unnest(t.places) p
                                   where p = split_part(d, '=', 1) or starts_with(p, split_part(d, '=', 1) || '/')
                               ) as is_here
                        from unnest(f.distributions) d
                        where strpos(d, '=') > 0
                        union all
                        select '', d, false from unnest(f.distributions) d where strpos(d, '=') = 0
                    )
                    select name from said
                    where case when (select bool_or(is_here) from said) then is_here
                               when exists (select from said where place = '') then place = ''
                               else t.places = '{}' end
                ) r on true
                where t.version_id = any(@ids)
                group by t.version_id
            ) c
            where v.version_id = c.version_id and v.releases is distinct from c.releases
            """, new { ids }, transaction, cancellationToken: ct));
}

/// <summary>Through which feed a version came, and from which source it was built.</summary>
/// <param name="VersionId">The version.</param>
/// <param name="FeedId">The feed.</param>
/// <param name="SourceKey">The source package; null when that is not known or the package itself.</param>
/// <param name="SourceVersion">Its version; null when there is no source.</param>
/// <param name="SourceSortKey">The version's place in the order; null when it has none.</param>
/// <param name="Place">The folder of the feed; null: not known, or it tells nothing.</param>
/// <param name="IsInPool">Whether it lies in a pool, of which only the indexes of the suites tell more.</param>
sealed record VersionOrigin(
    int VersionId, int FeedId, string? SourceKey, string? SourceVersion, byte[]? SourceSortKey, string? Place,
    bool IsInPool);
