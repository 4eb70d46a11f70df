using System.Globalization;
using System.Security.Claims;
using Deployments.Data.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Deployments.Web.Accounts;

/// <summary>Sessions of people who signed in on a page: an encrypted cookie that every node can read.</summary>
static class Sessions
{
    public const string Scheme = CookieAuthenticationDefaults.AuthenticationScheme;
    public const string CookieName = "Deployments.Session";

    const string AccountIdClaim = "account";
    const string StampClaim = "stamp";

    static readonly object ResultItem = new();
    static readonly TimeSpan IdleMax = TimeSpan.FromHours(12);

    public static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = CookieName;
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.Cookie.IsEssential = true;
        options.ExpireTimeSpan = IdleMax;
        options.SlidingExpiration = true;
        options.LoginPath = "/sign-in";
        options.LogoutPath = "/sign-out";
        options.ReturnUrlParameter = "returnUrl";
        options.Events = new CookieAuthenticationEvents
        {
            OnValidatePrincipal = ValidateAsync,
            OnRedirectToAccessDenied = context =>
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            },
        };
    }

    public static Task SignInAsync(HttpContext context, Account account) =>
        context.SignInAsync(Scheme, new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim(AccountIdClaim, account.AccountId.ToString(CultureInfo.InvariantCulture)),
                new Claim(StampClaim, account.SecurityStamp.ToString()),
                new Claim(ClaimTypes.Name, account.Name),
                new Claim(ClaimTypes.Role, account.Role.ToString()),
            ],
            Scheme)));

    /// <summary>What this request's session came to; null when the cookie was unreadable or has expired.</summary>
    public static CallerResult? ResultOrNull(HttpContext context) => context.Items[ResultItem] as CallerResult;

    /// <summary>
    /// The account may have changed since the cookie was made: checks it, and puts what is true now in its place.
    /// </summary>
    static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        CallerResult result = new CallerResult.WrongCredentials();
        if (int.TryParse(context.Principal?.FindFirstValue(AccountIdClaim), CultureInfo.InvariantCulture,
            out var accountId)
            && Guid.TryParse(context.Principal.FindFirstValue(StampClaim), out var stamp))
        {
            result = await http.RequestServices.GetRequiredService<Credentials>()
                .CheckSessionAsync(accountId, stamp, http.RequestAborted);
        }

        http.Items[ResultItem] = result;
        if (result is CallerResult.Known)
            return;
        context.RejectPrincipal();
        if (result is CallerResult.WrongCredentials)
            await http.SignOutAsync(Scheme);
    }
}
