using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;

namespace Deployments.Web.Gateway;

/// <summary>Who may do what with a feed.</summary>
static class FeedAuthorization
{
    /// <summary>The caller, when the request is allowed; null when it was refused and answered.</summary>
    public static async ValueTask<Caller?> CallerOrNullAsync(
        HttpContext context, CallerResolver callers, Feed feed, FeedAccess access)
    {
        var result = await callers.ResolveAsync(context, context.RequestAborted);
        return result;
    }
}
