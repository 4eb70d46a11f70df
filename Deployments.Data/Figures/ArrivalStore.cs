using Dapper;
using Npgsql;

namespace Deployments.Data.Figures;

/// <summary>Works out when versions came to groups of targets, package by package. See db/decisions/0023.</summary>
/// <param name="database">The database.</param>
/// <param name="time">Tells how old a count is.</param>
public sealed class ArrivalStore(NpgsqlDataSource database, TimeProvider time)
{
    // So many packages are one transaction: a thousand records each, as a rule.
    const int PackagesAtOnce = 20;

    const int PackagesSeconds = 300; // of packages with some million records

    // The rows of a package are replaced as a whole: late records and changed groups need no rules of their own.
    const string Count =
        """
        update counted_packages set counted_at = @now where package_id = any (@ids);
        delete from arrivals where package_id = any (@ids);
        with versions as materialized (
            select version_id, sort_key, min(version_id) over (partition by package_id, version_key) as same_id
            from package_versions
            where package_id = any (@ids)
        ),
        steps as materialized (
            select d.package_id, d.feed_id, d.application_id, d.deployed_at, d.id, v.same_id as version_id,
                   v.sort_key, coalesce(t.target_group_id, 0) as target_group_id,
                   lag(v.same_id) over before as before_id, lag(v.sort_key) over before as before_key,
                   lag(d.feed_id) over before as before_feed_id
            from deployments d
            join versions v on v.version_id = d.version_id
            join targets t on t.target_id = d.target_id
            where d.package_id = any (@ids)
            window before as (partition by d.package_id, d.target_id order by d.deployed_at, d.id)
        ),
        backs as materialized (
            select target_group_id, before_id as version_id, feed_id, deployed_at
            from steps
            where before_feed_id = feed_id and before_key > sort_key
        ),
        came as (
            select distinct on (target_group_id, version_id, feed_id)
                   target_group_id, version_id, feed_id, package_id, application_id, deployed_at, id
            from steps
            order by target_group_id, version_id, feed_id, deployed_at, id
        )
        insert into arrivals (
            target_group_id, version_id, feed_id, package_id, application_id, arrived_at, deployment_id,
            restored_at, groups_come, times_come, is_shared)
        select c.target_group_id, c.version_id, c.feed_id, c.package_id, c.application_id, c.deployed_at, c.id,
               b.restored_at, w.groups_come, w.times_come, w.is_shared
        from came c
        join (
            select version_id, feed_id, array_agg(target_group_id order by target_group_id) as groups_come,
                   array_agg(deployed_at order by target_group_id) as times_come,
                   count(*) over (partition by version_id) > 1 as is_shared
            from came
            group by version_id, feed_id
        ) w using (version_id, feed_id)
        left join (
            select c.target_group_id, c.version_id, c.feed_id, max(b.deployed_at) as restored_at
            from came c
            join backs b using (target_group_id, version_id, feed_id)
            where b.deployed_at between c.deployed_at and c.deployed_at + interval '7 days'
            group by c.target_group_id, c.version_id, c.feed_id
        ) b using (target_group_id, version_id, feed_id)
        """;

    /// <summary>
    /// Counts the packages whose count is old, the oldest first: those never counted, or not since the groups changed,
    /// at once; those with newer records after an hour; all others, to which older records may be added, after a day.
    /// </summary>
    /// <param name="patience">After this time no further packages are begun.</param>
    /// <param name="ct">Cancels; what is counted stays.</param>
    /// <returns>How many packages were counted.</returns>
    public async Task<int> CountAsync(TimeSpan patience, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into counted_packages (package_id, counted_at)
            select p.package_id, '-infinity'
            from packages p
            where not exists (select from counted_packages c where c.package_id = p.package_id)
            on conflict do nothing
            """, cancellationToken: ct));
        var counted = 0;
        while (time.GetElapsedTime(started) <= patience)
        {
            var packages = await CountSomeAsync(connection, ct);
            if (packages == 0)
                break;
            counted += packages;
        }

        return counted;
    }

    // Packages that another node counts are left to it. A record that is committed meanwhile is newer than the count.
    async Task<int> CountSomeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var now = time.GetUtcNow();
        var ids = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            select c.package_id
            from counted_packages c
            where c.counted_at < @day or c.counted_at < @hour and exists (
                select from deployments d
                where d.package_id = c.package_id
                  and d.deployed_hour >= floor(extract(epoch from greatest(c.counted_at, @day)) / 3600)::int - 1)
            order by c.counted_at
            limit @PackagesAtOnce
            for update skip locked
            """,
            new { day = now.AddDays(-1), hour = now.AddHours(-1), PackagesAtOnce }, transaction,
            cancellationToken: ct))).ToArray();
        if (ids.Length == 0)
            return 0;
        await connection.ExecuteAsync(new CommandDefinition(
            Count, new { ids, now }, transaction, PackagesSeconds, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return ids.Length;
    }
}
