using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Targets;

/// <summary>Reads targets and what runs on them, now or at any time.</summary>
/// <param name="database">The database.</param>
public sealed class TargetQueries(NpgsqlDataSource database)
{
    const string Columns =
        """
        select d.id as deployment_id, d.deployed_at, feeds.name as feed, feeds.feed_type, packages.type,
               packages.group_name as "group", packages.name, package_versions.version, package_versions.qualifier,
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
        """

        select t.target_id, t.name, t.name_key,
               (select count(*) from installations where target_id = t.target_id) as packages,
               (select max(deployed_at) from installations where target_id = t.target_id) as last_deployed_at
        from page t
        order by t.name_key
        """;

    const string Forward =
        """
        with page as (
            select target_id, name, name_key from targets
            where (@after::text is null or name_key > @after) and (@text::text is null or name_key like @text)
            order by name_key
            limit @take
        )
        """ + Counts;

    const string Backward =
        """
        with page as (
            select target_id, name, name_key from targets
            where name_key < @before and (@text::text is null or name_key like @text)
            order by name_key desc
            limit @take
        )
        """ + Counts;

    /// <summary>One page of targets by name, forward or backward.</summary>
    /// <param name="text">Part of the name, in any case; null for all.</param>
    /// <param name="after">The name key after which the page begins, or null.</param>
    /// <param name="before">The name key before which the page ends; counts before <paramref name="after"/>.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<TargetPage> PageAsync(
        string? text, string? after, string? before, int limit, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var backward = before is not null;
        await using var connection = await database.OpenConnectionAsync(ct);
        // One more than asked for tells whether there is a further page.
        var rows = (await connection.QueryAsync<TargetRow>(new CommandDefinition(
            backward ? Backward : Forward,
            new
            {
                text = text is null ? null : Like.Containing(Dictionaries.NameKey(text)),
                after,
                before,
                take = limit + 1,
            }, cancellationToken: ct))).ToList();

        var hasMore = rows.Count > limit;
        if (hasMore)
            rows.RemoveAt(backward ? 0 : limit);
        if (rows.Count == 0)
            return new TargetPage([], null, null);
        return new TargetPage(
            rows,
            (backward ? hasMore : after is not null) ? rows[0].NameKey : null,
            backward || hasMore ? rows[^1].NameKey : null);
    }

    /// <summary>The target called so, in any case; null when nothing was ever deployed there.</summary>
    public async Task<TargetRow?> FindOrNullAsync(string name, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(name);
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<TargetRow>(new CommandDefinition(
            "with page as (select target_id, name, name_key from targets where name_key = @key)" + Counts,
            new { key = Dictionaries.NameKey(name) }, cancellationToken: ct));
    }

    /// <summary>What runs on a target now, by package name.</summary>
    public async Task<IReadOnlyList<InstalledRow>> NowAsync(int targetId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<InstalledRow>(new CommandDefinition(
            Columns
            + """

            from (
                select d.*
                from installations i
                join deployments d on d.id = i.deployment_id
                where i.target_id = @targetId
            ) d
            """ + Joins,
            new { targetId }, cancellationToken: ct))];
    }

    /// <summary>What ran on a target at a time: the newest record of each package there up to then.</summary>
    public async Task<IReadOnlyList<InstalledRow>> AtAsync(int targetId, DateTimeOffset at, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<InstalledRow>(new CommandDefinition(
            Columns
            + """

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
                where i.target_id = @targetId
            ) d
            """ + Joins, new { targetId, at }, cancellationToken: ct))];
    }
}
