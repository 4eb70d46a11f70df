using Dapper;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>Reads what advisories say of any versions, recorded or not.</summary>
/// <param name="database">The database.</param>
public sealed class VersionCheckQueries(NpgsqlDataSource database)
{
    const string Found =
        """
        with asked as (
            select * from unnest(@places, @types, @groups, @names, @versions, @keys)
                as q (place, type, group_key, name_key, version, sort_key)
        ), excused as materialized (
            select s.group_id, k.type, k.group_key, k.name_key
            from assessments_in_force(@at) s
            left join packages k on k.package_id = s.package_id
            where s.target_id is null
        ), found as (
            select a.group_id, array_agg(distinct q.place order by q.place) as places
            from asked q
            join advisory_packages p
                on p.name_key = q.name_key and p.type = q.type and p.group_key = q.group_key
            join advisories a
                on a.advisory_id = p.advisory_id and (a.withdrawn_at is null or a.withdrawn_at > @at)
            where (
                exists (
                    select from advisory_ranges r
                    where r.advisory_package_id = p.advisory_package_id
                      and (r.low_key is null or q.sort_key is null
                           or r.low_key <= q.sort_key and (r.high_key is null or q.sort_key < r.high_key)))
                or exists (
                    select from advisory_versions l
                    where l.advisory_package_id = p.advisory_package_id
                      and (l.version = q.version or l.sort_key = q.sort_key)))
              and not exists (
                select from excused e
                where e.group_id = a.group_id
                  and (e.type is null
                       or (e.type, e.group_key, e.name_key) = (q.type, q.group_key, q.name_key)))
            group by a.group_id
        )
        select a.osv_id as id, a.summary, a.details, a.published_at, a.withdrawn_at,
               a.severity::int as severity, a.score, a.severity_source, t.places,
               (select min(n.name)
                from advisory_names n join advisories y on y.advisory_id = n.advisory_id
                where y.group_id = t.group_id and n.name like 'CVE-%') as cve
        from found t
        join advisories a on a.group_id = t.group_id and a.is_lead
        order by a.severity desc, a.score desc nulls last, a.osv_id
        """;

    /// <summary>
    /// The vulnerabilities of some versions, the worst first; without those that are assessed for every target. A
    /// version that cannot be compared with an advisory counts as affected: it is never taken for safe.
    /// </summary>
    /// <param name="versions">Some ten thousand at most.</param>
    /// <param name="at">The time.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<CheckedVulnerability>> FindAsync(
        IReadOnlyList<CheckedVersion> versions, DateTimeOffset at, CancellationToken ct)
    {
        if (versions is not { Count: > 0 })
            return [];
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<CheckedVulnerability>(new CommandDefinition(
            Found,
            new
            {
                places = Enumerable.Range(0, versions.Count).ToArray(),
                types = versions.Select(version => version.Package.Type).ToArray(),
                groups = versions.Select(version => version.Package.GroupKey).ToArray(),
                names = versions.Select(version => version.Package.NameKey).ToArray(),
                versions = versions.Select(version => version.Version).ToArray(),
                keys = versions.Select(version => version.SortKey).ToArray(),
                at = at.UtcDateTime,
            }, cancellationToken: ct))];
    }
}

/// <summary>A version that is asked about.</summary>
/// <param name="Package">The package.</param>
/// <param name="Version">The version, as written.</param>
/// <param name="SortKey">Its key; null when it is no version of its ecosystem.</param>
public sealed record CheckedVersion(PackageKey Package, string Version, byte[]? SortKey);

/// <summary>A vulnerability of versions that were asked about.</summary>
public sealed record CheckedVulnerability
{
    /// <summary>The id it is shown under.</summary>
    public string Id { get; init; } = "";

    /// <summary>One line; may be empty.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Text of a stranger; may be empty.</summary>
    public string Details { get; init; } = "";

    /// <summary>When published; null when it does not say.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>When it will be taken back; null when that is not announced.</summary>
    public DateTimeOffset? WithdrawnAt { get; init; }

    /// <summary>How bad.</summary>
    public SeverityLevel Severity { get; init; }

    /// <summary>CVSS score; null when only a word is known, or nothing.</summary>
    public double? Score { get; init; }

    /// <summary>The vector or word behind the severity.</summary>
    public string SeveritySource { get; init; } = "";

    /// <summary>Its CVE number; null when it has none.</summary>
    public string? Cve { get; init; }

    /// <summary>Which of the versions have it, counted from 0.</summary>
    public int[] Places { get; init; } = [];
}
