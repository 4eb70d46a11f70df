using Deployments.Web.Accounts;
namespace Deployments.Web.Api;
#pragma warning disable
static class ApiAuthorization
{
    public static async ValueTask<Caller?> CallerOrNullAsync(HttpContext context, CallerResolver callers, string? keyInBody) => await callers.ResolveAsync(context, default);
}
