using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Targets;

/// <summary>Reads targets and what runs on them, now or at any time.</summary>
/// <param name="database">The database.</param>
public sealed class TargetQueries(ReadDatabase database)
{
    const string Columns =
        """
        select d.id as deployment_id, d.deployed_at, feeds.name as feed, feeds.feed_type, packages.type,
               packages.package_id, packages.group_name as "group", packages.name, d.version_id,
               package_versions.version, package_versions.qualifier, package_versions.sort_key,
               applications.name as application, users.name as "user"
        """;

    const string Joins =
        """

        join feeds using (feed_id)
        join packages on packages.package_id = d.package_id
        join package_versions on package_versions.version_id = d.version_id
        join applications on applications.application_id = d.application_id
        join users on users.user_id = d.user_id
        order by packages.name_key, packages.type, packages.group_key
        """;

    // The counts are taken for the targets of the page only.
    const string Counts =
        $"""

        select t.target_id, t.name, t.name_key, groups.name as "group",
               (select count(*) from running_installations i
                where i.target_id = t.target_id and {VisibleSql.Installation}) as packages,
               (select max(i.deployed_at) from installations i
                where i.target_id = t.target_id and {VisibleSql.Installation}) as last_deployed_at
        from page t
        left join target_groups groups using (target_group_id)
        order by t.name_key
        """;

    const string Forward =
        $"""
        with page as (
            select target_id, name, name_key, target_group_id from targets t
            where (@name_key::text is null or name_key > @name_key) and (@text::text is null or name_key like @text)
              and {TargetGroupSql.Target} and {VisibleSql.Target}
            order by name_key
            limit @take
        )
        """ + Counts;

    const string Backward =
        $"""
        with page as (
            select target_id, name, name_key, target_group_id from targets t
            where name_key < @name_key and (@text::text is null or name_key like @text)
              and {TargetGroupSql.Target} and {VisibleSql.Target}
            order by name_key desc
            limit @take
        )
        """ + Counts;

    // The order is of what runs where now, so it takes one pass over that, but never over the records.
    const string Ranked =
        $"""
        with counted as (
            select target_id, count(*) filter (where removed_at is null) as packages,
                   max(deployed_at) as last_deployed_at
            from installations i
            where {VisibleSql.Installation}
            group by target_id
        ),
        ranked as (
            select t.target_id, t.name, t.name_key, groups.name as "group", coalesce(c.packages, 0) as packages,
                   c.last_deployed_at,
                   case @order
                       when 'packages' then coalesce(c.packages, 0)
                       else coalesce((extract(epoch from c.last_deployed_at) * 1000000)::bigint, 0)
                   end as rank
            from targets t
            left join counted c using (target_id)
            left join target_groups groups on groups.target_group_id = t.target_group_id
            where (@text::text is null or t.name_key like @text)
              and {TargetGroupSql.Target} and {VisibleSql.Target}
        )
        select target_id, name, name_key, "group", packages, last_deployed_at, rank
        from ranked
        """;

    const string RankedForward = Ranked
        + """

        where @name_key::text is null or rank < @rank::bigint or rank = @rank and name_key > @name_key
        order by rank desc, name_key
        limit @take
        """;

    const string RankedBackward = $"""
        select * from (
            {Ranked}
            where rank > @rank::bigint or rank = @rank and name_key < @name_key
            order by rank, name_key desc
            limit @take
        ) page
        order by rank desc, name_key
        """;

    /// <summary>One page of targets, forward or backward.</summary>
    /// <param name="filter">Which; null for all.</param>
    /// <param name="order">By name, or by most packages or newest deployment first and then by name.</param>
    /// <param name="edge">Next to which target the page lies; null for the first page.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<TargetPage> PageAsync(
        TargetFilter? filter, TargetOrder order, TargetEdge? edge, int limit, VisibleFeeds visible,
        CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var backward = edge is { Before: true };
        var sql = (order, backward) switch
        {
            (TargetOrder.Name, false) => Forward,
            (TargetOrder.Name, true) => Backward,
            (_, false) => RankedForward,
            (_, true) => RankedBackward,
        };
        await using var connection = await database.OpenConnectionAsync(ct);
        // One more than asked for tells whether there is a further page.
        var rows = (await connection.QueryAsync<TargetRow>(new CommandDefinition(
            sql,
            new
            {
                text = filter?.Text is { } text ? Like.Containing(Dictionaries.NameKey(text)) : null,
                targetGroup = filter?.Group is { } group ? Dictionaries.NameKey(group) : null,
                order = order == TargetOrder.Packages ? "packages" : "last",
                name_key = edge?.NameKey,
                rank = edge?.Rank,
                take = limit + 1,
                visible = visible.Ids,
            }, cancellationToken: ct))).ToList();

        var hasMore = rows.Count > limit;
        if (hasMore)
            rows.RemoveAt(backward ? 0 : limit);
        if (rows.Count == 0)
            return new TargetPage([], null, null);
        return new TargetPage(
            rows,
            (backward ? hasMore : edge is not null) ? new TargetEdge(rows[0].NameKey, rows[0].Rank, true) : null,
            backward || hasMore ? new TargetEdge(rows[^1].NameKey, rows[^1].Rank, false) : null);
    }

    /// <summary>
    /// The target called so, in any case; null when nothing was ever deployed there that the reader sees.
    /// </summary>
    public async Task<TargetRow?> FindOrNullAsync(string name, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(name);
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<TargetRow>(new CommandDefinition(
            $"""
            with page as (
                select target_id, name, name_key, target_group_id
                from targets t
                where name_key = @key and {VisibleSql.Target}
            )
            {Counts}
            """, new { key = Dictionaries.NameKey(name), visible = visible.Ids }, cancellationToken: ct));
    }

    /// <summary>What runs on a target now, by package name.</summary>
    public async Task<IReadOnlyList<InstalledRow>> NowAsync(int targetId, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<InstalledRow>(new CommandDefinition(
            $"""
            {Columns}
            from (
                select d.*
                from running_installations i
                join deployments d on d.id = i.deployment_id
                where i.target_id = @targetId and {VisibleSql.Record}
            ) d
            {Joins}
            """, new { targetId, visible = visible.Ids }, cancellationToken: ct))];
    }

    /// <summary>
    /// What ran on a target at a time: the newest record of each package there up to then, unless it was removed.
    /// </summary>
    public async Task<IReadOnlyList<InstalledRow>> AtAsync(
        int targetId, DateTimeOffset at, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<InstalledRow>(new CommandDefinition(
            $"""
            {Columns}
            from (
                select d.*
                from installations i
                cross join lateral (
                    select *
                    from deployments
                    where target_id = i.target_id and package_id = i.package_id and deployed_at <= @at
                    order by deployed_at desc, id desc
                    limit 1
                ) d
                where i.target_id = @targetId and {VisibleSql.Record} and not exists (
                    select from removals r
                    where r.target_id = i.target_id and r.package_id = i.package_id
                      and r.removed_at between d.deployed_at and @at)
            ) d
            {Joins}
            """, new { targetId, at, visible = visible.Ids }, cancellationToken: ct))];
    }

    /// <summary>
    /// Which version each package on a target changed to, and when: the records of a time and, of each package, the
    /// last one before it, each with the first removal behind it that lies before the end of the time. Of the packages
    /// deployed there last, at most <paramref name="packages"/>; of each at most <paramref name="records"/> records,
    /// the newest.
    /// </summary>
    /// <returns>The packages with the newest deployment first, the records of each oldest first.</returns>
    public async Task<IReadOnlyList<InstalledRow>> ChangesAsync(
        int targetId, DateTimeOffset from, DateTimeOffset to, int packages, int records, VisibleFeeds visible,
        CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<InstalledRow>(new CommandDefinition(
            $"""
            {Columns}, (
                select min(r.removed_at)
                from removals r
                where r.target_id = d.target_id and r.package_id = d.package_id
                  and r.removed_at between d.deployed_at and @to) as removed_at
            from (
                select package_id, deployed_at, row_number() over (order by deployed_at desc, package_id) as place
                from installations i
                where target_id = @targetId and {VisibleSql.Installation}
                order by deployed_at desc, package_id
                limit @packages
            ) here
            cross join lateral (
                (
                    select * from deployments d
                    where target_id = @targetId and package_id = here.package_id
                      and deployed_at > @from and deployed_at <= @to and {VisibleSql.Record}
                    order by deployed_at desc, id desc
                    limit @records
                )
                union all
                (
                    select * from deployments d
                    where target_id = @targetId and package_id = here.package_id and deployed_at <= @from
                      and {VisibleSql.Record}
                    order by deployed_at desc, id desc
                    limit 1
                )
            ) d
            join feeds using (feed_id)
            join packages on packages.package_id = d.package_id
            join package_versions on package_versions.version_id = d.version_id
            join applications on applications.application_id = d.application_id
            join users on users.user_id = d.user_id
            order by here.place, d.deployed_at, d.id
            """, new { targetId, from, to, packages, records, visible = visible.Ids }, cancellationToken: ct))];
    }
}
