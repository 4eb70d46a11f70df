using Deployments.Data.Accounts;
using Deployments.Web.Accounts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>Begins a session.</summary>
[AllowAnonymous]
public sealed class SignInModel(
    Credentials credentials, KnownDevices devices, AccountQueries queries, AccountStore store, Passwords passwords,
    TimeProvider time) : PageModel
{
    /// <summary>Where to go afterwards; only ever a page of this server.</summary>
    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    /// <summary>The name typed in.</summary>
    public string? Name { get; private set; }

    /// <summary>Signs in.</summary>
    public async Task<IActionResult> OnPostAsync(string? name, string? password, CancellationToken ct)
    {
        Name = name;
        if (string.IsNullOrEmpty(name) || string.IsNullOrEmpty(password))
            return Refuse(StatusCodes.Status400BadRequest, "Type a name and a password.");
        switch (await credentials.CheckPasswordAsync(name, password, devices.SourceOf(HttpContext, name), ct))
        {
            case CallerResult.TooManyAttempts { RetryAfter: var wait }:
                Refusals.SetRetryAfter(HttpContext, wait);
                return Refuse(StatusCodes.Status429TooManyRequests,
                    $"Too many wrong passwords. Try again in {Math.Ceiling(wait.TotalMinutes)} minutes.");
            case CallerResult.CannotTell:
                return Refuse(StatusCodes.Status503ServiceUnavailable,
                    "The database does not answer. Try again in a moment.");
            case CallerResult.WrongCredentials:
                return Refuse(StatusCodes.Status200OK, "The name or the password is wrong.");
        }

        // Asked of the database itself: what is remembered may be a moment old, and a session lasts for hours.
        var account = await queries.ByNameOrNullAsync(name, ct);
        if (!passwords.Check(account, password))
            return Refuse(StatusCodes.Status200OK, "The name or the password is wrong.");
        await Sessions.SignInAsync(HttpContext, account!);
        devices.Remember(HttpContext, account!);
        await store.NoteSignInAsync(account!.AccountId, time.GetUtcNow(), ct);
        return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/");
    }

    PageResult Refuse(int statusCode, string sentence)
    {
        Response.StatusCode = statusCode;
        ModelState.AddModelError("", sentence);
        return Page();
    }
}
