using Deployments.Data.Accounts;
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
    /// Keeps for the request what the caller sees: accounts and keys of every feed all of it, but those limited to
    /// groups they are not in; a key of one feed that feed, and what visitors see; visitors the feeds that anybody may
    /// download from.
    /// </summary>
    internal async ValueTask NoteAsync(HttpContext context, Caller caller)
    {
        if (!context.Items.ContainsKey(Item))
            context.Items[Item] = await OfAsync(caller, Permissions.View, context.RequestAborted);
    }

    /// <summary>
    /// The feeds to which the caller may do something. For whoever changes what belongs to a feed, those that it may
    /// add to are what others see: the rest is not there.
    /// </summary>
    public async ValueTask<VisibleFeeds> OfAsync(Caller caller, Permissions permission, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (caller is { IsAnonymous: false } && caller.CanEverywhere(permission))
            return VisibleFeeds.All;
        int[] own = caller.FeedId is not { } one ? caller.Rights.FeedsWith(permission)
            : caller.Can(permission, one) ? [one] : [];
        return await queries.OfAsync(
            settings.AnonymousView && permission == Permissions.View,
            caller is { IsAnonymous: false } && caller.Can(permission), own, ct);
    }
}
