using Deployments.Data.Accounts;

namespace Deployments.Web.Accounts;

/// <summary>
/// Who may call an endpoint that is not a page. Checked before the endpoint reads anything, so that a stranger learns
/// nothing from its other refusals.
/// </summary>
public static class ApiAccess
{
    static readonly object CallerItem = new();

    /// <summary>Lets only callers with this permission in; they are then <see cref="CallerOf"/>.</summary>
    /// <param name="endpoint">One endpoint or a group.</param>
    /// <param name="permission">What the caller must be allowed to do.</param>
    /// <param name="anyFeed">
    /// Whether a key that is limited to one feed comes in too, and who may do it only where a group says so; the
    /// endpoint must then ask <see cref="Caller.Can"/> itself for each feed it shows or changes.
    /// </param>
    public static TBuilder RequirePermission<TBuilder>(
        this TBuilder endpoint, Permissions permission, bool anyFeed = false)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new Needed(permission, anyFeed));

    /// <summary>The caller that was let in.</summary>
    /// <exception cref="InvalidOperationException">The endpoint requires no permission.</exception>
    public static Caller CallerOf(HttpContext context) =>
        context.Items[CallerItem] as Caller
        ?? throw new InvalidOperationException("RequirePermission is missing on this endpoint.");

    /// <summary>The middleware that keeps the promise of <see cref="RequirePermission"/>.</summary>
    internal static async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<Needed>() is { } needed)
        {
            var result = await context.RequestServices.GetRequiredService<CallerResolver>()
                .ResolveAsync(context, context.RequestAborted);
            if (result is not CallerResult.Known { Caller: var caller }
                || !(needed.AnyFeed ? caller.CanSomewhere(needed.Permission) : caller.Can(needed.Permission)))
            {
                await Refusals.WriteApiAsync(context, result);
                return;
            }

            context.Items[CallerItem] = caller;
            if (needed.Permission == Permissions.View)
                await context.RequestServices.GetRequiredService<CallerFeeds>().NoteAsync(context, caller);
        }

        await next(context);
    }

    sealed record Needed(Permissions Permission, bool AnyFeed);
}
