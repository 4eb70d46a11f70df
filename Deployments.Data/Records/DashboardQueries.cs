using Dapper;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>The figures of the first page.</summary>
/// <param name="database">The database.</param>
public sealed class DashboardQueries(NpgsqlDataSource database)
{
    /// <summary>The deployments of each of the last days, oldest first, days without any included.</summary>
    /// <param name="lastDay">The last day, in UTC.</param>
    /// <param name="days">How many days, that one included.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<IReadOnlyList<DayCount>> PerDayAsync(DateOnly lastDay, int days, CancellationToken ct)
    {
        var end = new DateTimeOffset(lastDay.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        await using var connection = await database.OpenConnectionAsync(ct);
        var counts = (await connection.QueryAsync<(DateTime Day, long Deployments)>(new CommandDefinition(
            """
            select date_trunc('day', deployed_at at time zone 'UTC') as day, count(*) as deployments
            from deployments
            where deployed_at >= @start and deployed_at < @end
            group by 1
            """, new { start = end.AddDays(-days), end }, cancellationToken: ct)))
            .ToDictionary(row => DateOnly.FromDateTime(row.Day), row => row.Deployments);
        return [.. Enumerable.Range(0, days).Select(i => lastDay.AddDays(i - days + 1))
            .Select(day => new DayCount(day, counts.GetValueOrDefault(day)))];
    }

    /// <summary>The packages deployed most often since then.</summary>
    public async Task<IReadOnlyList<PackageCount>> BusiestPackagesAsync(
        DateTimeOffset since, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<PackageCount>(new CommandDefinition(
            """
            select packages.type, packages.group_name as "group", packages.name, feeds.name as feed, feeds.feed_type,
                   busy.deployments, busy.targets
            from (
                select package_id, count(*) as deployments, count(distinct target_id) as targets,
                       max(feed_id) as feed_id
                from deployments
                where deployed_at >= @since
                group by package_id
                order by count(*) desc, package_id
                limit @limit
            ) busy
            join packages using (package_id)
            join feeds using (feed_id)
            order by busy.deployments desc, packages.name_key
            """, new { since, limit }, cancellationToken: ct))];
    }

    /// <summary>The targets deployed to most often since then.</summary>
    public async Task<IReadOnlyList<TargetCount>> BusiestTargetsAsync(
        DateTimeOffset since, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<TargetCount>(new CommandDefinition(
            """
            select targets.name, busy.deployments, busy.packages
            from (
                select target_id, count(*) as deployments, count(distinct package_id) as packages
                from deployments
                where deployed_at >= @since
                group by target_id
                order by count(*) desc, target_id
                limit @limit
            ) busy
            join targets using (target_id)
            order by busy.deployments desc, targets.name_key
            """, new { since, limit }, cancellationToken: ct))];
    }

    /// <summary>What waits for somebody or something.</summary>
    public async Task<WaitingCounts> WaitingAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<WaitingCounts>(new CommandDefinition(
            """
            select (select count(*) from deployment_inbox) as inbox,
                   (select count(*) from rejected_records where resolved_at is null) as rejected
            """, cancellationToken: ct));
    }
}

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

    /// <summary>That feed's type.</summary>
    public string FeedType { get; init; } = "";

    /// <summary>How many deployments.</summary>
    public long Deployments { get; init; }

    /// <summary>To how many targets.</summary>
    public long Targets { get; init; }
}

/// <summary>How often something was deployed to a target.</summary>
public sealed record TargetCount
{
    /// <summary>The target.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many deployments.</summary>
    public long Deployments { get; init; }

    /// <summary>Of how many packages.</summary>
    public long Packages { get; init; }
}

/// <summary>What waits.</summary>
public sealed record WaitingCounts
{
    /// <summary>Entries of the inbox: records in a moment.</summary>
    public long Inbox { get; init; }

    /// <summary>Rejected records that nobody has dealt with.</summary>
    public long Rejected { get; init; }
}
