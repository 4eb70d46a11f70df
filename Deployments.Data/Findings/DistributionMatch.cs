using Dapper;
using Npgsql;

namespace Deployments.Data.Findings;

/// <summary>
/// Keeps of which distribution a version is: one of those that the feeds serve through which it came. See
/// db/decisions/0017.
/// </summary>
static class DistributionMatch
{
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
                select * from unnest(@versions, @feeds, @keys, @sourceVersions, @sortKeys)
                    as w (version_id, feed_id, source_key, source_version, source_sort_key)
            ), added as (
                insert into version_feeds (version_id, feed_id)
                select distinct version_id, feed_id from came order by version_id, feed_id
                on conflict do nothing
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
            }, transaction, cancellationToken: ct))).ToArray();
        await ResolveAsync(connection, transaction, changed, ct);
        return changed;
    }

    /// <summary>Tells of versions again which distributions' they are.</summary>
    public static Task ResolveAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] ids, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            update package_versions v
            set releases = c.releases
            from (
                select t.version_id,
                       case when not bool_or(f.distributions = '{}')
                            then array_agg(distinct r.name order by r.name) end as releases
                from version_feeds t
                join feeds f on f.feed_id = t.feed_id
                left join lateral unnest(f.distributions) as r (name) on true
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
sealed record VersionOrigin(
    int VersionId, int FeedId, string? SourceKey, string? SourceVersion, byte[]? SourceSortKey);
