using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Packages;

/// <summary>Reads deployment records, newest first, page by page.</summary>
public sealed class HistoryQueries(ReadDatabase database)
{
    const string Where =
        $"""
        where (@package_id::int is null or d.package_id = @package_id)
          and (@version_key::text is null or d.version_id = any (array(
                select v.version_id from package_versions v
                where v.package_id = @package_id and v.version_key = @version_key)))
          and (@target_key::text is null or d.target_id = (
                select t.target_id from targets t where t.name_key = @target_key))
          and (@targetGroup::text is null or d.target_id = any (array(
                select t.target_id from targets t where {TargetGroupSql.Target})))
          and (@application_key::text is null or d.application_id = (
                select a.application_id from applications a where a.name_key = @application_key))
          and (@user_key::text is null or d.user_id = (
                select u.user_id from users u where u.name_key = @user_key))
          and (@from::timestamptz is null or d.deployed_at >= @from)
          and (@to::timestamptz is null or d.deployed_at < @to)
          and {VisibleSql.Record}
        """;

    const string Fields =
        """
        select d.id, d.deployed_at, d.recorded_at,
               p.type as package_type, p.group_name, p.name as package_name,
               v.version_id, v.version, v.qualifier, v.sort_key,
               t.name as target, a.name as application, u.name as user_name, r.name as recorder,
               description.name as description, url.name as url, agent.name as user_agent,
               host(d.client_address) as client_address, d.raw_headers,
               f.name as feed, f.deleted_at is null as feed_exists, d.road,
               before.version_id as previous_version_id, before.version as previous_version,
               before.sort_key as previous_sort_key, earlier.removed_at as previous_removed_at
        from page d
        join packages p on p.package_id = d.package_id
        join package_versions v on v.version_id = d.version_id
        join targets t on t.target_id = d.target_id
        join applications a on a.application_id = d.application_id
        join users u on u.user_id = d.user_id
        join recorders r on r.recorder_id = d.recorder_id
        join texts description on description.text_id = d.description_id
        left join texts url on url.text_id = d.url_id
        left join texts agent on agent.text_id = d.user_agent_id
        join feeds f on f.feed_id = d.feed_id
        left join lateral (
            select b.version_id, (
                    select min(gone.removed_at)
                    from removals gone
                    where gone.target_id = d.target_id and gone.package_id = d.package_id
                      and gone.removed_at >= b.deployed_at and gone.removed_at < d.deployed_at) as removed_at
            from deployments b
            where b.target_id = d.target_id and b.package_id = d.package_id
              and b.deployed_at <= d.deployed_at and (b.deployed_at, b.id) < (d.deployed_at, d.id)
              and (@visible::int[] is null or b.feed_id = any (@visible))
            order by b.deployed_at desc, b.id desc
            limit 1) earlier on true
        left join package_versions before on before.version_id = earlier.version_id
        order by d.deployed_at desc, d.id desc
        """;

    // Two statements, because only a plain "order by" can be read from an index.
    const string OlderPage =
        $"""
        with page as materialized (
            select d.* from deployments d
            {Where}
              and (@at::timestamptz is null
                   or d.deployed_hour <= @hour::int and (d.deployed_at, d.id) < (@at, @id::bigint))
            order by d.deployed_hour desc, d.deployed_at desc, d.id desc
            limit @count)
        {Fields}
        """;

    const string NewerPage =
        $"""
        with page as materialized (
            select d.* from deployments d
            {Where}
              and d.deployed_hour >= @hour::int and (d.deployed_at, d.id) > (@at::timestamptz, @id::bigint)
            order by d.deployed_hour, d.deployed_at, d.id
            limit @count)
        {Fields}
        """;

    /// <summary>One page of records.</summary>
    /// <param name="filter">Which records.</param>
    /// <param name="cursor">Where the page begins; null: with the newest.</param>
    /// <param name="count">How many records a page has.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<HistoryPage> PageAsync(
        HistoryFilter filter, HistoryCursor? cursor, int count, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var packageId = filter.Package is { } package
            ? await connection.QueryFirstOrDefaultAsync<int?>(new CommandDefinition(
                """
                select package_id from packages
                where type = @type and group_key = @group_key and name_key = @name_key
                """,
                new { type = package.Type, group_key = package.GroupKey, name_key = package.NameKey },
                cancellationToken: ct))
            : null;
        if (filter.Package is not null && packageId is null)
            return new HistoryPage([], null, null);

        var rows = (await connection.QueryAsync<HistoryRow>(new CommandDefinition(
            cursor is { Newer: true } ? NewerPage : OlderPage,
            Parameters(filter, packageId, cursor, count + 1, visible),
            cancellationToken: ct))).AsList();
        return HistoryPage.Of(rows, cursor, count);
    }

    /// <summary>Some records by their ids, with what each replaced.</summary>
    /// <param name="ids">Of a page.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>Those that the reader sees, by id.</returns>
    public async Task<IReadOnlyDictionary<long, HistoryRow>> OfRecordsAsync(
        IEnumerable<long> ids, VisibleFeeds visible, CancellationToken ct)
    {
        var wanted = ids.ToArray();
        if (wanted.Length == 0)
            return new Dictionary<long, HistoryRow>();
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<HistoryRow>(new CommandDefinition(
            $"""
            with page as materialized (
                select d.* from deployments d
                where d.id = any (@wanted) and {VisibleSql.Record})
            {Fields}
            """, new { wanted, visible = visible.Ids }, cancellationToken: ct))).ToDictionary(row => row.Id);
    }

    /// <summary>How many records there are, counted up to a limit so that the answer is never slow.</summary>
    /// <param name="package">Of which package.</param>
    /// <param name="max">The limit.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<int> CountAsync(PackageKey package, int max, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            $"""
            select count(*)::int from (
                select from deployments d
                where d.package_id = (
                    select package_id from packages
                    where type = @type and group_key = @group_key and name_key = @name_key)
                  and {VisibleSql.Record}
                limit @max) counted
            """,
            new
            {
                type = package.Type,
                group_key = package.GroupKey,
                name_key = package.NameKey,
                max,
                visible = visible.Ids,
            },
            cancellationToken: ct));
    }

    static object Parameters(
        HistoryFilter filter, int? packageId, HistoryCursor? cursor, int count, VisibleFeeds visible) =>
        new
        {
            package_id = packageId,
            version_key = filter.VersionKey,
            target_key = NameKey(filter.Target),
            targetGroup = NameKey(filter.TargetGroup),
            application_key = NameKey(filter.Application),
            user_key = NameKey(filter.User),
            from = filter.From?.UtcDateTime,
            to = filter.To?.UtcDateTime,
            at = cursor?.DeployedAt.UtcDateTime,
            hour = RecordQueries.Hour(cursor?.DeployedAt),
            id = cursor?.Id,
            count,
            visible = visible.Ids,
        };

    static string? NameKey(string? name) => string.IsNullOrEmpty(name) ? null : Dictionaries.NameKey(name);
}
