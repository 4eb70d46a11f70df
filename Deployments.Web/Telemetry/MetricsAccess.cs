using System.Security.Cryptography;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Web.Accounts;
using Deployments.Web.Settings;

namespace Deployments.Web.Telemetry;

/// <summary>
/// Who may read <c>/metrics</c>: administrators, whoever has the key that is for nothing else, or where the settings
/// say so everybody who reaches this server.
/// </summary>
sealed class MetricsAccess(DeploymentsSettings settings, CallerResolver callers)
{
    const string Scheme = "Bearer ";

    /// <summary>Lets the request in, or answers it.</summary>
    /// <returns>Whether it may go on.</returns>
    public async Task<bool> AdmitAsync(HttpContext context)
    {
        if (settings.AnonymousMetrics || HasKey(context.Request.Headers.Authorization))
            return true;
        var result = await callers.ResolveAsync(context, context.RequestAborted);
        if (result is CallerResult.Known { Caller: var caller } && caller.Can(Permissions.Manage))
            return true;
        await Refusals.WriteApiAsync(context, result);
        return false;
    }

    bool HasKey(string? authorization) =>
        settings.MetricsKey is { } key && authorization is not null
        && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim())),
            SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
