using Deployments.Data.Accounts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Accounts;

/// <summary>Who may see a page. A page counts only the session; keys are for tools.</summary>
public static class PageAccess
{
    /// <summary>The policy of every page that has no other.</summary>
    public const string View = "view";

    /// <summary>
    /// The policy of pages that record deployments. They let in who may add to any feed, and show and take what
    /// <see cref="CallerFeeds.OfAsync"/> says for adding.
    /// </summary>
    public const string Add = "add";

    /// <summary>The policy of everything below <c>/admin</c>.</summary>
    public const string Manage = "manage";

    static readonly object CallerItem = new();

    /// <summary>Who looks at the page; anonymous when nobody is signed in.</summary>
    public static Caller CallerOf(HttpContext context) => context.Items[CallerItem] as Caller ?? Nobody;

    static Caller Nobody { get; } = new(Caller.AnonymousName, Permissions.None);

    internal static void AddPolicies(AuthorizationOptions options)
    {
        options.AddPolicy(View, policy => policy.AddRequirements(new Needs(Permissions.View)));
        options.AddPolicy(Add, policy => policy.AddRequirements(new Needs(Permissions.Add)));
        options.AddPolicy(Manage, policy => policy.AddRequirements(new Needs(Permissions.Manage)));
    }

    /// <summary>
    /// Gives every page its policy by its address, so that no page can be forgotten: below <c>/admin</c> only
    /// administrators; elsewhere whoever may view, unless the page itself says otherwise.
    /// </summary>
    internal static void AddConventions(PageConventionCollection conventions) =>
        conventions.AddFolderApplicationModelConvention("/", page =>
        {
            var route = (page.RouteTemplate ?? "").TrimStart('/');
            if (route.Equals("admin", StringComparison.OrdinalIgnoreCase)
                || route.StartsWith("admin/", StringComparison.OrdinalIgnoreCase))
                page.EndpointMetadata.Add(new AuthorizeAttribute(Manage));
            else
                page.EndpointMetadata.Add(new AuthorizeAttribute(View));
        });

    internal sealed record Needs(Permissions Permission) : IAuthorizationRequirement;

    internal sealed class Handler(CallerResolver callers, CallerFeeds feeds, IHttpContextAccessor requests)
        : AuthorizationHandler<Needs>
    {
        protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, Needs requirement)
        {
            if (requests.HttpContext is { } http
                && await callers.ResolveSessionAsync(http) is CallerResult.Known { Caller: var caller })
            {
                http.Items[CallerItem] = caller;
                if (!(requirement.Permission == Permissions.Manage
                    ? caller.CanManage() : caller.CanSomewhere(requirement.Permission)))
                    return;
                await feeds.NoteAsync(http, caller);
                context.Succeed(requirement);
            }
        }
    }
}
