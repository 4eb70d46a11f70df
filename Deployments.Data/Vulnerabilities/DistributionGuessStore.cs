using Dapper;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>Keeps what feeds seem to serve, which are proposals and change nothing.</summary>
/// <param name="database">The database.</param>
public sealed class DistributionGuessStore(NpgsqlDataSource database)
{
    static readonly TimeSpan Again = TimeSpan.FromDays(1);

    /// <summary>
    /// The names of the feeds to look into: of distributions' packages, served, without a distribution, and not looked
    /// into today.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<string>> DueAsync(DateTimeOffset now, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            """
            select name from feeds
            where feed_type in ('debian', 'rpm', 'apk') and distributions = '{}' and active and deleted_at is null
              and (guessed_at is null or guessed_at < @before)
            order by guessed_at nulls first, feed_id
            limit @limit
            """, new { before = (now - Again).UtcDateTime, limit }, cancellationToken: ct))];
    }

    /// <summary>Replaces what a feed seems to serve.</summary>
    public async Task SaveAsync(
        int feedId, IReadOnlyList<DistributionGuess> guesses, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // First the feed, so that two who look at once do so one after the other.
        await connection.ExecuteAsync(new CommandDefinition(
            "update feeds set guessed_at = @now where feed_id = @feedId",
            new { feedId, now = now.UtcDateTime }, transaction, cancellationToken: ct));
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from distribution_guesses where feed_id = @feedId", new { feedId }, transaction,
            cancellationToken: ct));
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into distribution_guesses (feed_id, place, distribution, because)
            select @feedId, * from unnest(@places, @distributions, @reasons)
            """,
            new
            {
                feedId,
                places = guesses.Select(guess => guess.Place).ToArray(),
                distributions = guesses.Select(guess => guess.Distribution).ToArray(),
                reasons = guesses.Select(guess => guess.Because).ToArray(),
            }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
    }

    /// <summary>What a feed seems to serve, and when that was looked into; null: never.</summary>
    public async Task<(IReadOnlyList<DistributionGuess> Guesses, DateTimeOffset? At)> OfAsync(
        int feedId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var at = await connection.QuerySingleOrDefaultAsync<DateTimeOffset?>(new CommandDefinition(
            "select guessed_at from feeds where feed_id = @feedId", new { feedId }, cancellationToken: ct));
        return ([.. await connection.QueryAsync<DistributionGuess>(new CommandDefinition(
            """
            select place, distribution, because from distribution_guesses
            where feed_id = @feedId
            order by place, distribution
            """, new { feedId }, cancellationToken: ct))], at);
    }

    /// <summary>Versions that came through a feed, the newest first.</summary>
    public async Task<IReadOnlyList<string>> VersionsAsync(int feedId, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            """
            select v.version
            from version_feeds t join package_versions v on v.version_id = t.version_id
            where t.feed_id = @feedId
            order by t.version_id desc
            limit @limit
            """, new { feedId, limit }, cancellationToken: ct))];
    }
}

/// <summary>What a feed, or a part of it, seems to serve.</summary>
/// <param name="Place">The part; empty: all of it.</param>
/// <param name="Distribution">As OSV names it.</param>
/// <param name="Because">What says so, for people.</param>
public sealed record DistributionGuess(string Place, string Distribution, string Because)
{
    /// <summary>As a feed's distributions are written.</summary>
    public string Entry => Place.Length > 0 ? $"{Place}={Distribution}" : Distribution;
}
