using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Findings;

/// <summary>
/// Keeps the findings: which recorded versions which advisories concern. Runs in the transaction that brings versions
/// or advisories. See db/decisions/0006.
/// </summary>
static class FindingMatch
{
    // Any number that nothing else locks.
    const long LockKey = AdvisoryLocks.Findings;

    /// <summary>
    /// What advisories say of versions <c>v</c> (type, group_key, name_key, version, sort_key, releases, is_source,
    /// has_source): joins and conditions of a statement that groups by version and advisory.
    /// </summary>
    internal const string Concerned =
        $"""
        join advisory_packages p on p.name_key = v.name_key and p.type = v.type and p.group_key = v.group_key
          and (p.names_source = v.is_source or (p.names_source and not v.has_source))
        {Weighed}
        """;

    /// <summary>Of such a group: whether it is certain, and the smallest version above that is not affected.</summary>
    /// <remarks>Of several distributions that it may be of, all must be affected.</remarks>
    internal const string Said =
        """
        case when max(cardinality(v.releases)) is null
             then bool_or((m.is_inside or m.is_listed) and p.release = '' and p.type not in ('deb', 'rpm', 'apk'))
             else count(distinct o.name) filter (where m.is_inside or m.is_listed) = max(cardinality(v.releases))
               end as is_certain,
               (array_agg(m.fixed order by m.fixed_key) filter (where m.fixed is not null))[1] as fixed,
               (array_agg(m.fixed_key order by m.fixed_key) filter (where m.fixed is not null))[1] as fixed_key
        """;

    // A release may have parts that are named behind it: enterprise_linux:9 has enterprise_linux:9::baseos.
    const string Weighed =
        """
        join advisories a on a.advisory_id = p.advisory_id and (a.withdrawn_at is null or a.withdrawn_at > now())
        left join lateral unnest(v.releases) as o (name) on true
        cross join lateral (
            select coalesce(bool_or(r.low_key <= v.sort_key
                       and (r.high_key is null or v.sort_key < r.high_key)), false) as is_inside,
                   coalesce(bool_or(r.low_key is null or v.sort_key is null), false) as is_unclear,
                   (array_agg(r.fixed order by r.high_key) filter (where r.fixed is not null
                       and r.low_key <= v.sort_key and v.sort_key < r.high_key))[1] as fixed,
                   (array_agg(r.high_key order by r.high_key) filter (where r.fixed is not null
                       and r.low_key <= v.sort_key and v.sort_key < r.high_key))[1] as fixed_key,
                   exists (select from advisory_versions l
                       where l.advisory_package_id = p.advisory_package_id
                         and (l.version = v.version or l.sort_key = v.sort_key)) as is_listed
            from advisory_ranges r
            where r.advisory_package_id = p.advisory_package_id
        ) m
        where (m.is_inside or m.is_listed or m.is_unclear)
          and (o.name is null or p.ecosystem in (o.name, split_part(o.name, ':', 1))
               or split_part(p.ecosystem, '::', 1) = o.name)
        """;

    const string Itself =
        """
        v.version_id, k.type, k.group_key, k.name_key, v.version, v.sort_key, v.releases,
                   false as is_source, v.source_key is not null as has_source
        """;

    const string Source =
        """
        v.version_id, k.type, ''::text as group_key, v.source_key as name_key, v.source_version as version,
                   v.source_sort_key as sort_key, v.releases, true as is_source, true as has_source
        """;

    const string Matches =
        $"""
        select v.version_id, p.advisory_id, {Said}
        from (
            select {Itself}
            from package_versions v join packages k on k.package_id = v.package_id
            where v.version_id = any(@ids)
            union all
            select {Source}
            from package_versions v join packages k on k.package_id = v.package_id
            where v.version_id = any(@ids) and v.source_key is not null
        ) v
        {Concerned}
        group by v.version_id, p.advisory_id
        """;

    const string MatchesOfAdvisories =
        $"""
        select v.version_id, p.advisory_id, {Said}
        from advisory_packages p
        cross join lateral (
            select {Itself}
            from packages k join package_versions v on v.package_id = k.package_id
            where k.name_key = p.name_key and k.type = p.type and k.group_key = p.group_key
              and (not p.names_source or v.source_key is null)
            union all
            select {Source}
            from package_versions v join packages k on k.package_id = v.package_id
            where v.source_key = p.name_key and k.type = p.type and p.names_source
        ) v
        {Weighed}
          and p.advisory_id = any(@ids)
        group by v.version_id, p.advisory_id
        """;

    const string NewVersions =
        $"""
        insert into findings (version_id, advisory_id, is_certain, fixed, fixed_key)
        {Matches}
        on conflict do nothing
        """;

    static readonly string ChangedAdvisories = Anew(MatchesOfAdvisories, "advisory_id",
        """
        case when a.withdrawn_at <= now() then 'The advisory was withdrawn.'
                                     else 'The advisory no longer names this version.' end
        """);

    static readonly string ChangedVersions = Anew(Matches, "version_id",
        """
        'The advisory is not about the distribution that the package is of.'
        """);

    static string Anew(string matches, string key, string reason) =>
        $"""
        with matched as materialized (
            {matches}
        ), found as (
            insert into findings (version_id, advisory_id, is_certain, fixed, fixed_key)
            select version_id, advisory_id, is_certain, fixed, fixed_key from matched
            on conflict (version_id, advisory_id) do update
            set is_certain = excluded.is_certain, fixed = excluded.fixed, fixed_key = excluded.fixed_key,
                closed_at = null, closed_reason = null
        ), closed as (
            update findings f
            set closed_at = now(), closed_reason = {reason}
            from advisories a
            where a.advisory_id = f.advisory_id and f.{key} = any(@ids) and f.closed_at is null
              and not exists (
                select from matched m where m.version_id = f.version_id and m.advisory_id = f.advisory_id)
        )
        -- The findings as they were before this statement.
        select m.version_id, m.advisory_id
        from matched m
        where @isTold and not exists (
            select from findings f
            where f.version_id = m.version_id and f.advisory_id = m.advisory_id and f.closed_at is null)
        """;

    /// <summary>Finds what is known of versions that this transaction has added.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction.</param>
    /// <param name="ids">The versions that it has added.</param>
    /// <param name="origins">Through which feeds versions of distributions' packages came, known ones too.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task VersionsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<int> ids,
        IReadOnlyCollection<VersionOrigin> origins, CancellationToken ct)
    {
        if (ids.Count == 0 && origins.Count == 0)
            return;
        await LockSharedAsync(connection, transaction, ct);
        if (origins.Count > 0
            && await DistributionMatch.NoteAsync(connection, transaction, origins, ct) is { Length: > 0 } changed)
        {
            await AgainAsync(connection, transaction, changed, isTold: false, ct);
            ids = [.. ids.Except(changed)];
        }

        if (ids.Count > 0)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                NewVersions, new { ids = ids.ToArray() }, transaction, cancellationToken: ct));
        }
    }

    /// <summary>Finds, and closes, what all advisories say of versions whose distribution has changed.</summary>
    /// <returns>The findings that were not open before; none unless they shall be told.</returns>
    public static async Task<IReadOnlyCollection<(int VersionId, int AdvisoryId)>> AgainAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] ids, bool isTold, CancellationToken ct) =>
    [
        .. await connection.QueryAsync<(int, int)>(new CommandDefinition(
            ChangedVersions, new { ids, isTold }, transaction, commandTimeout: 120, cancellationToken: ct)),
    ];

    /// <summary>
    /// Waits until transactions that have matched new versions are through; later ones wait for this one. To be called
    /// before an import reads anything.
    /// </summary>
    public static Task LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            "select pg_advisory_xact_lock(@LockKey)", new { LockKey }, transaction, cancellationToken: ct));

    /// <summary>Waits for imports that are under way; later ones wait for this transaction.</summary>
    public static Task LockSharedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            "select pg_advisory_xact_lock_shared(@LockKey)", new { LockKey }, transaction, cancellationToken: ct));

    /// <summary>
    /// Finds, and closes, what advisories that this transaction has changed say of all versions.
    /// </summary>
    /// <returns>The findings that were not open before; none unless they shall be told.</returns>
    public static async Task<IReadOnlyCollection<(int VersionId, int AdvisoryId)>> AdvisoriesAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] ids, bool isTold, CancellationToken ct) =>
    [
        .. await connection.QueryAsync<(int, int)>(new CommandDefinition(
            ChangedAdvisories, new { ids, isTold }, transaction, commandTimeout: 120, cancellationToken: ct)),
    ];
}
