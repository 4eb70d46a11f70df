using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Calendar;

/// <summary>What was deployed on a day.</summary>
/// <param name="Day">The day, UTC.</param>
/// <param name="Deployments">How many deployments.</param>
/// <param name="Rollbacks">How many of them brought an older version than was there.</param>
/// <param name="Outside">How many of them happened in a freeze, or outside every change window.</param>
public sealed record CalendarDay(DateOnly Day, long Deployments, long Rollbacks, long Outside = 0)
{
    static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>A day as the database counts them: days since 1970.</summary>
    internal static int NumberOf(DateOnly day) => day.DayNumber - Epoch;

    /// <summary>Today, UTC.</summary>
    internal static DateOnly Of(TimeProvider time) => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    /// <summary>The day of such a number.</summary>
    internal static DateOnly DayOf(int number) => DateOnly.FromDayNumber(number + Epoch);
}

/// <summary>Days with deployments, and how far the count has come.</summary>
/// <param name="Days">Those with any, oldest first.</param>
/// <param name="CountedFrom">
/// The first day that is counted; older ones are as they were counted last, or not at all.
/// </param>
/// <param name="Uncounted">How many days since then are not counted yet.</param>
/// <param name="OldestAt">When the day was counted whose count is the oldest; null: none was.</param>
public sealed record CalendarCount(
    IReadOnlyList<CalendarDay> Days, DateOnly CountedFrom, int Uncounted, DateTimeOffset? OldestAt);

/// <summary>Reads the counts of days.</summary>
/// <param name="database">The database.</param>
/// <param name="time">Tells which days are counted.</param>
public sealed class CalendarQueries(ReadDatabase database, TimeProvider time)
{
    /// <summary>The days of a time.</summary>
    /// <param name="first">The first day.</param>
    /// <param name="last">The last day.</param>
    /// <param name="feed">Only what came through this feed, in any case; null: all.</param>
    /// <param name="targetGroup">
    /// Only targets of this group, in any case; <see cref="TargetGroupSql.None"/>: of none; null: all.
    /// </param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<CalendarCount> OfAsync(
        DateOnly first, DateOnly last, string? feed, string? targetGroup, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var countedFrom = CalendarDay.Of(time).AddDays(1 - CalendarStore.DaysMax);
        var due = first > countedFrom ? first : countedFrom;
        var parameters = new
        {
            due = CalendarDay.NumberOf(due),
            first = CalendarDay.NumberOf(first),
            last = CalendarDay.NumberOf(last),
            feed,
            targetGroup = targetGroup is null ? null : Dictionaries.NameKey(targetGroup),
            visible = visible.Ids,
        };
        var days = await connection.QueryAsync<(int Day, long Deployments, long Rollbacks, long Outside)>(
            new CommandDefinition($"""
            select d.day, sum(d.deployments)::bigint, sum(d.rollbacks)::bigint, sum(d.outside)::bigint
            from deployment_days d
            where d.day between @first and @last and {VisibleSql.Record}
              and (@feed::text is null or d.feed_id in (select feed_id from feeds where lower(name) = lower(@feed)))
              and (@targetGroup::text is null
                  or d.target_group_id = (select target_group_id from target_groups where name_key = @targetGroup)
                  or @targetGroup = '{TargetGroupSql.None}' and d.target_group_id = 0)
            group by d.day
            order by d.day
            """, parameters, cancellationToken: ct));
        var (counted, oldest) = await connection.QuerySingleAsync<(long, DateTimeOffset?)>(new CommandDefinition(
            """
            select count(*), min(counted_at)
            from counted_days
            where day between @due and @last and counted_at > '-infinity'
            """, parameters, cancellationToken: ct));
        return new CalendarCount(
            [.. days.Select(row => new CalendarDay(
                CalendarDay.DayOf(row.Day), row.Deployments, row.Rollbacks, row.Outside))],
            countedFrom, Math.Max(last.DayNumber - due.DayNumber + 1, 0) - (int)counted, oldest);
    }
}
