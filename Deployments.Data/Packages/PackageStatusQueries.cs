using Dapper;
using Npgsql;

namespace Deployments.Data.Packages;

/// <summary>Reads what was decided about package versions.</summary>
/// <param name="database">The database.</param>
public sealed class PackageStatusQueries(NpgsqlDataSource database)
{
    /// <summary>Every version that is not to be downloaded, of every feed.</summary>
    public async Task<IReadOnlyList<FeedVersionKey>> RefusedAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<FeedVersionKey>(new CommandDefinition(
            """
            select feed_id, group_key, name_key, version_key
            from package_statuses
            where not allow
            order by feed_id, group_key, name_key, version_key
            """, cancellationToken: ct))).AsList();
    }

    /// <summary>What was decided about versions of a feed's packages; most have none and are not in it.</summary>
    /// <param name="feedId">The feed.</param>
    /// <param name="nameKey">Normalised name of the packages; null: all.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyDictionary<FeedVersionKey, PackageStatus>> OfFeedAsync(
        int feedId, string? nameKey, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<FeedVersionKey, PackageStatus, (FeedVersionKey Key, PackageStatus Is)>(
            new CommandDefinition(
                """
                select feed_id, group_key, name_key, version_key, listed, allow, deprecated, deprecation_reason
                from package_statuses
                where feed_id = @feedId and (@nameKey::text is null or name_key = @nameKey)
                order by group_key, name_key, version_key
                """, new { feedId, nameKey }, cancellationToken: ct),
            (key, status) => (key, status), splitOn: "listed");
        return rows.ToDictionary(row => row.Key, row => row.Is);
    }
}
