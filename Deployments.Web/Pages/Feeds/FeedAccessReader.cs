using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Groups;

namespace Deployments.Web.Pages.Feeds;

/// <summary>Finds who may do what on a feed beside those who may everywhere.</summary>
public sealed class FeedAccessReader(AccessGroupQueries groups, ApiKeyQueries keys, TimeProvider time)
{
    /// <summary>The groups that were granted it, and the keys that were made for it and are good.</summary>
    public async Task<(IReadOnlyList<FeedGroupRow> Groups, IReadOnlyList<ApiKey> Keys)> OfAsync(
        Feed feed, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(feed);
        var now = time.GetUtcNow();
        return (
            await groups.OfFeedAsync(feed.FeedId, ct),
            [
                .. (await keys.AllAsync(ct)).Where(key => key.FeedId == feed.FeedId && key.Account is null
                    && key.RevokedAt is null && !(key.ExpiresAt <= now)),
            ]);
    }
}
