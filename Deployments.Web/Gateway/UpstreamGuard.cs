using System.Net;
using System.Net.Sockets;
using Deployments.Web.Settings;

namespace Deployments.Web.Gateway;

/// <summary>
/// Opens connections to upstreams, and only to addresses that a connector may reach. The check is made on the address
/// actually connected to, so that neither a redirect nor a change in DNS leads around it.
/// </summary>
/// <param name="settings">Whether private networks are allowed.</param>
sealed class UpstreamGuard(DeploymentsSettings settings)
{
    // What cloud machines ask for their credentials, beyond the link-local addresses.
    static readonly IPAddress[] MetadataServices =
    [
        IPAddress.Parse("100.100.100.200"), IPAddress.Parse("192.0.0.192"), IPAddress.Parse("168.63.129.16"),
        IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("fd20:ce::254"),
    ];

    static readonly IPNetwork[] AlwaysRefused =
    [
        IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("fe80::/10"), // link-local
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("::/128"), // this host, unspecified
        IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("ff00::/8"), // multicast
        IPNetwork.Parse("255.255.255.255/32"),
    ];

    static readonly IPNetwork[] Private =
    [
        IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128"),
        IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("fc00::/7"),
    ];

    /// <summary>A handler whose every connection passes this guard; redirects are for who calls to follow.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false, // a proxy would connect on our behalf, unguarded
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that changes in DNS are noticed
        EnableMultipleHttp2Connections = true,
        ConnectCallback = ConnectAsync,
    };

    /// <summary>Why an address is refused, or null when it is not.</summary>
    public string? RefusalOrNull(IPAddress address)
    {
        var actual = Unwrap(address);
        if (MetadataServices.Contains(actual) || Array.Exists(AlwaysRefused, network => network.Contains(actual)))
            return $"{address} is a link-local, metadata or special address; connectors never reach those";
        if (!settings.ConnectorsMayReachPrivateNetworks && Array.Exists(Private, network => network.Contains(actual)))
            return $"{address} is a private address; Deployments__ConnectorsMayReachPrivateNetworks is false";
        return null;
    }

    ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct) =>
        ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, ct);

    /// <summary>Opens a connection to a host, at an address that may be reached.</summary>
    /// <exception cref="HttpRequestException">None of its addresses may be, or it has none.</exception>
    /// <exception cref="SocketException">Nobody answers there, or the name is not known.</exception>
    public async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken ct)
    {
        // Not asked of DNS, which makes an error of its own out of 0.0.0.0.
        var addresses = IPAddress.TryParse(host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(host, ct);
        var refusals = addresses.Select(RefusalOrNull).OfType<string>().ToList();
        var allowed = Array.FindAll(addresses, address => RefusalOrNull(address) is null);
        if (allowed.Length == 0)
            throw new HttpRequestException(refusals.FirstOrDefault() ?? $"{host} has no address");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // ::ffff:a.b.c.d and 64:ff9b::a.b.c.d (RFC 6052) are IPv4 addresses in disguise.
    static IPAddress Unwrap(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        return bytes.AsSpan(0, 12).SequenceEqual((ReadOnlySpan<byte>)[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])
            ? new IPAddress(bytes.AsSpan(12))
            : address;
    }
}
