using Dapper;
using Npgsql;

namespace Deployments.Data.Findings;

/// <summary>
/// Keeps the findings: which recorded versions which advisories concern. Runs in the transaction that brings versions
/// or advisories. See db/decisions/0006.
/// </summary>
static class FindingMatch
{
    // Any number that nothing else locks.
    const string LockKey = "7482011";

    /// <summary>
    /// What advisories say of versions <c>v</c> (version, sort_key, qualifier) of packages <c>k</c> (type, group_key,
    /// name_key): joins and conditions of a statement that groups by version and advisory.
    /// </summary>
    internal const string Concerned =
        """
        join advisory_packages p on p.name_key = k.name_key and p.type = k.type and p.group_key = k.group_key
        join advisories a on a.advisory_id = p.advisory_id and (a.withdrawn_at is null or a.withdrawn_at > now())
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
                         and (l.version = v.version or l.sort_key = v.sort_key)) as is_listed,
                   p.release = '' or position('&distro=' || p.release || '&' in '&' || v.qualifier || '&') > 0
                       as is_release
            from advisory_ranges r
            where r.advisory_package_id = p.advisory_package_id
        ) m
        where (m.is_inside or m.is_listed or m.is_unclear)
          and (m.is_release or position('&distro=' in '&' || v.qualifier) = 0)
        """;

    /// <summary>Of such a group: whether it is certain, and the smallest version above that is not affected.</summary>
    internal const string Said =
        """
        bool_or((m.is_inside or m.is_listed) and m.is_release) as is_certain,
               (array_agg(m.fixed order by m.fixed_key) filter (where m.fixed is not null))[1] as fixed,
               (array_agg(m.fixed_key order by m.fixed_key) filter (where m.fixed is not null))[1] as fixed_key
        """;

    const string Matches =
        $"""
        select v.version_id, p.advisory_id, {Said}
        from package_versions v
        join packages k on k.package_id = v.package_id
        {Concerned}
        """;

    const string Grouped =
        """

        group by v.version_id, p.advisory_id
        """;

    const string NewVersions =
        $"""
        insert into findings (version_id, advisory_id, is_certain, fixed, fixed_key)
        {Matches}
          and v.version_id = any(@ids)
        {Grouped}
        on conflict do nothing
        """;

    const string ChangedAdvisories =
        $"""
        with matched as materialized (
            {Matches}
              and p.advisory_id = any(@ids)
            {Grouped}
        ), found as (
            insert into findings (version_id, advisory_id, is_certain, fixed, fixed_key)
            select version_id, advisory_id, is_certain, fixed, fixed_key from matched
            on conflict (version_id, advisory_id) do update
            set is_certain = excluded.is_certain, fixed = excluded.fixed, fixed_key = excluded.fixed_key,
                closed_at = null, closed_reason = null
        ), closed as (
            update findings f
            set closed_at = now(),
                closed_reason = case when a.withdrawn_at <= now() then 'The advisory was withdrawn.'
                                     else 'The advisory no longer names this version.' end
            from advisories a
            where a.advisory_id = f.advisory_id and f.advisory_id = any(@ids) and f.closed_at is null
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
    public static async Task VersionsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<int> ids, CancellationToken ct)
    {
        if (ids.Count == 0)
            return;
        await LockSharedAsync(connection, transaction, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            NewVersions, new { ids = ids.ToArray() }, transaction, cancellationToken: ct));
    }

    /// <summary>
    /// Waits until transactions that have matched new versions are through; later ones wait for this one. To be called
    /// before an import reads anything.
    /// </summary>
    public static Task LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            $"select pg_advisory_xact_lock({LockKey})", transaction: transaction, cancellationToken: ct));

    /// <summary>Waits for imports that are under way; later ones wait for this transaction.</summary>
    public static Task LockSharedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            $"select pg_advisory_xact_lock_shared({LockKey})", transaction: transaction, cancellationToken: ct));

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
