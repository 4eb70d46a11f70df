using Deployments.Web.Gateway;
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

    /// <summary>
    /// Refuses a request whose host no address can be made of, whoever wrote it: every answer that names this server
    /// would fail. A request without a host is served as if it named the address that it came to.
    /// </summary>
    public static void UseWellFormedHosts(this WebApplication app) => app.Use((context, next) =>
    {
        if (ServerAddress.HostOrNull(context) is not { } host)
            return PlainText.WriteAsync(context, StatusCodes.Status400BadRequest, "The Host header is malformed.");
        context.Request.Host = host;
        return next(context);
    });
}
