using System.Security.Cryptography;
using Deployments.Web.Accounts;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.DataProtection;

namespace Deployments.Web.Gateway;

/// <summary>
/// Signs container clients in: they ask <c>/v2/</c> how, exchange their credentials for a token at <c>/v2/_auth</c>,
/// and send that. A token is the credentials themselves, sealed and valid for an hour, so that a key that is revoked is
/// refused at once. Clients without credentials get a token too, which stands for nobody.
/// </summary>
/// <remarks>See "Token Authentication Specification" of the Distribution project.</remarks>
/// <param name="protection">Seals tokens, with keys that all nodes share.</param>
/// <param name="callers">Checks credentials.</param>
/// <param name="time">The clock, for the time of issue.</param>
sealed class RegistryTokens(IDataProtectionProvider protection, CallerResolver callers, TimeProvider time)
{
    const string Mark = "dt_";
    const string Scheme = "Bearer ";

    static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    readonly ITimeLimitedDataProtector protector =
        protection.CreateProtector("registry tokens").ToTimeLimitedDataProtector();

    /// <summary>Maps <c>/v2/</c> and <c>/v2/_auth</c>.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/v2/", ["GET", "HEAD"], (HttpContext context, RegistryTokens tokens) =>
            tokens.PingAsync(context));
        routes.MapGet("/v2/_auth", (HttpContext context, RegistryTokens tokens) => tokens.IssueAsync(context));
    }

    /// <summary>
    /// Puts the credentials in place of a token that stands for them, and arranges that a refusal tells the client
    /// where tokens are to be had.
    /// </summary>
    /// <returns>False when the token is not one of this server's, or too old: the request was refused.</returns>
    public async ValueTask<bool> TryAdmitAsync(HttpContext context)
    {
        context.Response.OnStarting(() =>
        {
            context.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
            if (context.Response.StatusCode == StatusCodes.Status401Unauthorized)
                context.Response.Headers.WWWAuthenticate = Challenge(context);
            return Task.CompletedTask;
        });

        if (TokenOf(context) is not { } token)
            return true;
        try
        {
            var credentials = protector.Unprotect(token);
            if (credentials.Length == 0)
                context.Request.Headers.Remove("Authorization");
            else
                context.Request.Headers.Authorization = credentials;
            return true;
        }
        catch (CryptographicException)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status401Unauthorized, "The token is unknown or too old.");
            return false;
        }
    }

    async Task PingAsync(HttpContext context)
    {
        // Clients take an answer without a challenge for a registry that knows no credentials, and never send theirs.
        var hasToken = TokenOf(context) is not null;
        if (!await TryAdmitAsync(context))
            return;
        var result = await callers.ResolveAsync(context, context.RequestAborted);
        if (result is CallerResult.Known { Caller.IsAnonymous: false } || (hasToken && result is CallerResult.Known))
            await context.Response.WriteAsJsonAsync(new { });
        else if (result is CallerResult.Known)
            await PlainText.WriteAsync(context, StatusCodes.Status401Unauthorized, "Ask for a token first.");
        else
            await Refusals.WriteFeedAsync(context, result);
    }

    async Task IssueAsync(HttpContext context)
    {
        var result = await callers.ResolveAsync(context, context.RequestAborted);
        if (result is not CallerResult.Known)
        {
            await Refusals.WriteFeedAsync(context, result);
            return;
        }

        var token = Mark + protector.Protect(context.Request.Headers.Authorization.ToString(), Lifetime);
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsJsonAsync(new Dictionary<string, object>
        {
            ["token"] = token,
            ["access_token"] = token,
            ["expires_in"] = (int)Lifetime.TotalSeconds,
            ["issued_at"] = time.GetUtcNow().UtcDateTime,
        });
    }

    static string? TokenOf(HttpContext context) =>
        context.Request.Headers.Authorization.ToString() is var value
        && value.StartsWith(Scheme + Mark, StringComparison.OrdinalIgnoreCase)
            ? value[(Scheme.Length + Mark.Length)..]
            : null;

    static string Challenge(HttpContext context)
    {
        var host = ServerAddress.Of(context);
        return $"Bearer realm=\"{host}/v2/_auth\",service=\"{new Uri(host).Authority}\"";
    }
}
