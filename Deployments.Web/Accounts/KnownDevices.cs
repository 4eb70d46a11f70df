using System.Security.Cryptography;
using Deployments.Data.Accounts;
using Microsoft.AspNetCore.DataProtection;

namespace Deployments.Web.Accounts;

/// <summary>
/// Remembers browsers in which somebody has signed in, so that a stranger who tries passwords for a name locks out only
/// strangers, even where all come from the address of one proxy. The cookie opens nothing: attempts that carry it are
/// counted by themselves.
/// </summary>
/// <param name="protection">Seals cookies, with keys that all nodes share.</param>
public sealed class KnownDevices(IDataProtectionProvider protection)
{
    /// <summary>The cookie's name.</summary>
    public const string CookieName = "Deployments.Device";

    static readonly TimeSpan Lifetime = TimeSpan.FromDays(400); // browsers keep none for longer

    readonly ITimeLimitedDataProtector protector =
        protection.CreateProtector("known devices").ToTimeLimitedDataProtector();

    /// <summary>
    /// By what attempts for a name are counted: the device, where it is known for that name; else the address.
    /// </summary>
    public string? SourceOf(HttpContext context, string name) =>
        context.Request.Cookies[CookieName] is { } cookie && DeviceOrNull(cookie, name) is { } device
            ? $"device {device}"
            : Caller.ClientAddress(context);

    /// <summary>Somebody has signed in here: from now on the device is known for that account.</summary>
    public void Remember(HttpContext context, Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (context.Request.Cookies[CookieName] is { } cookie && DeviceOrNull(cookie, account.Name) is not null)
            return;
        var device = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        context.Response.Cookies.Append(
            CookieName, protector.Protect($"{device} {account.Name}", Lifetime), new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Lax,
                Secure = context.Request.IsHttps,
                IsEssential = true,
                MaxAge = Lifetime,
                Path = "/sign-in",
            });
    }

    string? DeviceOrNull(string cookie, string name)
    {
        try
        {
            return protector.Unprotect(cookie).Split(' ', 2) is [var device, var account]
                && account.Equals(name, StringComparison.OrdinalIgnoreCase)
                ? device
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
