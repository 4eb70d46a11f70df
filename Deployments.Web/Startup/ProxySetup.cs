using Deployments.Web.Settings;
using Microsoft.AspNetCore.HttpOverrides;

namespace Deployments.Web.Startup;

/// <summary>Proxies in front of this server.</summary>
static class ProxySetup
{
    /// <summary>
    /// Takes a request's client, scheme and host from <c>X-Forwarded-*</c>, as far as proxies named in the settings say
    /// so. From anybody else, and where none is named, these headers mean nothing: whoever could write them chose the
    /// address that attempts to sign in are counted by.
    /// </summary>
    public static void UseKnownProxies(this WebApplication app, DeploymentsSettings settings)
    {
        if (KnownProxies.ReadOrNull(settings.KnownProxies) is not { Count: > 0 } networks)
            return;
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto
                | ForwardedHeaders.XForwardedHost,
            ForwardLimit = null, // through as many proxies as are known
        };
        options.KnownProxies.Clear(); // of loopback addresses too only those that are named
        options.KnownIPNetworks.Clear();
        foreach (var network in networks)
            options.KnownIPNetworks.Add(network);
        app.UseForwardedHeaders(options);
    }
}
