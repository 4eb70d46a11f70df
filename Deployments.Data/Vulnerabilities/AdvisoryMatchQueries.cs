using Dapper;
using Deployments.Data.Findings;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>
/// Tells what advisories say of any package version, whether it was ever deployed or not.
/// </summary>
/// <param name="database">The database.</param>
public sealed class AdvisoryMatchQueries(NpgsqlDataSource database)
{
    /// <summary>
    /// What is known of some versions, one row for each vulnerability of each, the worst first. By the same rules as
    /// findings are made; withdrawn advisories say nothing, nor do those that are assessed for every target.
    /// </summary>
    /// <param name="versions">The versions; each row says its place among them.</param>
    /// <param name="at">The time, by which assessments count.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<AdvisoryMatchRow>> OfAsync(
        IReadOnlyList<AskedVersion> versions, DateTimeOffset at, CancellationToken ct)
    {
        if (versions.Count == 0)
            return [];
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<AdvisoryMatchRow>(new CommandDefinition(
            $"""
            with asked as (
                select * from unnest(
                    @places, @types, @groupKeys, @nameKeys, @names, @sortKeys, @releases
                ) as w (place, type, group_key, name_key, version, sort_key, names)
            ), excused as materialized (
                select s.group_id, k.type, k.group_key, k.name_key
                from assessments_in_force(@at) s
                left join packages k on k.package_id = s.package_id
                where s.target_id is null
            ), matched as (
                select v.place, p.advisory_id, {FindingMatch.Said}
                from (
                    select *, string_to_array(names, chr(10)) as releases, false as is_source, false as has_source
                    from asked
                ) v
                {FindingMatch.Concerned}
                group by v.place, p.advisory_id
            )
            select t.place, a.osv_id as id, a.summary, a.details, a.published_at, a.withdrawn_at,
                   a.severity::int as severity, a.score,
                   a.severity_source, t.is_certain, t.fixed,
                   (select min(n.name)
                    from advisory_names n join advisories y on y.advisory_id = n.advisory_id
                    where y.group_id = t.group_id and n.name like 'CVE-%') as cve
            from (
                select distinct on (m.place, o.group_id) m.place, m.is_certain, m.fixed, o.group_id
                from matched m
                join advisories o on o.advisory_id = m.advisory_id
                join asked q on q.place = m.place
                where not exists (
                    select from excused e
                    where e.group_id = o.group_id
                      and (e.type is null
                           or (e.type, e.group_key, e.name_key) = (q.type, q.group_key, q.name_key)))
                order by m.place, o.group_id, m.is_certain desc,
                         m.fixed_key desc nulls last
            ) t
            join advisories a on a.group_id = t.group_id and a.is_lead
            order by a.severity desc, a.score desc nulls last, a.osv_id, t.place
            """,
            new
            {
                places = Enumerable.Range(0, versions.Count).ToArray(),
                types = versions.Select(version => version.Type).ToArray(),
                groupKeys = versions.Select(version => version.GroupKey).ToArray(),
                nameKeys = versions.Select(version => version.NameKey).ToArray(),
                names = versions.Select(version => version.Version).ToArray(),
                sortKeys = versions.Select(version => version.SortKey).ToArray(),
                at = at.UtcDateTime,
                releases = versions.Select(version => Lines(version.Releases)).ToArray(),
            }, cancellationToken: ct))];
    }

    // Arrays of different lengths do not fit into one parameter.
    static string? Lines(IReadOnlyList<string>? releases) =>
        releases is { Count: > 0 } ? string.Join('\n', releases) : null;
}

/// <summary>A version that is asked about.</summary>
/// <param name="Type">Package URL type.</param>
/// <param name="GroupKey">Normalised group; empty for none.</param>
/// <param name="NameKey">Normalised name.</param>
/// <param name="Version">Normalised version.</param>
/// <param name="SortKey">Its place in the order of versions; null when it has none.</param>
/// <param name="Releases">The distributions of one of which it is, as OSV names them; null: not known.</param>
public sealed record AskedVersion(
    string Type, string GroupKey, string NameKey, string Version, byte[]? SortKey,
    IReadOnlyList<string>? Releases = null);

/// <summary>What one vulnerability means to one of the versions asked about.</summary>
public sealed record AdvisoryMatchRow
{
    /// <summary>The version's place among those asked about, from 0.</summary>
    public int Place { get; init; }

    /// <summary>The advisory's id, such as <c>GHSA-…</c>.</summary>
    public string Id { get; init; } = "";

    /// <summary>One line; may be empty.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Markdown; may be empty.</summary>
    public string Details { get; init; } = "";

    /// <summary>When it was published; null when it does not say.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>When it will be taken back; null when that is not announced.</summary>
    public DateTimeOffset? WithdrawnAt { get; init; }

    /// <summary>How bad it is.</summary>
    public SeverityLevel Severity { get; init; }

    /// <summary>CVSS base score, 0 to 10; null when there is none.</summary>
    public double? Score { get; init; }

    /// <summary>The vector or word behind the severity.</summary>
    public string SeveritySource { get; init; } = "";

    /// <summary>Its CVE id; null when none of its advisories has one.</summary>
    public string? Cve { get; init; }

    /// <summary>False when the version cannot be compared with what the advisory says.</summary>
    public bool IsCertain { get; init; }

    /// <summary>The smallest version above that is not affected; null when none is known.</summary>
    public string? Fixed { get; init; }
}
