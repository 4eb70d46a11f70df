using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Packages;

/// <summary>Reads when vulnerabilities of a package became known, to be shown between its deployments.</summary>
/// <param name="database">The database.</param>
public sealed class HistoryMarkQueries(ReadDatabase database)
{
    /// <summary>How many a page has at most: of a package with more, the newest of the page's time.</summary>
    public const int MarksMax = 200;

    const string Marks =
        $"""
        with package as materialized (
            select package_id from packages
            where type = @Type and group_key = @GroupKey and name_key = @NameKey
        ), grouped as (
            select a.group_id, min(coalesce(a.published_at, a.imported_at)) as known_at,
                   case when bool_and(coalesce(a.withdrawn_at <= now(), false)) then max(a.withdrawn_at) end
                       as withdrawn_at
            from advisory_packages p
            join advisories a on a.advisory_id = p.advisory_id
            where p.type = @Type and p.group_key = @GroupKey and p.name_key = @NameKey
            group by a.group_id
        ), marks as (
            select group_id, known_at as at, false as is_withdrawal from grouped
            union all
            select group_id, withdrawn_at, true from grouped where withdrawn_at is not null
        )
        select m.at, m.is_withdrawal, lead.osv_id as id, lead.severity::int as severity, lead.score, named.versions
        from marks m
        join advisories lead on lead.group_id = m.group_id and lead.is_lead
        cross join lateral (
            select array_agg(n.version order by n.sort_key nulls last, n.version) as versions
            from (
                select distinct v.version, v.sort_key
                from advisories s
                join findings f on f.advisory_id = s.advisory_id
                    and (f.closed_at is null or s.withdrawn_at <= now())
                join package_versions v on v.version_id = f.version_id
                    and v.package_id = (select package_id from package)
                where s.group_id = m.group_id and {VisibleSql.Version}
                  and (@versionKey::text is null or v.version_key = @versionKey)
                  and (@targetKey::text is null or v.version_id = any (array(
                        select d.version_id from deployments d
                        where d.package_id = (select package_id from package) and {VisibleSql.Record}
                          and d.target_id = (select t.target_id from targets t where t.name_key = @targetKey))))
                  and (@targetGroup::text is null or v.version_id = any (array(
                        select d.version_id from deployments d
                        join targets t on t.target_id = d.target_id
                        where d.package_id = (select package_id from package) and {VisibleSql.Record}
                          and {TargetGroupSql.Target})))
            ) n
        ) named
        where named.versions is not null
          and (@oldest::timestamptz is null or m.at >= @oldest)
          and (@newest::timestamptz is null or m.at < @newest)
        order by m.at desc, m.is_withdrawal desc, m.group_id
        limit @MarksMax
        """;

    /// <summary>
    /// What became known in the time of a page: each mark belongs to exactly one page of the same filter, whichever
    /// way one turns them. Advisories have no author: by person or application nothing is found.
    /// </summary>
    /// <param name="filter">What the page was filtered by; with a package.</param>
    /// <param name="page">The page.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Newest first; empty on a page without records.</returns>
    public async Task<IReadOnlyList<HistoryMark>> OfPageAsync(
        HistoryFilter filter, HistoryPage page, VisibleFeeds visible, CancellationToken ct)
    {
        if (page.Rows.Count == 0 || filter.Package is not { } package
            || !string.IsNullOrEmpty(filter.User) || !string.IsNullOrEmpty(filter.Application))
            return [];
        var (oldest, newest) = page.TimeOf(filter);
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<HistoryMark>(new CommandDefinition(
            Marks,
            new
            {
                package.Type,
                package.GroupKey,
                package.NameKey,
                versionKey = filter.VersionKey,
                targetKey = string.IsNullOrEmpty(filter.Target) ? null : Dictionaries.NameKey(filter.Target),
                targetGroup = string.IsNullOrEmpty(filter.TargetGroup) ? null
                    : Dictionaries.NameKey(filter.TargetGroup),
                oldest = oldest?.UtcDateTime,
                newest = newest?.UtcDateTime,
                MarksMax,
                visible = visible.Ids,
            }, cancellationToken: ct))];
    }
}
