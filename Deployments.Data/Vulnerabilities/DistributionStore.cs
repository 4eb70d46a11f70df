using Dapper;
using Deployments.Data.Findings;
using Deployments.Data.Notifications;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>
/// Matches the versions of feeds anew whose distributions were changed. A run that is killed is simply run again.
/// </summary>
/// <param name="database">The database.</param>
public sealed class DistributionStore(NpgsqlDataSource database)
{
    const int BatchVersions = 500; // records of new versions wait for a batch

    /// <summary>Matches what has to be matched.</summary>
    /// <param name="ct">Ends it; the batches before stay.</param>
    /// <returns>How many versions were looked at.</returns>
    public async Task<int> MatchAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var feeds = (await connection.QueryAsync<(int FeedId, string[] Distributions)>(new CommandDefinition(
            """
            select feed_id, distributions from feeds
            where matched_distributions is distinct from distributions
            """, cancellationToken: ct))).AsList();
        var count = 0;
        foreach (var (feedId, distributions) in feeds)
        {
            var last = 0;
            while (await MatchAsync(connection, feedId, last, ct) is { Length: > 0 } ids)
                (last, count) = (ids[^1], count + ids.Length);
            await connection.ExecuteAsync(new CommandDefinition(
                """
                update feeds set matched_distributions = @distributions
                where feed_id = @feedId and distributions = @distributions
                """, new { feedId, distributions }, cancellationToken: ct));
        }

        return count;
    }

    static async Task<int[]> MatchAsync(NpgsqlConnection connection, int feedId, int after, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await FindingMatch.LockAsync(connection, transaction, ct);
        var ids = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            select version_id from version_feeds
            where feed_id = @feedId and version_id > @after
            order by version_id
            limit @count
            """, new { feedId, after, count = BatchVersions }, transaction, cancellationToken: ct))).ToArray();
        if (ids.Length == 0)
            return ids;
        await DistributionMatch.ResolveAsync(connection, transaction, ids, ct);
        var isTold = await NotificationEvents.AreFindingsWantedAsync(connection, transaction, ct);
        var opened = await FindingMatch.AgainAsync(connection, transaction, ids, isTold, ct);
        await NotificationEvents.AfterFindingsAsync(connection, transaction, opened, ct);
        await transaction.CommitAsync(ct);
        return ids;
    }
}
