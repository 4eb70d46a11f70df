using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Matrix;

/// <summary>Reads which version of which package is where, for many packages and groups at once.</summary>
/// <param name="database">The database.</param>
/// <param name="time">Tells which acceptances of drift count.</param>
public sealed class MatrixQueries(ReadDatabase database, TimeProvider time)
{
    // The columns: groups, and behind them what is in none; or targets of a group.
    const string Groups =
        """
        select target_group_id as id, name from target_groups order by place
        """;

    const string Targets =
        $"""
        select t.target_id as id, t.name
        from targets t
        where {TargetGroupSql.Target} and {VisibleSql.Target}
          and exists (select from installations i where i.target_id = t.target_id)
        order by t.name_key
        limit @TargetsMax + 1
        """;

    const string Column =
        "case when @columns::int[] is null then coalesce(t.target_group_id, 0) else t.target_id end";

    // Rows along the key of packages: those of which anything is in a column.
    const string Packages =
        $"""
        select p.package_id, p.type, p.group_name as "group", p.name, (
                select min(f.name)
                from feed_packages through
                join feeds f on f.feed_id = through.feed_id
                where through.package_id = p.package_id and f.deleted_at is null and {VisibleSql.Feed}) as feed
        from packages p
        where (@text::text is null or lower(p.group_name || '/' || p.name) like @text)
          and (@type::text is null or p.type = @type)
          and (@after::int is null or (p.name_key, p.type, p.group_key) > (
                select a.name_key, a.type, a.group_key from packages a where a.package_id = @after))
          and exists (
                select from installations i
                where i.package_id = p.package_id and (@at::timestamptz is not null or i.removed_at is null)
                  and (@columns::int[] is null or i.target_id = any (@columns)) and {VisibleSql.Installation})
        order by p.name_key, p.type, p.group_key
        limit @take
        """;

    const string Now =
        $"""
        select i.package_id, {Column} as column_id, i.version_id, i.deployed_at
        from running_installations i
        join targets t on t.target_id = i.target_id
        where i.package_id = any (@packages)
          and (@columns::int[] is null or i.target_id = any (@columns)) and {VisibleSql.Installation}
        """;

    // Of what was deployed last before that time nothing has to be looked up: most, if it is not long ago.
    const string Then =
        $"""
        select i.package_id, {Column} as column_id, i.version_id, i.deployed_at
        from installations i
        join targets t on t.target_id = i.target_id
        where i.package_id = any (@packages) and i.deployed_at <= @at
          and (i.removed_at is null or i.removed_at > @at)
          and (@columns::int[] is null or i.target_id = any (@columns)) and {VisibleSql.Installation}
        union all
        select i.package_id, {Column} as column_id, d.version_id, d.deployed_at
        from installations i
        join targets t on t.target_id = i.target_id
        cross join lateral (
            select d.version_id, d.deployed_at, d.feed_id
            from deployments d
            where d.target_id = i.target_id and d.package_id = i.package_id and d.deployed_at <= @at
            order by d.deployed_at desc, d.id desc
            limit 1
        ) d
        where i.package_id = any (@packages) and i.deployed_at > @at
          and (@columns::int[] is null or i.target_id = any (@columns)) and {VisibleSql.Record}
          and not exists (
            select from removals r
            where r.target_id = i.target_id and r.package_id = i.package_id
              and r.removed_at between d.deployed_at and @at)
        """;

    static readonly string CellsNow = Cells(Now);
    static readonly string CellsThen = Cells(Then);

    /// <summary>One page.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<MatrixPage> PageAsync(MatrixFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(filter.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Limit, MatrixFilter.LimitMax);
        await using var connection = await database.OpenConnectionAsync(ct);
        var (columns, isByTarget) = await ColumnsAsync(connection, filter, visible, ct);
        var hasMoreTargets = isByTarget && columns.Count > MatrixFilter.TargetsMax;
        if (hasMoreTargets)
            columns.RemoveAt(MatrixFilter.TargetsMax);
        var targetIds = isByTarget ? columns.Select(column => column.Id).ToArray() : null;

        var packages = (await connection.QueryAsync<MatrixPackage>(new CommandDefinition(
            Packages,
            new
            {
                text = filter.Package is null ? null : Like.Containing(filter.Package.ToLowerInvariant()),
                type = filter.Type,
                after = filter.After,
                at = filter.At,
                columns = targetIds,
                take = filter.Limit + 1,
                visible = visible.Ids,
            }, cancellationToken: ct))).AsList();
        var hasMore = packages.Count > filter.Limit;
        if (hasMore)
            packages.RemoveAt(filter.Limit);
        var wanted = new
        {
            packages = packages.Select(row => row.PackageId).ToArray(),
            columns = targetIds,
            at = filter.At,
            visible = visible.Ids,
        };
        var versions = (await connection.QueryAsync<MatrixVersion>(new CommandDefinition(
            filter.At is null ? CellsNow : CellsThen, wanted, cancellationToken: ct))).AsList();
        if (!isByTarget && versions.Exists(version => version.ColumnId == 0))
            columns.Add(new MatrixColumn(0, ""));
        return new MatrixPage(
            columns, packages, versions,
            filter.At is null ? await DriftAsync(connection, wanted.packages, targetIds, visible, ct) : [],
            hasMore ? packages[^1].PackageId : null, isByTarget, hasMoreTargets);
    }

    // One column more than is shown tells that there are more.
    static async Task<(List<MatrixColumn> Columns, bool IsByTarget)> ColumnsAsync(
        NpgsqlConnection connection, MatrixFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        if (!filter.IsByTarget && filter.TargetGroup is null
            && (await connection.QueryAsync<MatrixColumn>(new CommandDefinition(Groups, cancellationToken: ct)))
                .AsList() is { Count: > 0 } groups)
            return (groups, false);
        return ((await connection.QueryAsync<MatrixColumn>(new CommandDefinition(
            Targets,
            new
            {
                targetGroup = filter.TargetGroup is { } group ? Dictionaries.NameKey(group) : null,
                MatrixFilter.TargetsMax,
                visible = visible.Ids,
            }, cancellationToken: ct))).AsList(), true);
    }

    async Task<Dictionary<(int PackageId, int ColumnId), int>> DriftAsync(
        NpgsqlConnection connection, int[] packageIds, int[]? columns, VisibleFeeds visible, CancellationToken ct) =>
        // Without an inventory there is nothing to differ, and nothing to be worked out.
        !await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from inventory_scopes)", cancellationToken: ct))
            ? []
            : (await connection.QueryAsync<(int PackageId, int ColumnId, int Targets)>(new CommandDefinition(
                $"""
                with {DriftSql.All}
                select d.package_id, {Column} as column_id, count(*)::int as targets
                from drift d
                join targets t on t.target_id = d.target_id
                where d.kind < 4 and not exists (
                    select from drift_acceptances a
                    where a.target_id = d.target_id and a.package_id = d.package_id and a.kind = d.kind
                      and a.recorded_id is not distinct from d.recorded_id
                      and a.seen_id is not distinct from d.seen_id
                      and a.revoked_at is null and (a.expires_at is null or a.expires_at > @now))
                group by 1, 2
                """,
                new
                {
                    targetIds = columns,
                    columns,
                    packageIds,
                    isAll = false,
                    kind = (short?)null,
                    now = time.GetUtcNow(),
                    quiet = DateTimeOffset.UnixEpoch, // what nobody looked at lately is no mark
                    visible = visible.Ids,
                }, cancellationToken: ct))).ToDictionary(row => (row.PackageId, row.ColumnId), row => row.Targets);

    // How far behind: by how many of the known versions of the package. Put together once, of fixed texts.
    static string Cells(string installed) => $"""
        with installed as (
            {installed}
        ),
        cells as materialized (
            select package_id, column_id, version_id, count(*)::int as targets, min(deployed_at) as since,
                   max(deployed_at) as last
            from installed
            group by package_id, column_id, version_id
        ),
        ranked as (
            select v.version_id, dense_rank() over (partition by v.package_id order by v.sort_key desc) as nth
            from package_versions v
            where v.package_id = any (@packages) and v.sort_key is not null and {VisibleSql.Version}
        )
        select c.*, v.version, v.qualifier, (r.nth - min(r.nth) over (partition by c.package_id))::int as behind
        from cells c
        join package_versions v on v.version_id = c.version_id
        left join ranked r on r.version_id = c.version_id
        order by c.package_id, c.column_id, c.targets desc, v.sort_key desc nulls last, c.version_id
        """;
}
