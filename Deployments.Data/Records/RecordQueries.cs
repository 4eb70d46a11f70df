using System.Data;
using System.Runtime.CompilerServices;
using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// Reads deployment records. Statements turn names into dictionary ids first. What is asked for decides, before
/// PostgreSQL plans anything, which index the records are walked along, newest first: a version
/// <c>deployments_by_version</c>, a package <c>deployments_by_package</c>, a target
/// <c>deployments_by_target_date</c>, else <c>deployments_by_date</c>; the other conditions are checked on the way.
/// So a page costs the same wherever in the list it lies.
/// </summary>
/// <param name="database">The database.</param>
public sealed class RecordQueries(NpgsqlDataSource database)
{
    static readonly PageSql ByDate = new("from deployments d where");

    static readonly PageSql ByTarget = new(
        "from deployments d where d.target_id = (select target_id from targets where name_key = @target) and");

    static readonly PageSql ByPackage = new(
        """
        from unnest(array(select package_id from wanted_packages)) as wanted (package_id)
        cross join lateral (
            select * from deployments d
            where d.package_id = wanted.package_id and /*conditions*/
            /*order*/
        ) d where
        """);

    static readonly PageSql ByVersion = new(
        """
        from unnest(array(
            select version_id from wanted_packages join package_versions using (package_id)
            where version in (@version, @versionKey) or version_key in (@version, @versionKey))) as wanted (version_id)
        cross join lateral (
            select * from deployments d
            where d.version_id = wanted.version_id and /*conditions*/
            /*order*/
        ) d where
        """);

    /// <summary>One page, newest first, by keyset on (deployed_at, id): later records never shift a page.</summary>
    public async Task<RecordPage> PageAsync(RecordFilter filter, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(filter.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Limit, RecordFilter.LimitMax);

        var towardsNewer = filter.Cursor is { TowardsNewer: true };
        var sql = SqlFor(filter);
        await using var connection = await database.OpenConnectionAsync(ct);
        // One more than asked for tells whether there is a further page.
        var rows = (await connection.QueryAsync<RecordRow>(new CommandDefinition(
            towardsNewer ? sql.Newer : sql.Older, Parameters(filter, filter.Limit + 1), cancellationToken: ct)))
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
    /// <param name="filter">Its cursor and limit do not count.</param>
    /// <param name="ct">Ends the reading.</param>
    public async IAsyncEnumerable<RecordRow> StreamAsync(
        RecordFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var rows = connection.QueryUnbufferedAsync<RecordRow>(
            SqlFor(filter).Older, Parameters(filter with { Cursor = null }, null), snapshot, commandTimeout: 300);
        await foreach (var row in rows.WithCancellation(ct))
            yield return row;
    }

    /// <summary>The record with this id, or the one that it repeats; null when there is none (yet).</summary>
    public async Task<RecordRow?> FindOrNullAsync(long id, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<RecordRow>(new CommandDefinition(
            PageSql.Columns
            + """

            from deployments d
            """ + PageSql.Joins
            + """

            where d.id = coalesce((select deployment_id from duplicate_records where id = @id), @id)
            """, new { id }, cancellationToken: ct));
    }

    /// <summary>What has become of an id that was handed out.</summary>
    public async Task<RecordState> StateOfAsync(long id, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // The drain moves an entry within one transaction, so one snapshot always finds it in exactly one place.
        var state = await connection.QueryFirstOrDefaultAsync<RecordState>(new CommandDefinition(
            """
            select @recorded as status, null::bigint as deployment_id, null::text as reason
            from deployments where id = @id
            union all
            select @duplicate, deployment_id, null from duplicate_records where id = @id
            union all
            select @waiting, null, null from deployment_inbox where id = @id
            union all
            select @rejected, null, reason from rejected_records where id = @id
            """,
            new
            {
                id,
                recorded = (int)RecordStatus.Recorded,
                duplicate = (int)RecordStatus.Duplicate,
                waiting = (int)RecordStatus.Waiting,
                rejected = (int)RecordStatus.Rejected,
            }, cancellationToken: ct));
        return state ?? new RecordState();
    }

    static PageSql SqlFor(RecordFilter filter) => filter switch
    {
        { Version: not null } => ByVersion,
        { Name: not null } => ByPackage,
        { Target: not null } => ByTarget,
        _ => ByDate,
    };

    static object Parameters(RecordFilter filter, int? take) => new
    {
        feed = filter.Feed,
        type = filter.Type,
        group = filter.Group,
        groupKey = KeyOrNull(filter.Group),
        name = filter.Name,
        nameKey = KeyOrNull(filter.Name),
        version = filter.Version,
        versionKey = KeyOrNull(filter.Version),
        target = KeyOrNull(filter.Target),
        application = KeyOrNull(filter.Application),
        user = KeyOrNull(filter.User),
        from = filter.From,
        to = filter.To,
        text = filter.Text is null ? null : Like.Containing(filter.Text),
        cursorAt = filter.Cursor?.DeployedAt,
        cursorId = filter.Cursor?.Id,
        take,
    };

    static string? KeyOrNull(string? name) => name is null ? null : Dictionaries.NameKey(name);
}
