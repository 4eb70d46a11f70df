using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Figures;

/// <summary>Reads the figures of deliveries, and the versions that they count.</summary>
/// <param name="database">The database.</param>
public sealed class FigureQueries(ReadDatabase database)
{
    /// <summary>The most rows of a breakdown.</summary>
    public const int RowsMax = 1000;

    // A version that came through several feeds counts once, as the first of those that are seen. Whether one that was
    // in the first group only later came "from" it is not asked: it has no lead time.
    const string Shown =
        """
        select d.*, case when d.begins_at <= d.arrived_at then d.begins_at end as begun_at
        from (
            select d.package_id, d.version_id, d.application_id, d.target_group_id, d.feed_id, d.deployment_id,
                   d.arrived_at,
                   case when d.is_shared then (
                       select max(e.restored_at) from arrivals e
                       where e.target_group_id = d.target_group_id and e.version_id = d.version_id
                         and e.restored_at <= d.arrived_at + interval '7 days'
                         and (@FeedIds::int[] is null or e.feed_id = any (@FeedIds)))
                       else d.restored_at end as restored_at,
                   case when d.target_group_id = @fromGroupId then null
                       when d.is_shared then (
                       select min(e.arrived_at) from arrivals e
                       where e.target_group_id = @fromGroupId and e.version_id = d.version_id
                         and (@FeedIds::int[] is null or e.feed_id = any (@FeedIds)))
                       else d.times_come[array_position(d.groups_come, @fromGroupId)] end as begins_at
            from arrivals d
            where (@groupId::int is null or d.target_group_id = @groupId)
              and (@groupId::int is not null or d.target_group_id = any (@groupIds))
              and d.arrived_at >= @from and d.arrived_at < @to
              and (@FeedIds::int[] is null or d.feed_id = any (@FeedIds))
              and (@PackageIds::int[] is null or d.package_id = any (@PackageIds))
              and (@ApplicationId::int is null or d.application_id = @ApplicationId)
              and (not d.is_shared or not exists (
                  select from arrivals e
                  where e.target_group_id = d.target_group_id and e.version_id = d.version_id
                    and (e.arrived_at, e.deployment_id) < (d.arrived_at, d.deployment_id)
                    and (@FeedIds::int[] is null or e.feed_id = any (@FeedIds))))
        ) d
        """;

    /// <summary>The figures of a filter, of all and broken down.</summary>
    /// <param name="filter">What they are of.</param>
    /// <param name="by">By what they are broken down.</param>
    /// <param name="limit">At most this many rows, up to <see cref="RowsMax"/>.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<FigureReport> OfAsync(
        FigureFilter filter, FigureBy by, int limit, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var (isComplete, oldest) = await connection.QuerySingleAsync<(bool, DateTimeOffset?)>(new CommandDefinition(
            """
            select not exists (select from counted_packages where counted_at = '-infinity')
                   and not exists (
                       select from packages -- those that are new since the last count
                       where package_id > (select coalesce(max(package_id), 0) from counted_packages)),
                   (select min(counted_at) from counted_packages where counted_at > '-infinity')
            """, cancellationToken: ct));
        if (await ParametersOrNullAsync(connection, filter, visible, ct) is not { } parameters)
            return new FigureReport(new FigureRow(), [], false, isComplete, oldest);
        parameters.AddDynamicParams(new { by = (int)by, take = limit + 2 });
        var rows = (await connection.QueryAsync<FigureRow>(new CommandDefinition(
            $"""
            with sums as (
                select grouping(key) as is_total, key, count(*) as deployments, count(begun_at) as led,
                       percentile_cont(0.5) within group (order by lead) as lead_seconds,
                       count(restored_at) as rolled_back,
                       percentile_cont(0.5) within group (order by restore) as restore_seconds
                from (
                    select begun_at, restored_at,
                           extract(epoch from arrived_at - begun_at)::float8 as lead,
                           extract(epoch from restored_at - arrived_at)::float8 as restore,
                           case @by
                               when 0 then width_bucket(arrived_at, @quarters) + @firstQuarter - 1
                               when 1 then package_id
                               when 2 then application_id
                               else target_group_id end as key
                    from ({Shown} offset 0) shown -- each column is worked out once, however often it is used
                ) counted
                group by grouping sets ((), (key))
                order by is_total desc, case when @by = 0 then key end, deployments desc, key
                limit @take
            )
            select coalesce(s.key, 0) as key, coalesce(p.name, a.name, g.name, '') as name,
                   coalesce(p.type, '') as type, coalesce(p.group_name, '') as "group", s.deployments, s.led,
                   s.lead_seconds, s.rolled_back, s.restore_seconds
            from sums s
            left join packages p on @by = 1 and p.package_id = s.key
            left join applications a on @by = 2 and a.application_id = s.key
            left join target_groups g on @by = 3 and g.target_group_id = s.key
            order by s.is_total desc, case when @by = 0 then s.key end, s.deployments desc, s.key
            """, parameters, cancellationToken: ct))).AsList();
        return new FigureReport(
            rows[0], [.. rows.Skip(1).Take(limit)], rows.Count > limit + 1, isComplete, oldest);
    }

    /// <summary>The versions that a figure counts, the last to come first.</summary>
    /// <param name="filter">What it is of.</param>
    /// <param name="kind">Which figure.</param>
    /// <param name="cursor">Where the page begins; null: at the newest. It looks towards older ones.</param>
    /// <param name="limit">How many.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>One more than the limit where there are more.</returns>
    public async Task<IReadOnlyList<ArrivalRow>> ArrivalsAsync(
        FigureFilter filter, FigureKind kind, RecordCursor? cursor, int limit, VisibleFeeds visible,
        CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        if (await ParametersOrNullAsync(connection, filter, visible, ct) is not { } parameters)
            return [];
        parameters.AddDynamicParams(new
        {
            kind = (int)kind,
            before = cursor?.DeployedAt.UtcDateTime,
            beforeId = cursor?.Id,
            take = limit + 1,
        });
        return [.. await connection.QueryAsync<ArrivalRow>(new CommandDefinition(
            $"""
            select s.deployment_id, s.arrived_at, g.name as target_group, f.name as feed, p.type,
                   p.group_name as "group", p.name, v.version, a.name as application, s.begun_at, s.restored_at
            from (
                select *
                from ({Shown}) d
                where (@kind = 0 or @kind = 1 and begun_at is not null or @kind = 2 and restored_at is not null)
                  and (@before::timestamptz is null or (arrived_at, deployment_id) < (@before, @beforeId))
                order by arrived_at desc, deployment_id desc
                limit @take
            ) s
            join feeds f using (feed_id)
            join packages p using (package_id)
            join package_versions v using (version_id)
            join applications a using (application_id)
            left join target_groups g using (target_group_id)
            order by s.arrived_at desc, s.deployment_id desc
            """, parameters, cancellationToken: ct))];
    }

    // Ids first, so that PostgreSQL knows how frequent they are when it plans; null: nothing can match.
    static async Task<DynamicParameters?> ParametersOrNullAsync(
        NpgsqlConnection connection, FigureFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var names = new RecordFilter
        {
            Feed = filter.Feed,
            Type = filter.Type,
            Group = filter.Group,
            Name = filter.Name,
            Application = filter.Application,
        };
        if (await FilterIds.FindOrNullAsync(connection, names, visible, ct) is not { } ids)
            return null;
        var groups = (await connection.QueryAsync<(int Id, string Key)>(new CommandDefinition(
            "select target_group_id, name_key from target_groups order by place", cancellationToken: ct)))
            .Append((Id: 0, Key: TargetGroupSql.None)).ToList();
        int[] groupIds = filter.TargetGroup is null
            ? [.. groups.Select(group => group.Id)] : IdsOf(filter.TargetGroup);
        var first = FigureRow.QuarterOf(DateOnly.FromDateTime(filter.From.UtcDateTime));
        var last = FigureRow.QuarterOf(DateOnly.FromDateTime(filter.To.UtcDateTime));
        var parameters = new DynamicParameters(new { ids.FeedIds, ids.PackageIds, ids.ApplicationId });
        parameters.AddDynamicParams(new
        {
            groupIds,
            groupId = groupIds is [var only] ? only : (int?)null,
            firstQuarter = first,
            quarters = Enumerable.Range(first, last - first + 1)
                .Select(quarter => FigureRow.StartOf(quarter).UtcDateTime).ToArray(),
            fromGroupId = filter.FromGroup is null ? -1 : IdsOf(filter.FromGroup).FirstOrDefault(-1),
            from = filter.From.UtcDateTime,
            to = filter.To.UtcDateTime,
        });
        return parameters;

        int[] IdsOf(string name) =>
            [.. groups.Where(group => group.Key == Dictionaries.NameKey(name)).Select(group => group.Id)];
    }
}
