using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>The figures of the first page.</summary>
/// <param name="database">The database.</param>
public sealed class DashboardQueries(ReadDatabase database)
{
    const int LookedAt = 10_000;

    const string Figures =
        $"""
        with counted as (
            select case
                       when grouping(package_id) = 0 then 'package'
                       when grouping(target_id) = 0 then 'target'
                       when grouping(application_id) = 0 then 'application'
                       else 'day'
                   end as kind,
                   coalesce(package_id, target_id, application_id, deployed_hour / 24) as id,
                   count(*) as deployments, max(feed_id) as feed_id
            from deployments d
            where d.deployed_at >= @start and d.deployed_at < @end and {VisibleSql.Record}
            group by grouping sets ((package_id), (target_id), (application_id), (deployed_hour / 24))
        ),
        ranked as (
            select *, row_number() over (partition by kind order by deployments desc, id) as place
            from counted
        )
        select r.kind, r.id, r.deployments, f.name as feed, p.type, p.group_name as "group",
               coalesce(p.name, t.name, a.name) as name,
               case r.kind
                   when 'package' then (
                       select count(*) from running_installations i
                       where i.package_id = r.id and {VisibleSql.Installation})
                   when 'target' then (
                       select count(*) from running_installations i
                       where i.target_id = r.id and {VisibleSql.Installation})
               end as now
        from ranked r
        left join packages p on r.kind = 'package' and p.package_id = r.id
        left join feeds f on r.kind = 'package' and f.feed_id = r.feed_id
        left join targets t on r.kind = 'target' and t.target_id = r.id
        left join applications a on r.kind = 'application' and a.application_id = r.id
        where r.kind = 'day' or r.place <= @busiest
        order by r.kind, r.place
        """;

    /// <summary>
    /// What happened on the last days, counted in one pass over their records, along the index by date: the deployments
    /// of each day, and the packages, targets and applications with most of them.
    /// </summary>
    /// <param name="lastDay">The last day, in UTC.</param>
    /// <param name="days">How many days, that one included; days without any deployment are among them.</param>
    /// <param name="busiest">How many packages, targets and applications at most.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<DashboardFigures> FiguresAsync(
        DateOnly lastDay, int days, int busiest, VisibleFeeds visible, CancellationToken ct)
    {
        var end = new DateTimeOffset(lastDay.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<FigureRow>(new CommandDefinition(
            Figures, new { start = end.AddDays(-days), end, busiest, visible = visible.Ids },
            cancellationToken: ct)))
            .ToLookup(row => row.Kind);
        var counts = rows["day"].ToDictionary(row => DayOf(row.Id), row => row.Deployments);
        return new DashboardFigures(
            [.. Enumerable.Range(0, days).Select(i => lastDay.AddDays(i - days + 1))
                .Select(day => new DayCount(day, counts.GetValueOrDefault(day)))],
            [.. rows["package"].Select(row => new PackageCount
            {
                Type = row.Type ?? "",
                Group = row.Group ?? "",
                Name = row.Name ?? "",
                Feed = row.Feed ?? "",
                Deployments = row.Deployments,
                Targets = row.Now ?? 0,
            })],
            [.. rows["target"].Select(row => new TargetCount
            {
                Name = row.Name ?? "",
                Deployments = row.Deployments,
                Packages = row.Now ?? 0,
            })],
            [.. rows["application"].Select(row => new ApplicationCount(row.Name ?? "", row.Deployments))]);
    }

    /// <summary>
    /// What waits for somebody or something: of the longest waiting, since looking through a backlog for what the
    /// reader sees would have no end.
    /// </summary>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<WaitingCounts> WaitingAsync(VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<WaitingCounts>(new CommandDefinition(
            $"""
            select (select count(*) from (
                        select from (
                            select feed_id from deployment_inbox order by id limit @LookedAt) d
                        where {VisibleSql.Record} limit @max + 1) counted) as inbox,
                   (select min(received_at) from (
                        select d.received_at from (
                            select id, feed_id, received_at from deployment_inbox order by id limit @LookedAt) d
                        where {VisibleSql.Record} order by d.id limit 100) first) as oldest_received_at,
                   (select count(*) from (
                        select from (
                            select feed_id from rejected_records
                            where resolved_at is null order by received_at, id limit @LookedAt) d
                        where {VisibleSql.Record} limit @max + 1) counted) as rejected
            """, new { max = WaitingCounts.Max, visible = visible.Ids, LookedAt }, cancellationToken: ct));
    }

    static DateOnly DayOf(int daysSince1970) =>
        DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays(daysSince1970);

    sealed record FigureRow
    {
        public string Kind { get; init; } = "";

        public int Id { get; init; }

        public long Deployments { get; init; }

        public string? Feed { get; init; }

        public string? Type { get; init; }

        public string? Group { get; init; }

        public string? Name { get; init; }

        public long? Now { get; init; }
    }
}

/// <summary>What happened on the last days.</summary>
/// <param name="Days">The deployments of each day, oldest first.</param>
/// <param name="Packages">The packages deployed most often.</param>
/// <param name="Targets">The targets deployed to most often.</param>
/// <param name="Applications">The applications that deployed most often.</param>
public sealed record DashboardFigures(
    IReadOnlyList<DayCount> Days, IReadOnlyList<PackageCount> Packages, IReadOnlyList<TargetCount> Targets,
    IReadOnlyList<ApplicationCount> Applications);

/// <summary>How often an application deployed.</summary>
/// <param name="Name">The application or tool.</param>
/// <param name="Deployments">How many deployments.</param>
public sealed record ApplicationCount(string Name, long Deployments);

/// <summary>The deployments of one day.</summary>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Deployments">How many.</param>
public sealed record DayCount(DateOnly Day, long Deployments);

/// <summary>How often a package was deployed.</summary>
public sealed record PackageCount
{
    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>A feed it came through.</summary>
    public string Feed { get; init; } = "";

    /// <summary>How many deployments.</summary>
    public long Deployments { get; init; }

    /// <summary>How many targets run it now.</summary>
    public long Targets { get; init; }
}

/// <summary>How often something was deployed to a target.</summary>
public sealed record TargetCount
{
    /// <summary>The target.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many deployments.</summary>
    public long Deployments { get; init; }

    /// <summary>How many packages run there now.</summary>
    public long Packages { get; init; }
}

/// <summary>What waits.</summary>
public sealed record WaitingCounts
{
    /// <summary>How far is counted; one more means "or more".</summary>
    public const int Max = 10_000;

    /// <summary>Entries of the inbox: records in a moment.</summary>
    public long Inbox { get; init; }

    /// <summary>When the oldest of them arrived; null when there is none.</summary>
    public DateTimeOffset? OldestReceivedAt { get; init; }

    /// <summary>Rejected records that nobody has dealt with.</summary>
    public long Rejected { get; init; }
}
