using Deployments.Data.Accounts;
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
        if (result is CallerResult.Known { Caller: var caller } && IsAllowed(caller, feed, access))
            return caller;
        await Refusals.WriteFeedAsync(context, result);
        return null;
    }

    /// <summary>
    /// As <see cref="CallerOrNullAsync"/>, for addresses below <c>/api/</c>, where every refusal is 403.
    /// </summary>
    public static async ValueTask<Caller?> ApiCallerOrNullAsync(
        HttpContext context, CallerResolver callers, Feed feed, FeedAccess access)
    {
        var result = await callers.ResolveAsync(context, context.RequestAborted);
        if (result is CallerResult.Known { Caller: var caller } && IsAllowed(caller, feed, access))
            return caller;
        await Refusals.WriteApiAsync(context, result);
        return null;
    }

    /// <summary>
    /// Whether the caller may do it in every feed and so may know which there are. Anybody else was refused and
    /// answered, as by a closed feed.
    /// </summary>
    public static async ValueTask<bool> MayInEveryFeedAsync(
        HttpContext context, CallerResolver callers, FeedAccess access)
    {
        var result = await callers.ResolveAsync(context, context.RequestAborted);
        if (result is CallerResult.Known { Caller: { IsAnonymous: false } caller } && access switch
        {
            FeedAccess.Download => caller.CanEverywhere(Permissions.View),
            FeedAccess.Upload => caller.CanEverywhere(Permissions.Add),
            _ => caller.CanEverywhere(Permissions.Delete),
        })
            return true;
        await Refusals.WriteApiAsync(context, result);
        return false;
    }

    /// <summary>Where anyone may download, anyone may record; else it takes the permission to add.</summary>
    public static bool MayRecord(Caller caller, Feed feed) => feed.AnonymousAccess || caller.CanAdd(feed.FeedId);

    static bool IsAllowed(Caller caller, Feed feed, FeedAccess access) => access switch
    {
        FeedAccess.Download => feed.AnonymousAccess || (!caller.IsAnonymous && caller.CanView(feed.FeedId)),
        FeedAccess.Upload => caller.CanAdd(feed.FeedId),
        _ => caller.CanDelete(feed.FeedId),
    };
}
