using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;

namespace Deployments.Web.Api;

/// <summary>Opens feeds for those who may do with them what they ask.</summary>
static class ApiFeeds
{
    /// <summary>The feed and who asks; null when the caller was refused and answered.</summary>
    /// <exception cref="ApiRefusal">404: no such feed, told to whoever may do this in every feed.</exception>
    public static async ValueTask<(ServedFeed Served, Caller Caller)?> OpenOrNullAsync(
        HttpContext context, FeedDirectory feeds, CallerResolver callers, string feed, FeedAccess access)
    {
        if (await feeds.FindOrNullAsync(feed, context.RequestAborted) is not { } served)
        {
            return await FeedAuthorization.MayInEveryFeedAsync(context, callers, access)
                ? throw ApiRefusal.NotFound($"There is no feed called {feed}.")
                : null;
        }

        return await FeedAuthorization.ApiCallerOrNullAsync(context, callers, served.Feed, access) is { } caller
            ? (served, caller)
            : null;
    }
}
