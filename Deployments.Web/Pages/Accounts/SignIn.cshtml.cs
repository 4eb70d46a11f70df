using Deployments.Data.Accounts;
using Deployments.Web.Accounts;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>Begins a session.</summary>
[AllowAnonymous]
public sealed class SignInModel(
    Credentials credentials, KnownDevices devices, AccountQueries queries, AccountStore store, Passwords passwords,
    OidcProviders providers, IdentityQueries identities, IdentityStore identityStore, TimeProvider time) : PageModel
{
    /// <summary>Through whom people may sign in, too.</summary>
    public IReadOnlyList<OidcProvider> Providers => providers.All;

    /// <summary>Where to go afterwards; only ever a page of this server.</summary>
    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    /// <summary>The name typed in.</summary>
    public string? Name { get; private set; }

    /// <summary>
    /// Where to go to sign in through a provider: with this server's own name, as the provider knows it.
    /// </summary>
    public string LinkTo(OidcProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return $"{ServerAddress.Of(HttpContext)}/sign-in/{Uri.EscapeDataString(provider.Name)}"
            + (Url.IsLocalUrl(ReturnUrl) ? $"?returnUrl={Uri.EscapeDataString(ReturnUrl)}" : "");
    }

    /// <summary>Shows the form, and why somebody was refused whom a provider sent here.</summary>
    /// <param name="refused">Why.</param>
    /// <param name="provider">Who sent the person.</param>
    public void OnGet(string? refused, string? provider)
    {
        if (Enum.TryParse<SignInRefusal>(refused, out var refusal) && Enum.IsDefined(refusal)
            && providers.FindOrNull(provider) is { } sender)
            Refuse(StatusCodes.Status403Forbidden, Sentence(refusal, sender.Title));
    }

    /// <summary>Signs in.</summary>
    public async Task<IActionResult> OnPostAsync(string? name, string? password, CancellationToken ct)
    {
        Name = name;
        if (string.IsNullOrEmpty(name) || string.IsNullOrEmpty(password))
            return Refuse(StatusCodes.Status400BadRequest, "Type a name and a password.");
        var result = await credentials.CheckPasswordAsync(name, password, devices.SourceOf(HttpContext, name), ct);
        switch (result)
        {
            case CallerResult.TooManyAttempts { RetryAfter: var wait }:
                Refusals.SetRetryAfter(HttpContext, wait);
                return Refuse(StatusCodes.Status429TooManyRequests,
                    $"Too many wrong passwords. Try again in {Math.Ceiling(wait.TotalMinutes)} minutes.");
            case CallerResult.CannotTell:
                return Refuse(StatusCodes.Status503ServiceUnavailable,
                    "What knows your password does not answer. Try again in a moment.");
            case CallerResult.WrongCredentials:
                return Refuse(StatusCodes.Status200OK, "The name or the password is wrong.");
        }

        // The account as it is now: who has no password here has been vouched for by the directory a moment ago.
        var account = result is CallerResult.Known { Caller.AccountName: { } own }
            ? await queries.ByNameOrNullAsync(own, ct)
            : null;
        if (account is not { Active: true } || (account.HasPassword && !passwords.Check(account, password)))
            return Refuse(StatusCodes.Status200OK, "The name or the password is wrong.");
        var now = time.GetUtcNow();
        var provider = account.HasPassword ? null : DirectorySignIn.ProviderName;
        await Sessions.SignInAsync(HttpContext, account, provider, now);
        devices.Remember(HttpContext, account);
        var bound = provider is null ? [] : await identities.OfAsync(account.AccountId, ct);
        if (bound.FirstOrDefault(one => one.Provider == provider)?.ToIdentity() is { } identity)
            await identityStore.NoteSignInAsync(account, identity, now, Caller.ClientAddress(HttpContext), ct);
        else
            await store.NoteSignInAsync(account.AccountId, now, ct);
        return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/");
    }

    static string Sentence(SignInRefusal refusal, string title) => refusal switch
    {
        SignInRefusal.Denied => $"{title} did not let you sign in here.",
        SignInRefusal.Role =>
            $"{title} knows you, but in none of the groups that may sign in here. Ask an administrator.",
        SignInRefusal.Invitation =>
            $"{title} knows you, but you have no account here. Ask an administrator for an invitation.",
        SignInRefusal.Used => "This invitation was used before, or has expired. Ask an administrator for a new one.",
        SignInRefusal.Disabled => "Your account here is disabled. Ask an administrator.",
        SignInRefusal.Taken => $"Another account signs in here as who you are at {title}.",
        SignInRefusal.Session => "Sign in here first; then link your account.",
        SignInRefusal.Database => "The database does not answer. Try again in a moment.",
        _ => $"The sign-in through {title} did not succeed. Try again.",
    };

    PageResult Refuse(int statusCode, string sentence)
    {
        Response.StatusCode = statusCode;
        ModelState.AddModelError("", sentence);
        return Page();
    }
}
