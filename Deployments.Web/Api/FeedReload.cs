using Deployments.Web.Accounts;
using Deployments.Web.Gateway;

namespace Deployments.Web.Api;

/// <summary>
/// Other nodes hear of a changed feed through the database a moment later; the node that changed it answers only when
/// it serves the change, since scripts make a feed and use it in the next line.
/// </summary>
static class FeedReload
{
    /// <summary>An endpoint filter for what changes feeds or connectors.</summary>
    public static async ValueTask<object?> AfterAsync(
        EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var result = await next(invocation);
        var context = invocation.HttpContext;
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await context.RequestServices.GetRequiredService<FeedDirectory>().ReloadAsync(context.RequestAborted);
            await context.RequestServices.GetRequiredService<Credentials>().RefreshAsync(context.RequestAborted);
        }

        return result;
    }
}
