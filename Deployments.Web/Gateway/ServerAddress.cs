namespace Deployments.Web.Gateway;

/// <summary>This server's address as the client of a request knows it.</summary>
static class ServerAddress
{
    /// <summary>
    /// Scheme, host and port, without a slash at the end. A request of HTTP/1.0 may name no host: then it is the
    /// address that was connected to.
    /// </summary>
    public static string Of(HttpContext context)
    {
        var host = context.Request.Host;
        if (!host.HasValue)
        {
            var local = context.Connection.LocalIpAddress is { } address
                ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString()
                : "localhost";
            host = new HostString(local, context.Connection.LocalPort);
        }

        return $"{context.Request.Scheme}://{host}";
    }
}
