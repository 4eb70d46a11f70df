using System.Security.Claims;
using Deployments.Web.Accounts;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>Ends the session; only a form of this server can do it.</summary>
[AllowAnonymous]
public sealed class SignOutModel(OidcProviders providers, SignInTickets tickets) : PageModel
{
    /// <summary>Where the browser goes on to, to end its session with the provider, too; null: nowhere.</summary>
    public string? ProviderUrl { get; private set; }

    /// <summary>What people call the provider.</summary>
    public string? ProviderTitle { get; private set; }

    /// <summary>
    /// Signs out, and then of the provider. The page goes there, not the answer to the form: browsers let no form lead
    /// to another server, since <c>form-action</c> says so.
    /// </summary>
    public async Task<IActionResult> OnPostAsync(CancellationToken ct)
    {
        var provider = providers.FindOrNull(Sessions.ProviderOrNull(HttpContext));
        var idToken = tickets.TakeIdToken(HttpContext);
        await HttpContext.SignOutAsync(Sessions.Scheme);
        if (provider is null)
            return LocalRedirect("/");
        ProviderUrl = await providers.SignOutUrlOrNullAsync(
            provider, idToken, ServerAddress.Of(HttpContext) + "/sign-in", ct);
        if (ProviderUrl is null)
            return LocalRedirect("/");
        ProviderTitle = provider.Title;
        HttpContext.User = new ClaimsPrincipal(new ClaimsIdentity());
        Response.Headers.CacheControl = "no-store";
        return Page();
    }
}
