using Deployments.Data.Feeds;
using Deployments.Web.Settings;

namespace Deployments.Web.Accounts;

/// <summary>
/// Finds out, once a request and where the caller is let in, which feeds the caller sees. Pages and endpoints pass that
/// to every query; nothing else decides it.
/// </summary>
/// <param name="queries">Knows which feeds are open.</param>
/// <param name="settings">Whether visitors without an account see the open ones.</param>
public sealed class CallerFeeds(VisibleFeedQueries queries, DeploymentsSettings settings)
{
    static readonly object Item = new();

    /// <summary>What this request's caller sees: nothing where nobody was let in.</summary>
    public static VisibleFeeds Of(HttpContext context) => context.Items[Item] as VisibleFeeds ?? VisibleFeeds.None;

    /// <summary>
    /// Keeps for the request what the caller sees: accounts and keys of every feed all of it; a key of one feed that
    /// feed, and what visitors see; visitors the feeds that anybody may download from.
    /// </summary>
    internal async ValueTask NoteAsync(HttpContext context, Caller caller)
    {
        if (context.Items.ContainsKey(Item))
            return;
        context.Items[Item] = caller is { IsAnonymous: false } && caller.CanView()
            ? VisibleFeeds.All
            : await queries.OfAsync(
                settings.AnonymousView, caller.CanView(caller.FeedId) ? caller.FeedId : null, context.RequestAborted);
    }
}
