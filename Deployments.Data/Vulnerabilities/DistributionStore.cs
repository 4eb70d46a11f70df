using Dapper;
using Deployments.Data.Findings;
using Deployments.Data.Notifications;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>
/// Matches the versions of feeds anew whose distributions were changed, and those of which it was found out which
/// suites of a feed name them. A run that is killed is simply run again.
/// </summary>
/// <param name="database">The database.</param>
public sealed class DistributionStore(NpgsqlDataSource database)
{
    // How many versions are matched at a time: records of new versions wait for a batch.
    const int BatchVersions = 500;

    // How many versions are looked for at a time: the indexes that name them are large, and read for each time.
    const int LookedForVersions = 20_000;

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

    /// <summary>Versions of which it is to be found out which suites of the feed name them, in no order.</summary>
    public async Task<IReadOnlyList<UnplacedVersion>> UnplacedAsync(int feedId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<UnplacedVersion>(new CommandDefinition(
            """
            select t.version_id, k.name_key, v.version
            from version_feeds t
            join package_versions v on v.version_id = t.version_id
            join packages k on k.package_id = v.package_id
            where t.feed_id = @feedId and t.awaits_suite
            order by t.version_id
            limit @count
            """, new { feedId, count = LookedForVersions }, cancellationToken: ct))];
    }

    /// <summary>Notes which suites of a feed name versions, and matches those.</summary>
    /// <param name="feedId">The feed.</param>
    /// <param name="suites">The suites of each version; none where no suite names it.</param>
    /// <param name="ct">Cancels; what is noted until then stays.</param>
    public async Task PlaceAsync(
        int feedId, IReadOnlyCollection<(int VersionId, string[] Suites)> suites, CancellationToken ct)
    {
        foreach (var batch in suites.Chunk(BatchVersions))
            await PlaceBatchAsync(feedId, batch, ct);
    }

    async Task PlaceBatchAsync(int feedId, (int VersionId, string[] Suites)[] suites, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await FindingMatch.LockAsync(connection, transaction, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update version_feeds t
            set awaits_suite = false,
                places = array(select p from unnest(t.places) p where strpos(p, '/') > 0)
                         || string_to_array(s.suites, ' ')
            from unnest(@ids, @suites) as s (version_id, suites)
            where t.version_id = s.version_id and t.feed_id = @feedId
            """,
            new
            {
                feedId,
                ids = suites.Select(version => version.VersionId).ToArray(),
                suites = suites.Select(version => string.Join(' ', version.Suites)).ToArray(),
            }, transaction, cancellationToken: ct));
        await MatchAsync(connection, transaction, [.. suites.Select(version => version.VersionId)], ct);
        await transaction.CommitAsync(ct);
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
        // Other suites may be asked than before.
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update version_feeds t set awaits_suite = true
            from feeds f
            where f.feed_id = t.feed_id and f.feed_type = 'debian' and t.feed_id = @feedId and t.version_id = any(@ids)
              and not t.awaits_suite
            """, new { feedId, ids }, transaction, cancellationToken: ct));
        await MatchAsync(connection, transaction, ids, ct);
        await transaction.CommitAsync(ct);
        return ids;
    }

    static async Task MatchAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] ids, CancellationToken ct)
    {
        await DistributionMatch.ResolveAsync(connection, transaction, ids, ct);
        var isTold = await NotificationEvents.AreFindingsWantedAsync(connection, transaction, ct);
        var opened = await FindingMatch.AgainAsync(connection, transaction, ids, isTold, ct);
        await NotificationEvents.AfterFindingsAsync(connection, transaction, opened, ct);
    }
}

/// <summary>A version of which it is not known by which suite of a feed it came.</summary>
/// <param name="VersionId">The version.</param>
/// <param name="NameKey">Normalised name of its package.</param>
/// <param name="Version">Normalised version.</param>
public sealed record UnplacedVersion(int VersionId, string NameKey, string Version);
