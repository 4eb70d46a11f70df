using Dapper;
using Npgsql;

namespace Deployments.Data.Calendar;

/// <summary>Counts the deployments of days.</summary>
/// <param name="database">The database.</param>
/// <param name="time">Tells which day it is, and how old a count is.</param>
public sealed class CalendarStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>How many days are counted, today included.</summary>
    public const int DaysMax = 731;

    const int DaySeconds = 600; // of a day with some million records

    /// <summary>
    /// Counts the days whose count is old, newest days first: that of today after some minutes, of the last week after
    /// an hour, and of all others, to which records may still be added, after a day. A day of the same records as
    /// before is not counted again within a week, and one that takes long not before twenty times as long. Before the
    /// first record there is nothing to count.
    /// </summary>
    /// <param name="patience">After this time no further day is begun.</param>
    /// <param name="ct">Cancels; what is counted stays.</param>
    /// <returns>How many days were counted, or found to be the same.</returns>
    public async Task<int> CountAsync(TimeSpan patience, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(ct);
        var today = CalendarDay.NumberOf(CalendarDay.Of(time));
        var days = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            insert into counted_days (day, counted_at)
            select day, case when day > (select extract(epoch from min(deployed_at)) from deployments) / 86400 - 1
                then '-infinity' else @now end
            from generate_series(@first, @today) day
            on conflict do nothing;
            select day
            from counted_days
            where day between @first and @today and counted_at < @now - greatest(20 * made_in, case
                when day >= @today - 1 then interval '2 minutes'
                when day >= @today - 7 then interval '1 hour'
                else interval '1 day' end)
            order by day desc
            """,
            new { first = today + 1 - DaysMax, today, now = time.GetUtcNow() }, cancellationToken: ct))).AsList();
        var counted = 0;
        foreach (var day in days)
        {
            if (time.GetElapsedTime(started) > patience)
                break;
            counted += await CountDayAsync(connection, day, ct);
        }

        return counted;
    }

    // A day that another node counts is left to it.
    async Task<int> CountDayAsync(NpgsqlConnection connection, int day, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var start = CalendarDay.DayOf(day).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        var end = start.AddDays(1);
        // Of the same number of records with the same last one nothing was added and nothing removed. The index tells
        // that in a hundredth of the time.
        var isDue = await connection.QuerySingleOrDefaultAsync<bool?>(new CommandDefinition(
            """
            with here as (
                select count(*)::int as records, coalesce(max(id), 0) as last_id
                from deployments
                where deployed_at >= @start and deployed_at < @end
            ),
            ours as (
                select c.day, h.records, h.last_id,
                       c.counted_at = '-infinity' or c.made_at is null or c.made_at < @now - interval '7 days'
                       or (c.records, c.last_id) is distinct from (h.records, h.last_id) as is_due
                from counted_days c
                cross join here h
                where c.day = @day
                for update of c skip locked
            )
            update counted_days c
            set counted_at = @now, records = o.records, last_id = o.last_id,
                made_at = case when o.is_due then @now else c.made_at end
            from ours o
            where c.day = o.day
            returning o.is_due
            """, new { now = time.GetUtcNow(), day, start, end }, transaction, DaySeconds, cancellationToken: ct));
        if (isDue is not { } mustCount)
            return 0;
        if (mustCount)
        {
            var began = time.GetTimestamp();
            await MakeAsync(connection, day, start, end, transaction, ct);
            await connection.ExecuteAsync(new CommandDefinition(
                "update counted_days set made_in = @madeIn where day = @day",
                new { day, madeIn = time.GetElapsedTime(began) }, transaction, cancellationToken: ct));
        }

        await transaction.CommitAsync(ct);
        return 1;
    }

    static async Task MakeAsync(
        NpgsqlConnection connection, int day, DateTime start, DateTime end, NpgsqlTransaction transaction,
        CancellationToken ct) =>
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from deployment_days where day = @day;
            insert into deployment_days (day, feed_id, target_group_id, deployments, rollbacks, outside)
            select @day, d.feed_id, coalesce(t.target_group_id, 0), count(*),
                   count(*) filter (where b.feed_id = d.feed_id and b.sort_key > v.sort_key),
                   count(*) filter (where exists (
                           select from change_windows w
                           where @day between w.first_day and w.last_day
                             and (w.target_group_id is null or w.target_group_id = t.target_group_id))
                       or exists (
                           select from change_windows w
                           where w.weekdays is not null
                             and (w.target_group_id is null or w.target_group_id = t.target_group_id))
                       and not exists (
                           select from change_windows w
                           where w.weekdays & @weekday <> 0
                             and (w.target_group_id is null or w.target_group_id = t.target_group_id)
                             and floor(extract(epoch from d.deployed_at - @start) / 60)
                                 between w.opens_minute and w.closes_minute - 1))
            from deployments d
            join targets t on t.target_id = d.target_id
            join package_versions v on v.version_id = d.version_id
            left join lateral (
                select x.feed_id, w.sort_key
                from deployments x
                join package_versions w on w.version_id = x.version_id
                where x.target_id = d.target_id and x.package_id = d.package_id and x.deployed_at <= d.deployed_at
                  and (x.deployed_at, x.id) < (d.deployed_at, d.id)
                order by x.deployed_at desc, x.id desc
                limit 1
            ) b on true
            where d.deployed_at >= @start and d.deployed_at < @end
            group by d.feed_id, coalesce(t.target_group_id, 0)
            """,
            new
            {
                day,
                start,
                end,
                weekday = 1 << (((int)start.DayOfWeek + 6) % 7), // as change_windows counts: Monday first
            }, transaction, DaySeconds, cancellationToken: ct));
}
