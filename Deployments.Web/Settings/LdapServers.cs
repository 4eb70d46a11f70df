namespace Deployments.Web.Settings;

/// <summary>A server of a directory.</summary>
/// <param name="Host">Its name or address, which its certificate must have.</param>
/// <param name="Port">Its port.</param>
/// <param name="IsTls">Encrypted from the first byte; else by StartTLS, before anything else is said.</param>
public sealed record LdapServer(string Host, int Port, bool IsTls)
{
    /// <summary>As a log names it.</summary>
    public override string ToString() => $"{(IsTls ? "ldaps" : "ldap")}://{Host}:{Port}";
}

/// <summary>The setting that names the servers of a directory.</summary>
static class LdapServers
{
    const int TlsPort = 636;
    const int PlainPort = 389;

    /// <summary>
    /// The servers in their order; null when the text names none, or one to which passwords would go in clear.
    /// </summary>
    public static IReadOnlyList<LdapServer>? ReadOrNull(LdapSettings settings)
    {
        var servers = new List<LdapServer>();
        foreach (var part in (settings.Servers ?? "").Split(
            [',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(part, UriKind.Absolute, out var url) || url.Host.Length == 0
                || url.PathAndQuery is not ("" or "/") || url.Fragment.Length > 0 || url.UserInfo.Length > 0
                || !(url.Scheme == "ldaps" || (url.Scheme == "ldap" && settings.StartTls)))
                return null;
            var isTls = url.Scheme == "ldaps";
            servers.Add(new(url.Host.Trim('[', ']'), url.Port > 0 ? url.Port : isTls ? TlsPort : PlainPort, isTls));
        }

        return servers.Count > 0 ? servers : null;
    }
}
