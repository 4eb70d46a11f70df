using System.Data;
using System.Runtime.CompilerServices;
using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// Reads deployment records. Names become dictionary ids first; then PostgreSQL, which knows how frequent each is,
/// walks one index from the cursor on and checks the other conditions on the way, so that a page costs about the same
/// wherever in the list it lies (db/decisions/0005).
/// </summary>
/// <param name="database">The database.</param>
public sealed class RecordQueries(ReadDatabase database)
{
    /// <summary>One page, newest first, by keyset on (deployed_at, id): later records never shift a page.</summary>
    /// <param name="filter">Which records.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<RecordPage> PageAsync(RecordFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(filter.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Limit, RecordFilter.LimitMax);

        var towardsNewer = filter.Cursor is { TowardsNewer: true };
        await using var connection = await database.OpenConnectionAsync(ct);
        if (await FilterIds.FindOrNullAsync(connection, filter, visible, ct) is not { } ids)
            return new RecordPage([], null, null);
        var sql = PageSql.For(ids);
        // One more than asked for tells whether there is a further page.
        var rows = (await connection.QueryAsync<RecordRow>(new CommandDefinition(
            towardsNewer ? sql.Newer : sql.Older, Parameters(filter, ids, filter.Limit + 1), cancellationToken: ct)))
            .ToList();

        var hasMore = rows.Count > filter.Limit;
        if (hasMore)
            rows.RemoveAt(towardsNewer ? 0 : filter.Limit);
        if (rows.Count == 0)
            return new RecordPage([], null, null);
        // Whoever followed a cursor came from a page, which therefore exists.
        var hasNewer = towardsNewer ? hasMore : filter.Cursor is not null;
        var hasOlder = towardsNewer || hasMore;
        return new RecordPage(
            rows,
            hasNewer ? new RecordCursor(rows[0].DeployedAt, rows[0].Id, TowardsNewer: true) : null,
            hasOlder ? new RecordCursor(rows[^1].DeployedAt, rows[^1].Id, TowardsNewer: false) : null);
    }

    /// <summary>Every record the filter lets through, newest first, in one snapshot, one by one.</summary>
    /// <param name="exports">Whose connection it holds until the last one is read.</param>
    /// <param name="filter">Its cursor and limit do not count.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Ends the reading.</param>
    public static async IAsyncEnumerable<RecordRow> StreamAsync(
        ExportDatabase exports, RecordFilter filter, VisibleFeeds visible,
        [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(exports);
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await exports.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        if (await FilterIds.FindOrNullAsync(connection, filter, visible, ct, snapshot) is not { } ids)
            yield break;
        var rows = connection.QueryUnbufferedAsync<RecordRow>(
            PageSql.For(ids).Older, Parameters(filter with { Cursor = null }, ids, null), snapshot,
            commandTimeout: 300);
        await foreach (var row in rows.WithCancellation(ct))
            yield return row;
    }

    /// <summary>The record with this id, or the one that it repeats; null when there is none (yet).</summary>
    /// <param name="id">The id.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<RecordRow?> FindOrNullAsync(long id, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<RecordRow>(new CommandDefinition(
            PageSql.Columns
            + """

            from deployments d
            """ + PageSql.Joins
            + """

            where d.id = coalesce((select deployment_id from duplicate_records where id = @id), @id)
              and
            """ + VisibleSql.Record, new { id, visible = visible.Ids }, cancellationToken: ct));
    }

    /// <summary>What has become of an id that was handed out.</summary>
    /// <param name="id">The id.</param>
    /// <param name="visible">What the reader sees; of anything else nothing has become.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<RecordState> StateOfAsync(long id, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // The drain moves an entry within one transaction, so one snapshot always finds it in exactly one place.
        var state = await connection.QueryFirstOrDefaultAsync<RecordState>(new CommandDefinition(
            $"""
            select @recorded as status, null::bigint as deployment_id, null::text as reason
            from deployments d where d.id = @id and {VisibleSql.Record}
            union all
            select @duplicate, r.deployment_id, null
            from duplicate_records r
            where r.id = @id and (@visible::int[] is null or exists (
                select from deployments d where d.id = r.deployment_id and {VisibleSql.Record}))
            union all
            select @waiting, null, null from deployment_inbox d where d.id = @id and {VisibleSql.Record}
            union all
            select @rejected, null, d.reason from rejected_records d where d.id = @id and {VisibleSql.Record}
            """,
            new
            {
                id,
                recorded = (int)RecordStatus.Recorded,
                duplicate = (int)RecordStatus.Duplicate,
                waiting = (int)RecordStatus.Waiting,
                rejected = (int)RecordStatus.Rejected,
                visible = visible.Ids,
            }, cancellationToken: ct));
        return state ?? new RecordState();
    }

    static object Parameters(RecordFilter filter, FilterIds ids, int? take) => new
    {
        target = ids.TargetId,
        groupTarget = One(ids.TargetIds),
        groupTargets = Several(ids, ids.TargetIds),
        application = ids.ApplicationId,
        user = ids.UserId,
        feed = One(ids.FeedIds),
        feeds = Several(ids, ids.FeedIds),
        package = One(ids.PackageIds),
        packages = Several(ids, ids.PackageIds),
        version = One(ids.VersionIds),
        versions = Several(ids, ids.VersionIds),
        stretches = ids.Stretches,
        text = filter.Text is null ? null : Like.Containing(filter.Text),
        textPackages = ids.TextPackageIds,
        textTargets = ids.TextTargetIds,
        descriptions = ids.DescriptionIds,
        from = filter.From,
        fromHour = Hour(filter.From),
        to = filter.To,
        toHour = Hour(filter.To),
        cursorAt = filter.Cursor?.DeployedAt,
        cursorHour = Hour(filter.Cursor?.DeployedAt),
        cursorId = filter.Cursor?.Id,
        take,
    };

    static int? One(int[]? ids) => ids is [var only] ? only : null;

    static int[]? Several(FilterIds filter, int[]? ids) => ids is [_] || ids == filter.Stretches ? null : ids;

    /// <summary>The hour as the generated column <c>deployments.deployed_hour</c> counts.</summary>
    internal static int? Hour(DateTimeOffset? time) =>
        time is { } given ? (int)Math.Floor(given.ToUnixTimeSeconds() / 3600.0) : null;
}
