using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// Reads rejected records, walked newest first along <c>rejected_records_open</c> or <c>rejected_records_resolved</c>.
/// </summary>
/// <param name="database">The database.</param>
public sealed class RejectedQueries(ReadDatabase database)
{
    /// <summary>What a <see cref="RejectedRow"/> is read from.</summary>
    internal const string Select =
        """
        select r.id, r.received_at, r.feed_id, feeds.name as feed, feeds.feed_type, r.group_name as "group", r.name,
               r.version, r.qualifier, r.recorder, r.client_address, r.user_agent, r.road, r.raw_path, r.raw_headers,
               r.reason, r.resolved_at, r.resolved_by, r.resolution, r.dismissal_reason
        from rejected_records r
        join feeds using (feed_id)

        """;

    const string Conditions =
        """
          and (@Feed::text is null or r.feed_id in (select feed_id from feeds where lower(name) = lower(@Feed)))
          and (@package::text is null or r.name ilike @package or r.group_name ilike @package)
          and (@reason::text is null or r.reason ilike @reason)
          and r.received_at >= coalesce(@From::timestamptz, '-infinity')
          and r.received_at < coalesce(@To::timestamptz, 'infinity')

        """;

    const string TowardsOlder =
        """
          and (r.received_at, r.id) < (coalesce(@cursorAt::timestamptz, 'infinity'), coalesce(@cursorId::bigint, 0))
        order by r.received_at desc, r.id desc
        limit @take
        """;

    const string TowardsNewer =
        """
          and (r.received_at, r.id) > (coalesce(@cursorAt::timestamptz, '-infinity'), coalesce(@cursorId::bigint, 0))
        order by r.received_at, r.id
        limit @take
        """;

    // Each condition as written has an index of its own.
    const string Open = "where r.resolved_at is null\n";
    const string Resolved = "where r.resolved_at is not null\n";

    /// <summary>One page, newest first, by keyset on (received_at, id).</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="limit">How many at most; 1 or more.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<RejectedPage> PageAsync(RejectedFilter filter, int limit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var towardsNewer = filter.Cursor is { TowardsNewer: true };
        var sql = (filter.Resolved, towardsNewer) switch
        {
            (false, false) => Select + Open + Conditions + TowardsOlder,
            (false, true) => Select + Open + Conditions + TowardsNewer,
            (true, false) => Select + Resolved + Conditions + TowardsOlder,
            (true, true) => Select + Resolved + Conditions + TowardsNewer,
        };
        await using var connection = await database.OpenConnectionAsync(ct);
        // One more than asked for tells whether there is a further page.
        var rows = (await connection.QueryAsync<RejectedRow>(new CommandDefinition(
            sql, Parameters(filter, limit + 1), cancellationToken: ct))).ToList();
        var hasMore = rows.Count > limit;
        if (hasMore)
            rows.RemoveAt(limit);
        if (towardsNewer)
            rows.Reverse();
        if (rows.Count == 0)
            return new RejectedPage([], null, null);
        // Whoever followed a cursor came from a page, which therefore exists.
        var hasNewer = towardsNewer ? hasMore : filter.Cursor is not null;
        var hasOlder = towardsNewer || hasMore;
        return new RejectedPage(
            rows,
            hasNewer ? new RecordCursor(rows[0].ReceivedAt, rows[0].Id, TowardsNewer: true) : null,
            hasOlder ? new RecordCursor(rows[^1].ReceivedAt, rows[^1].Id, TowardsNewer: false) : null);
    }

    /// <summary>The rejected record with this id, open or resolved; null when there is none.</summary>
    public async Task<RejectedRow?> FindOrNullAsync(long id, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<RejectedRow>(new CommandDefinition(
            Select + "where r.id = @id", new { id }, cancellationToken: ct));
    }

    /// <summary>How many wait for an administrator; counts no further than <paramref name="max"/>.</summary>
    public async Task<int> CountOpenAsync(int max, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            "select count(*) from (select from rejected_records where resolved_at is null limit @max) waiting",
            new { max }, cancellationToken: ct));
    }

    static object Parameters(RejectedFilter filter, int take) => new
    {
        filter.Feed,
        package = ContainingOrNull(filter.Package),
        reason = ContainingOrNull(filter.Reason),
        filter.From,
        filter.To,
        cursorAt = filter.Cursor?.DeployedAt,
        cursorId = filter.Cursor?.Id,
        take,
    };

    static string? ContainingOrNull(string? text) => text is null ? null : Like.Containing(text);
}
