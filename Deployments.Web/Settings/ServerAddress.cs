namespace Deployments.Web.Settings;

/// <summary>
/// This server's address as the client of a request knows it: the one place that makes an absolute address of it.
/// </summary>
static class ServerAddress
{
    /// <summary>
    /// Without a slash at the end: what <c>Deployments__PublicUrl</c> says, else scheme, host and port of the request.
    /// </summary>
    public static string Of(HttpContext context) =>
        context.RequestServices.GetRequiredService<DeploymentsSettings>().PublicUrl is { } told
            ? told.AbsoluteUri.TrimEnd('/')
            : $"{context.Request.Scheme}://{context.Request.Host}{context.Request.PathBase}";

    /// <summary>
    /// The host that a request means. One of HTTP/1.0 may name none: then it is the address that was connected to.
    /// </summary>
    /// <returns>Null when what it names cannot stand in an address.</returns>
    public static HostString? HostOrNull(HttpContext context)
    {
        var host = context.Request.Host;
        if (host.HasValue)
            return Uri.TryCreate($"http://{host.Value}/", UriKind.Absolute, out var named)
                && named.AbsolutePath == "/" && named.UserInfo.Length == 0 && named.Host.Length > 0
                ? host
                : null;
        var local = context.Connection.LocalIpAddress is { } address
            ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString()
            : "localhost";
        return new HostString(local, context.Connection.LocalPort);
    }
}
