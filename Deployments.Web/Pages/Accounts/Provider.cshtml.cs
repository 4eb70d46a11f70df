using Deployments.Web.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>Sends a browser to an identity provider, to say there who somebody is.</summary>
[AllowAnonymous]
public sealed class ProviderModel(
    OidcProviders providers, SignInTickets tickets, ILogger<ProviderModel> logger) : PageModel
{
    const int TextLengthMax = 2000; // it goes to the provider and back, sealed, in an address

    /// <summary>What people call it.</summary>
    public string Title { get; private set; } = "";

    /// <summary>Goes there, or says that it does not answer.</summary>
    /// <param name="provider">Its name in the settings.</param>
    /// <param name="returnUrl">Where to go afterwards; only ever a page of this server.</param>
    /// <param name="link">A ticket to link the account that is signed in.</param>
    /// <param name="invitation">What the link of an invitation had.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IActionResult> OnGetAsync(
        [FromRoute] string provider, string? returnUrl, string? link, string? invitation, CancellationToken ct)
    {
        if (providers.FindOrNull(provider) is not { } chosen)
            return NotFound();
        if (invitation?.Length > TextLengthMax)
            return BadRequest();
        int? account = null;
        if (link is not null && (account = tickets.AccountToLinkOrNull(HttpContext, link)) is null)
            return Redirect($"/sign-in?refused={SignInRefusal.Session}&provider={Uri.EscapeDataString(chosen.Name)}");
        var back = returnUrl is { Length: <= TextLengthMax } && Url.IsLocalUrl(returnUrl) ? returnUrl
            : account is null ? "/" : "/account";
        Response.Headers.CacheControl = "no-store";
        try
        {
            await HttpContext.ChallengeAsync(
                OidcProviders.SchemeOf(chosen.Name), OidcHandling.Properties(back, account, invitation));
            return new EmptyResult();
        }
        catch (Exception exception) when (OidcProviders.IsAboutReaching(exception) && !ct.IsCancellationRequested)
        {
            logger.LogWarning("{Provider} does not answer: {Reason}",
                chosen.Name, (exception.InnerException ?? exception).Message);
            Title = chosen.Title;
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Page();
        }
    }
}
