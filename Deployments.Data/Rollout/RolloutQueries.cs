using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Data.Targets;
using Npgsql;

namespace Deployments.Data.Rollout;

/// <summary>What became of a package on its targets in a time.</summary>
/// <param name="From">Since when; later than asked for where there are too many records.</param>
/// <param name="Rows">The records of each target together, oldest first, by the order of groups and names.</param>
public sealed record RolloutHistory(DateTimeOffset From, IReadOnlyList<InstalledRow> Rows);

/// <summary>Reads how the versions of a package came to its targets.</summary>
/// <param name="database">The database.</param>
public sealed class RolloutQueries(ReadDatabase database)
{
    /// <summary>How many records are read at most, the newest.</summary>
    public const int RecordsMax = 20_000;

    const string Changes =
        $"""
        select d.id as deployment_id, d.deployed_at, d.version_id, v.version, v.qualifier, v.sort_key,
               t.name as target, g.name as target_group, (
                    select min(r.removed_at)
                    from removals r
                    where r.target_id = d.target_id and r.package_id = @packageId
                      and r.removed_at >= d.deployed_at) as removed_at
        from (
            select d.id, d.target_id, d.deployed_at, d.version_id
            from deployments d
            where d.package_id = @packageId and d.deployed_hour >= @hour and d.deployed_at > @from
              and {VisibleSql.Record}
            union all
            select b.*
            from installations i
            cross join lateral (
                select d.id, d.target_id, d.deployed_at, d.version_id
                from deployments d
                where d.target_id = i.target_id and d.package_id = @packageId and d.deployed_at <= @from
                  and {VisibleSql.Record}
                order by d.deployed_at desc, d.id desc
                limit 1
            ) b
            where i.package_id = @packageId
        ) d
        join targets t on t.target_id = d.target_id
        join package_versions v on v.version_id = d.version_id
        left join target_groups g on g.target_group_id = t.target_group_id
        where {TargetGroupSql.Target}
          and exists (
            select from installations i
            where i.target_id = d.target_id and i.package_id = @packageId and {VisibleSql.Installation})
        order by g.place nulls last, t.name_key, d.deployed_at, d.id
        """;

    /// <summary>
    /// The records of a package since a time and, of each target, the last one before it; each with the first removal
    /// behind it.
    /// </summary>
    /// <param name="packageId">The package.</param>
    /// <param name="from">Since when.</param>
    /// <param name="targetGroup">Only targets of this group, in any case; null: all.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<RolloutHistory> OfAsync(
        int packageId, DateTimeOffset from, string? targetGroup, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // Where there are more records than that, the picture begins later.
        var cut = await connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            $"""
            select d.deployed_at
            from deployments d
            where d.package_id = @packageId and d.deployed_hour >= @hour and {VisibleSql.Record}
            order by d.deployed_hour desc, d.deployed_at desc
            offset @RecordsMax limit 1
            """,
            new { packageId, hour = RecordQueries.Hour(from), RecordsMax, visible = visible.Ids },
            cancellationToken: ct));
        if (cut is { } later && later > from.UtcDateTime)
            from = new DateTimeOffset(later, TimeSpan.Zero);
        return new RolloutHistory(from,
        [
            .. await connection.QueryAsync<InstalledRow>(new CommandDefinition(
                Changes,
                new
                {
                    packageId,
                    hour = RecordQueries.Hour(from),
                    from,
                    targetGroup = targetGroup is null ? null : Dictionaries.NameKey(targetGroup),
                    visible = visible.Ids,
                }, cancellationToken: ct)),
        ]);
    }
}
