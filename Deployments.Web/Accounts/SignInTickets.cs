using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Deployments.Web.Accounts;

/// <summary>
/// What only a page of this server can have given somebody: the wish to link an account, which nobody else may begin
/// in their browser; and the provider's ID token, which the provider wants to see when they sign out.
/// </summary>
/// <param name="protection">Seals both, with keys that all nodes share.</param>
public sealed class SignInTickets(IDataProtectionProvider protection)
{
    const string SignOutCookie = "Deployments.SignOut";
    const string SignOutPath = "/sign-out";
    const int CookieLengthMax = 3800; // browsers keep 4,096 bytes with the name and what goes with it

    static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(1);

    readonly ITimeLimitedDataProtector links =
        protection.CreateProtector("link an account").ToTimeLimitedDataProtector();
    readonly IDataProtector tokens = protection.CreateProtector("sign out");

    /// <summary>A ticket to link the account of this session; null when there is none.</summary>
    public string? LinkOrNull(HttpContext context) =>
        Sessions.AccountIdOrNull(context) is { } id
            ? links.Protect(id.ToString(CultureInfo.InvariantCulture), LinkLifetime)
            : null;

    /// <summary>
    /// The account that a ticket is for, when it is that of this session; null for anything else.
    /// </summary>
    public int? AccountToLinkOrNull(HttpContext context, string ticket)
    {
        try
        {
            return int.TryParse(links.Unprotect(ticket), CultureInfo.InvariantCulture, out var id)
                && Sessions.AccountIdOrNull(context) == id
                ? id
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>
    /// Keeps the ID token, with the browser and for the sign-out only; one that is too long is not kept.
    /// </summary>
    public void KeepIdToken(HttpContext context, string? idToken)
    {
        if (idToken is null || tokens.Protect(idToken) is not { Length: <= CookieLengthMax } kept)
            return;
        context.Response.Cookies.Append(SignOutCookie, kept, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
            IsEssential = true,
            Path = SignOutPath,
        });
    }

    /// <summary>Takes the ID token that was kept; null when there is none.</summary>
    public string? TakeIdToken(HttpContext context)
    {
        if (context.Request.Cookies[SignOutCookie] is not { } kept)
            return null;
        context.Response.Cookies.Delete(SignOutCookie, new CookieOptions { Path = SignOutPath });
        try
        {
            return tokens.Unprotect(kept);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
