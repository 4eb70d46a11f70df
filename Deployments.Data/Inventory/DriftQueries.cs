using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Inventory;

/// <summary>Reads where records and what was seen differ.</summary>
/// <param name="database">The database.</param>
/// <param name="time">Tells what is long ago.</param>
public sealed class DriftQueries(ReadDatabase database, TimeProvider time)
{
    // How many targets are looked at first. Where they have too little to show, as many more as seem to be needed, but
    // at most twice as many.
    const int TargetsFirst = 4;

    // Patterns that match thousands of packages would make a statement of them all.
    const int PackagesMax = 1000;

    // What differs of so few is put in order at once; of more, page by page.
    const int PackagesAtOnceMax = 20;

    const string Decided =
        $"""
        with {DriftSql.All},
        decided as (
            select d.*, a.accepted_by, a.reason as accepted_reason, a.expires_at as accepted_until
            from drift d
            left join lateral (
                select a.accepted_by, a.reason, a.expires_at
                from drift_acceptances a
                where a.target_id = d.target_id and a.package_id = d.package_id and a.kind = d.kind
                  and a.recorded_id is not distinct from d.recorded_id and a.seen_id is not distinct from d.seen_id
                  and a.revoked_at is null and (a.expires_at is null or a.expires_at > @now)
                order by a.drift_acceptance_id desc
                limit 1
            ) a on true
        )
        """;

    // The names of what is on the page only, one by one: a join of them all takes longer to plan than to run.
    const string Page =
        $"""
        {Decided},
        page as materialized (
            select d.*, t.name as target, t.name_key as target_key
            from decided d
            join targets t on t.target_id = d.target_id
            where (@kind::smallint is null or d.kind = @kind)
              and (@isAccepted::boolean is null or (d.accepted_by is not null) = @isAccepted)
              and (@targetKey::text is null or (t.name_key, d.package_id) > (@targetKey, @packageId))
            order by t.name_key, d.package_id
            limit @take
        )
        select d.target, d.target_id, d.target_key, p.package_id, p.type, p.group_name as "group", p.name, d.kind,
               (select v.version from package_versions v where v.version_id = d.recorded_id) as recorded,
               d.recorded_id, d.deployment_id,
               (select r.deployed_at from deployments r where r.id = d.deployment_id) as deployed_at,
               (select f.name from deployments r join feeds f on f.feed_id = r.feed_id
                where r.id = d.deployment_id) as feed,
               (select v.version from package_versions v where v.version_id = d.seen_id) as seen,
               d.seen_id, d.observation_id, {ObservationQueries.ScopeName} as scope, s.complete_at as checked_at,
               d.since, d.accepted_by, d.accepted_reason, d.accepted_until
        from page d
        join packages p on p.package_id = d.package_id
        join inventory_scopes s on s.scope_id = d.scope_id
        order by d.target_key, d.package_id
        """;

    /// <summary>One page, by target and package.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<DriftPage> PageAsync(DriftFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await database.OpenConnectionAsync(ct);
        var (targetIds, packageIds) = await IdsAsync(connection, filter, ct);
        if (targetIds is { Length: 0 } || packageIds is { Length: 0 })
            return new DriftPage([], null);
        var isFew = targetIds is not null || (packageIds?.Length <= PackagesAtOnceMax && filter.TargetGroup is null);
        var rows = isFew
            ? await RowsAsync(connection, filter, targetIds, packageIds, visible, ct)
            : await WalkAsync(connection, filter, packageIds, visible, ct);
        if (rows.Count <= filter.Limit)
            return new DriftPage(rows, null);
        rows.RemoveRange(filter.Limit, rows.Count - filter.Limit);
        return new DriftPage(rows, new DriftCursor(rows[^1].PackageId, rows[^1].TargetKey));
    }

    /// <summary>The difference of one package on one target, accepted or not; null when there is none.</summary>
    /// <param name="target">The target, in any case.</param>
    /// <param name="package">The package as it is shown: type, group, name.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<DriftRow?> FindOrNullAsync(
        string target, (string Type, string Group, string Name) package, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var filter = new DriftFilter { Target = target, IsAccepted = null, IsAll = true, Limit = 1 };
        var (targetIds, _) = await IdsAsync(connection, filter, ct);
        var packageIds = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            select package_id from packages where type = @Type and group_name = @Group and name = @Name
            order by package_id
            limit 10
            """, new { package.Type, package.Group, package.Name }, cancellationToken: ct))).ToArray();
        return targetIds is not { Length: > 0 } || packageIds.Length == 0
            ? null
            : (await RowsAsync(connection, filter, targetIds, packageIds, visible, ct)).FirstOrDefault();
    }

    // All that differs is worked out before it is put in order, so a page is made of few targets after each other.
    async Task<List<DriftRow>> WalkAsync(
        NpgsqlConnection connection, DriftFilter filter, int[]? packageIds, VisibleFeeds visible, CancellationToken ct)
    {
        var rows = new List<DriftRow>();
        string? done = null;
        var (count, looked) = (TargetsFirst, 0);
        while (rows.Count <= filter.Limit)
        {
            var targets = (await connection.QueryAsync<(int Id, string Key)>(new CommandDefinition(
                $"""
                select t.target_id, t.name_key
                from targets t
                where {TargetGroupSql.Target} and t.name_key >= @from and t.name_key is distinct from @done
                  and exists (
                    select from inventory_targets i
                    join inventory_scopes s on s.scope_id = i.scope_id
                    where i.target_id = t.target_id
                      and (not @onlyQuiet or s.complete_at is null or s.complete_at < @quiet))
                order by t.name_key
                limit @count
                """,
                new
                {
                    from = done ?? filter.Cursor?.TargetKey ?? "",
                    done,
                    count,
                    onlyQuiet = filter.Kind == DriftKind.Unconfirmed,
                    quiet = time.GetUtcNow() - filter.Quiet,
                    targetGroup = GroupKeyOrNull(filter),
                }, cancellationToken: ct))).AsList();
            if (targets.Count == 0)
                break;
            rows.AddRange(await RowsAsync(
                connection, filter, [.. targets.Select(target => target.Id)], packageIds, visible, ct));
            done = targets[^1].Key;
            looked += targets.Count;
            var needed = (double)looked / Math.Max(rows.Count, 1) * (filter.Limit + 1 - rows.Count);
            count = (int)Math.Clamp(Math.Ceiling(needed), 1, 2 * count);
        }

        return rows;
    }

    async Task<List<DriftRow>> RowsAsync(
        NpgsqlConnection connection, DriftFilter filter, int[]? targetIds, int[]? packageIds, VisibleFeeds visible,
        CancellationToken ct) =>
        (await connection.QueryAsync<DriftRow>(new CommandDefinition(
            Page,
            new
            {
                kind = (short?)filter.Kind,
                filter.IsAccepted,
                filter.IsAll,
                targetIds,
                packageIds,
                now = time.GetUtcNow(),
                quiet = time.GetUtcNow() - filter.Quiet,
                targetKey = filter.Cursor?.TargetKey,
                packageId = filter.Cursor?.PackageId ?? 0,
                take = filter.Limit + 1,
                visible = visible.Ids,
            }, cancellationToken: ct))).AsList();

    /// <summary>How many there are that nobody accepted, of each kind that there is.</summary>
    /// <param name="targetId">Of one target; null: of all.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyDictionary<DriftKind, long>> CountsAsync(
        int? targetId, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(DriftKind Kind, long Count)>(new CommandDefinition(
            $"""
            {Decided}
            select kind, count(*) from decided where accepted_by is null group by kind order by kind
            """,
            new
            {
                IsAll = false,
                kind = (short?)null,
                targetIds = targetId is { } id ? new[] { id } : null,
                packageIds = (int[]?)null,
                now = time.GetUtcNow(),
                quiet = time.GetUtcNow() - DriftFilter.QuietDefault,
                visible = visible.Ids,
            }, cancellationToken: ct))).ToDictionary(row => row.Kind, row => row.Count);
    }

    /// <summary>What the newest inventory of a scope came to.</summary>
    /// <param name="scopeId">The scope.</param>
    /// <param name="visible">Of what whoever sent it may change.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<InventoryCounts> OfScopeAsync(int scopeId, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var targetIds = (await connection.QueryAsync<int>(new CommandDefinition(
            "select target_id from inventory_targets where scope_id = @scopeId", new { scopeId },
            cancellationToken: ct))).ToArray();
        return await connection.QuerySingleAsync<InventoryCounts>(new CommandDefinition(
            $"""
            with {DriftSql.All},
            here as (
                select distinct o.target_id, o.package_id
                from observations o
                where o.scope_id = @scopeId and o.gone_at is null
                  and exists (select from feed_packages k where k.package_id = o.package_id)
                  and {VisibleSql.Observation}
            )
            select (select count(*) from here) as known,
                   (select count(*)
                    from here
                    join running_installations i using (target_id, package_id)
                    where {VisibleSql.Installation} and exists (
                        select from observations o
                        join package_versions a on a.version_id = i.version_id
                        join package_versions b on b.version_id = o.version_id and {DriftSql.Same}
                        where o.target_id = i.target_id and o.package_id = i.package_id and o.gone_at is null
                          and o.scope_id = @scopeId)) as matched,
                   count(*) filter (where kind = 1) as different, count(*) filter (where kind = 2) as unrecorded,
                   count(*) filter (where kind = 3) as missing
            from drift
            where scope_id = @scopeId
            """,
            new
            {
                scopeId,
                targetIds,
                packageIds = (int[]?)null,
                IsAll = false,
                kind = (short?)null,
                quiet = DateTimeOffset.UnixEpoch,
                visible = visible.Ids,
            }, cancellationToken: ct));
    }

    static string? GroupKeyOrNull(DriftFilter filter) =>
        filter.TargetGroup is { } group ? Dictionaries.NameKey(group) : null;

    static async Task<(int[]? TargetIds, int[]? PackageIds)> IdsAsync(
        NpgsqlConnection connection, DriftFilter filter, CancellationToken ct)
    {
        var target = filter.Target is null ? null : Dictionaries.NameKey(filter.Target);
        var package = filter.Package is null ? null : Like.Containing(filter.Package.ToLowerInvariant());
        var targetIds = target is null ? null : (await connection.QueryAsync<int>(new CommandDefinition(
            $"select t.target_id from targets t where t.name_key = @target and {TargetGroupSql.Target}",
            new { target, targetGroup = GroupKeyOrNull(filter) }, cancellationToken: ct))).ToArray();
        var packageIds = package is null ? null : (await connection.QueryAsync<int>(new CommandDefinition(
            """
            select package_id from packages
            where lower(group_name || '/' || name) like @package
            order by package_id
            limit @PackagesMax
            """, new { package, PackagesMax }, cancellationToken: ct))).ToArray();
        return (targetIds, packageIds);
    }
}
