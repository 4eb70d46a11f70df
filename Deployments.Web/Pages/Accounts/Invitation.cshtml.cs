using Deployments.Data.Accounts;
using Deployments.Web.Accounts;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>What somebody sees who was invited: through whom to sign in.</summary>
[AllowAnonymous]
public sealed class InvitationModel(IdentityQueries queries, OidcProviders providers, TimeProvider time) : PageModel
{
    /// <summary>The account; null when the invitation does not count.</summary>
    public string? AccountName { get; private set; }

    /// <summary>Through whom the person may sign in.</summary>
    public IReadOnlyList<OidcProvider> Providers => providers.All;

    string Token { get; set; } = "";

    /// <summary>Where to go to accept it.</summary>
    public string LinkTo(OidcProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return $"{ServerAddress.Of(HttpContext)}/sign-in/{Uri.EscapeDataString(provider.Name)}"
            + $"?invitation={Uri.EscapeDataString(Token)}";
    }

    /// <summary>Shows it.</summary>
    public async Task OnGetAsync([FromRoute] string token, CancellationToken ct)
    {
        Token = token;
        AccountName = await queries.InvitedNameOrNullAsync(ApiKeys.Hash(token), time.GetUtcNow(), ct);
        Response.Headers.CacheControl = "no-store";
        if (AccountName is null)
            Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
