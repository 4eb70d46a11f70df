using System.Net;

namespace Deployments.Web.Settings;

/// <summary>The setting that names the proxies in front of this server.</summary>
static class KnownProxies
{
    static readonly char[] Separators = [',', ';', ' '];

    /// <summary>
    /// The networks that a text names; null when something in it is neither an address nor a network.
    /// </summary>
    /// <param name="text"><c>10.0.0.5, 10.1.0.0/16, fd00::/8</c>; null or empty: none.</param>
    public static IReadOnlyList<IPNetwork>? ReadOrNull(string? text)
    {
        var networks = new List<IPNetwork>();
        foreach (var part in (text ?? "").Split(
            Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (IPNetwork.TryParse(part, out var network))
                networks.Add(network);
            else if (part.AsSpan().ContainsAny('.', ':') && IPAddress.TryParse(part, out var address)) // not "1"
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else
                return null;
        }

        return networks;
    }
}
