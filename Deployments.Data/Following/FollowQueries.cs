using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Following;

/// <summary>Reads which targets somebody follows, and what is new there.</summary>
/// <param name="database">The database.</param>
public sealed class FollowQueries(ReadDatabase database)
{
    /// <summary>Up to which number new deployments of one target are counted.</summary>
    public const int NewsMax = 100;

    // The index of a target's records knows hours.
    const string IsNew =
        """
        d.target_id = f.target_id and d.deployed_at > f.seen_at
          and d.deployed_hour >= floor(extract(epoch from f.seen_at) / 3600)::int
        """;

    /// <summary>Whether somebody follows a target.</summary>
    /// <param name="account">Whose account, by name.</param>
    /// <param name="targetId">The target.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<bool> IsFollowedAsync(string account, int targetId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select exists (
                select from followed_targets
                join accounts a using (account_id)
                where lower(a.name) = lower(@account) and target_id = @targetId)
            """, new { account, targetId }, cancellationToken: ct));
    }

    /// <summary>The targets that somebody follows and sees anything of, by name.</summary>
    /// <param name="account">Whose account, by name.</param>
    /// <param name="visible">What they see.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<FollowedTarget>> AllAsync(
        string account, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(visible);
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<FollowedTarget>(new CommandDefinition(
            $"""
            select t.target_id, t.name, g.name as "group", f.seen_at, n.news
            from followed_targets f
            join accounts a using (account_id)
            join targets t using (target_id)
            left join target_groups g using (target_group_id)
            cross join lateral (
                select count(*)::int as news
                from (select from deployments d where {IsNew} and {VisibleSql.Record} limit @NewsMax) d
            ) n
            where lower(a.name) = lower(@account) and {VisibleSql.Target}
            order by t.name_key
            """, new { account, NewsMax, visible = visible.Ids }, cancellationToken: ct))];
    }

    /// <summary>What was deployed to the targets that somebody follows since they last looked.</summary>
    /// <param name="account">Whose account, by name.</param>
    /// <param name="take">How many deployments at most.</param>
    /// <param name="visible">What they see.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<FollowedNews> NewsAsync(string account, int take, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(visible);
        await using var connection = await database.OpenConnectionAsync(ct);
        var (targets, since) = await connection.QuerySingleAsync<(int Targets, DateTimeOffset? Since)>(
            new CommandDefinition(
                """
                select count(*)::int as targets, min(f.seen_at) as since
                from followed_targets f
                join accounts a using (account_id)
                where lower(a.name) = lower(@account)
                """, new { account }, cancellationToken: ct));
        if (targets == 0)
            return new FollowedNews(0, null, [], false);
        var rows = (await connection.QueryAsync<RecordRow>(new CommandDefinition(
            PageSql.Columns
            + $"""

            from followed_targets f
            join accounts a using (account_id)
            cross join lateral (
                select d.* from deployments d
                where {IsNew} and {VisibleSql.Record}
                order by d.deployed_hour desc, d.deployed_at desc, d.id desc
                limit @take
            ) d
            """ + PageSql.Joins
            + """

            where lower(a.name) = lower(@account)
            order by d.deployed_at desc, d.id desc
            limit @take
            """, new { account, take = take + 1, visible = visible.Ids }, cancellationToken: ct))).ToList();
        return new FollowedNews(targets, since, rows.Take(take).ToList(), rows.Count > take);
    }
}
