using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Calendar;

/// <summary>Reads and changes the windows and freezes, all of them at once.</summary>
/// <param name="database">The database.</param>
public sealed class ChangeWindowStore(NpgsqlDataSource database)
{
    /// <summary>All, in the order in which they were written.</summary>
    public async Task<IReadOnlyList<ChangeWindow>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, ct);
    }

    /// <summary>Puts a list in the place of the one before; all days are counted again.</summary>
    /// <param name="windows">The list; groups that do not exist are an error of the caller.</param>
    /// <param name="revision">The revision that was looked at; null: whatever it is.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when somebody changed it since; then nothing is changed.</returns>
    public async Task<bool> ReplaceAsync(
        IReadOnlyList<ChangeWindow> windows, string? revision, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(windows);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync("lock table change_windows in share row exclusive mode", null);
        var before = await ReadAsync(connection, transaction, ct);
        if (revision is not null && ChangeWindow.RevisionOf(before) != revision)
            return false;
        await ExecuteAsync("delete from change_windows", null);
        foreach (var (i, window) in windows.Index())
        {
            await ExecuteAsync(
                """
                insert into change_windows (
                    place, target_group_id, weekdays, opens_minute, closes_minute, first_day, last_day, reason)
                values (
                    @place, (select target_group_id from target_groups where name_key = @group), @weekdays, @opens,
                    @closes, @first, @last, @Reason)
                """,
                new
                {
                    place = i + 1,
                    group = window.Group is { } group ? Dictionaries.NameKey(group) : null,
                    weekdays = window.IsFreeze ? null : (int?)window.Weekdays,
                    opens = window.IsFreeze ? null : (int?)window.Opens,
                    closes = window.IsFreeze ? null : (int?)window.Closes,
                    first = window.First is { } first ? CalendarDay.NumberOf(first) : (int?)null,
                    last = window.Last is { } last ? CalendarDay.NumberOf(last) : (int?)null,
                    window.Reason,
                });
        }

        await ExecuteAsync("update counted_days set counted_at = '-infinity'", null);
        await AuditStore.CommitAsync(
            transaction, new AuditedChange("changeWindows.update", "changeWindows", "all", Audited(before),
                Audited(windows)), by, ct);
        return true;

        Task<int> ExecuteAsync(string sql, object? parameters) =>
            connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: ct));
    }

    static object Audited(IEnumerable<ChangeWindow> windows) =>
        new { Windows = windows.Select(window => window.ToString()) };

    static async Task<IReadOnlyList<ChangeWindow>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken ct) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            """
            select g.name as "group", w.weekdays, w.opens_minute, w.closes_minute, w.first_day, w.last_day, w.reason
            from change_windows w
            left join target_groups g using (target_group_id)
            order by w.place
            """, transaction: transaction, cancellationToken: ct))).Select(row => row.ToWindow())];

    sealed record Row
    {
        public string? Group { get; init; }

        public int? Weekdays { get; init; }

        public int? OpensMinute { get; init; }

        public int? ClosesMinute { get; init; }

        public int? FirstDay { get; init; }

        public int? LastDay { get; init; }

        public string Reason { get; init; } = "";

        public ChangeWindow ToWindow() => new(
            Group, Weekdays ?? 0, OpensMinute ?? 0, ClosesMinute ?? 0,
            FirstDay is { } first ? CalendarDay.DayOf(first) : null,
            LastDay is { } last ? CalendarDay.DayOf(last) : null, Reason);
    }
}
