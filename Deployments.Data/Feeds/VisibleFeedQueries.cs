using Dapper;
using Npgsql;

namespace Deployments.Data.Feeds;

/// <summary>Decides which feeds a caller sees: those that it may download from.</summary>
/// <param name="database">The database.</param>
public sealed class VisibleFeedQueries(NpgsqlDataSource database)
{
    /// <summary>
    /// The feeds of a caller who does not see everything. A deleted feed stays as open or closed as it was. Where there
    /// is no other feed it is <see cref="VisibleFeeds.All"/>, which costs later statements nothing.
    /// </summary>
    /// <param name="isOpenSeen">Whether the caller sees the feeds that anybody may download from.</param>
    /// <param name="areOthersSeen">Whether the caller sees those that are not limited to groups.</param>
    /// <param name="ownFeedIds">Feeds that the caller sees whatever they say of anybody.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<VisibleFeeds> OfAsync(
        bool isOpenSeen, bool areOthersSeen, int[] ownFeedIds, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var ids = await connection.ExecuteScalarAsync<int[]?>(new CommandDefinition(
            """
            select case when not bool_and(f.is_seen) then
                       coalesce(array_agg(f.feed_id order by f.feed_id) filter (where f.is_seen), '{}') end
            from (
                select feed_id, @isOpenSeen and anonymous_access or @areOthersSeen and not groups_only
                    or feed_id = any (@ownFeedIds) as is_seen
                from feeds
            ) f
            """, new { isOpenSeen, areOthersSeen, ownFeedIds }, cancellationToken: ct));
        return ids is null ? VisibleFeeds.All : new VisibleFeeds(ids);
    }
}
