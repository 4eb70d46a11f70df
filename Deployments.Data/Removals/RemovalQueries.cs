using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Removals;

/// <summary>Reads removals.</summary>
/// <param name="database">The database.</param>
public sealed class RemovalQueries(ReadDatabase database)
{
    /// <summary>
    /// How many a page of a package's history has at most: where there are more, the newest of its time.
    /// </summary>
    public const int OfPageMax = 200;

    // "d" is the removal, so that the condition on what is seen is that of records.
    const string Columns =
        """
        select d.removal_id, d.removed_at, d.recorded_at, feeds.name as feed, p.type, p.group_name as "group", p.name,
               ended.version, t.name as target, a.name as application, u.name as "user", r.name as recorded_by,
               description.name as description, url.name as url, d.road
        """;

    const string Joins =
        """

        join feeds on feeds.feed_id = d.feed_id
        join packages p on p.package_id = d.package_id
        join targets t on t.target_id = d.target_id
        join applications a on a.application_id = d.application_id
        join users u on u.user_id = d.user_id
        join recorders r on r.recorder_id = d.recorder_id
        join texts description on description.text_id = d.description_id
        left join texts url on url.text_id = d.url_id
        """;

    // What ran there until then, unless it had been removed before already.
    const string Ended =
        """

        left join lateral (
            select v.version, v.version_key
            from (
                select b.version_id, b.feed_id, b.deployed_at
                from deployments b
                where b.target_id = d.target_id and b.package_id = d.package_id and b.deployed_at <= d.removed_at
                order by b.deployed_at desc, b.id desc
                limit 1
            ) b
            join package_versions v on v.version_id = b.version_id
            where (@visible::int[] is null or b.feed_id = any (@visible))
              and not exists (
                select from removals x
                where x.target_id = d.target_id and x.package_id = d.package_id and x.removed_at >= b.deployed_at
                  and (x.removed_at, x.removal_id) < (d.removed_at, d.removal_id))
        ) ended on true
        """;

    /// <summary>
    /// The removals in the time of a page of a package's history: each belongs to exactly one page of the same filter,
    /// whichever way one turns them. One more than <see cref="OfPageMax"/> tells that there are more.
    /// </summary>
    /// <param name="filter">What the page was filtered by; with a package.</param>
    /// <param name="page">The page.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>Newest first.</returns>
    public async Task<IReadOnlyList<RemovalRow>> OfPageAsync(
        HistoryFilter filter, HistoryPage page, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(page);
        if (filter.Package is not { } package)
            return [];
        var (oldest, newest) = page.TimeOf(filter);
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<RemovalRow>(new CommandDefinition(
            $"""
            {Columns}
            from removals d
            {Joins}
            {Ended}
            where d.package_id = (
                    select package_id from packages
                    where type = @Type and group_key = @GroupKey and name_key = @NameKey)
              and (@oldest::timestamptz is null or d.removed_at >= @oldest)
              and (@newest::timestamptz is null or d.removed_at < @newest)
              and (@versionKey::text is null or ended.version_key = @versionKey)
              and (@target::text is null or t.name_key = @target) and {TargetGroupSql.Target}
              and (@application::text is null or a.name_key = @application)
              and (@user::text is null or u.name_key = @user)
              and {VisibleSql.Record}
            order by d.removed_at desc, d.removal_id desc
            limit @OfPageMax + 1
            """,
            new
            {
                package.Type,
                package.GroupKey,
                package.NameKey,
                oldest = oldest?.UtcDateTime,
                newest = newest?.UtcDateTime,
                versionKey = filter.VersionKey,
                target = NameKey(filter.Target),
                targetGroup = NameKey(filter.TargetGroup),
                application = NameKey(filter.Application),
                user = NameKey(filter.User),
                OfPageMax,
                visible = visible.Ids,
            }, cancellationToken: ct))];
    }

    /// <summary>
    /// A page of removals, the last to be recorded first: whoever reads them all again later finds the new ones ahead
    /// of those that are known, whatever their dates.
    /// </summary>
    /// <param name="filter">Which; its version and text do not count. Of its cursor only the id does.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>One more than the limit where there are more.</returns>
    public async Task<IReadOnlyList<RemovalRow>> PageAsync(
        RecordFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await database.OpenConnectionAsync(ct);
        if (await FilterIds.FindOrNullAsync(connection, filter, visible, ct) is not { } ids)
            return [];
        return [.. await connection.QueryAsync<RemovalRow>(new CommandDefinition(
            $"""
            {Columns}
            from removals d
            {Joins}
            {Ended}
            where (@TargetId::int is null or d.target_id = @TargetId)
              and (@TargetIds::int[] is null or d.target_id = any (@TargetIds))
              and (@ApplicationId::int is null or d.application_id = @ApplicationId)
              and (@UserId::int is null or d.user_id = @UserId)
              and (@FeedIds::int[] is null or d.feed_id = any (@FeedIds))
              and (@PackageIds::int[] is null or d.package_id = any (@PackageIds))
              and (@From::timestamptz is null or d.removed_at >= @From)
              and (@To::timestamptz is null or d.removed_at < @To)
              and (@before::bigint is null or d.removal_id < @before)
            order by d.removal_id desc
            limit @take
            """,
            new
            {
                ids.TargetId,
                ids.TargetIds,
                ids.ApplicationId,
                ids.UserId,
                ids.FeedIds,
                ids.PackageIds,
                filter.From,
                filter.To,
                before = filter.Cursor?.Id,
                take = filter.Limit + 1,
                visible = visible.Ids,
            }, cancellationToken: ct))];
    }

    /// <summary>What no longer runs on a target, the latest to leave first.</summary>
    /// <param name="targetId">The target.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<RemovalRow>> OfTargetAsync(
        int targetId, int limit, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<RemovalRow>(new CommandDefinition(
            $"""
            {Columns}
            from installations i
            join removals d on d.removal_id = i.removal_id
            {Joins}
            {Ended}
            where i.target_id = @targetId and {VisibleSql.Record} and {VisibleSql.Installation}
            order by d.removed_at desc, d.removal_id desc
            limit @limit
            """, new { targetId, limit, visible = visible.Ids }, cancellationToken: ct))];
    }

    /// <summary>
    /// The feed of a record that the reader sees and that says what runs on its target now; null when there is none
    /// such, or another record or a removal came after it.
    /// </summary>
    /// <param name="deploymentId">The record.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<int?> FeedOfRunningOrNullAsync(long deploymentId, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int?>(new CommandDefinition(
            $"""
            select d.feed_id
            from deployments d
            join running_installations i on i.target_id = d.target_id and i.package_id = d.package_id
                and i.deployment_id = d.id
            where d.id = @deploymentId and {VisibleSql.Record}
            """, new { deploymentId, visible = visible.Ids }, cancellationToken: ct));
    }

    static string? NameKey(string? name) => string.IsNullOrEmpty(name) ? null : Dictionaries.NameKey(name);
}
