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
    const string ProviderClaim = "provider";

    static readonly object ResultItem = new();
    static readonly TimeSpan IdleMax = TimeSpan.FromHours(12);

    // However busy: then the provider is asked again whether the person still belongs, and to which groups.
    static readonly TimeSpan ProvidedMax = TimeSpan.FromHours(12);

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

    /// <summary>Begins a session.</summary>
    /// <param name="context">The request.</param>
    /// <param name="account">Whose it is.</param>
    /// <param name="provider">Who said who it is, where it was not this server itself.</param>
    /// <param name="now">The time.</param>
    public static Task SignInAsync(
        HttpContext context, Account account, string? provider = null, DateTimeOffset now = default)
    {
        var identity = new ClaimsIdentity(
            [
                new Claim(AccountIdClaim, account.AccountId.ToString(CultureInfo.InvariantCulture)),
                new Claim(StampClaim, account.SecurityStamp.ToString()),
                new Claim(ClaimTypes.Name, account.Name),
                new Claim(ClaimTypes.Role, account.Role.ToString()),
            ],
            Scheme);
        if (provider is null)
            return context.SignInAsync(Scheme, new ClaimsPrincipal(identity));
        identity.AddClaim(new Claim(ProviderClaim, provider));
        return context.SignInAsync(Scheme, new ClaimsPrincipal(identity), new AuthenticationProperties
        {
            ExpiresUtc = now + ProvidedMax,
            AllowRefresh = false,
        });
    }

    /// <summary>Whose session this request has; null when it has none that counts.</summary>
    public static int? AccountIdOrNull(HttpContext context) =>
        ResultOrNull(context) is CallerResult.Known
        && int.TryParse(context.User.FindFirstValue(AccountIdClaim), CultureInfo.InvariantCulture, out var id)
            ? id
            : null;

    /// <summary>Who said who it is, where it was not this server itself.</summary>
    public static string? ProviderOrNull(HttpContext context) => context.User.FindFirstValue(ProviderClaim);

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
