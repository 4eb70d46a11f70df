using Deployments.Web.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>
/// Where an identity provider sends the browser back to; what it says is checked, and begins a session.
/// </summary>
[AllowAnonymous]
public sealed class CallbackModel(OidcProviders providers, IAuthenticationHandlerProvider handlers) : PageModel
{
    /// <summary>Takes the answer.</summary>
    public async Task<IActionResult> OnGetAsync([FromRoute] string provider)
    {
        if (providers.FindOrNull(provider) is not { } known)
            return NotFound();
        Response.Headers.CacheControl = "no-store";
        return await handlers.GetHandlerAsync(HttpContext, OidcProviders.SchemeOf(known.Name))
                is IAuthenticationRequestHandler handler && await handler.HandleRequestAsync()
            ? new EmptyResult()
            : NotFound();
    }
}
