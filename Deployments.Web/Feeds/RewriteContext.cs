using System.Text.Json;

namespace Deployments.Web.Feeds;

/// <summary>How a feed type leads the addresses in an upstream's document through the feed.</summary>
/// <param name="Request">The client's request that this document answers.</param>
/// <param name="Connector">The connector's address.</param>
/// <param name="Seal">
/// Seals an absolute upstream address into one path segment which only this server can have made, so that a client
/// cannot make the gateway fetch an address of its own choosing.
/// </param>
public sealed record RewriteContext(FeedRequest Request, Uri Connector, Func<Uri, string> Seal)
{
    /// <summary>
    /// The upstream's index document where <see cref="IFeedType.HasUpstreamIndex"/> says so, else null.
    /// </summary>
    public JsonElement? Index { get; init; }

    /// <summary>
    /// Told of each address that is led through the feed, with the feed's path for it; null for nobody.
    /// </summary>
    public Action<Uri, string[]>? Watch { get; init; }

    /// <summary>
    /// The address below this feed that leads to <paramref name="upstream"/>. Where the feed's ordinary path leads
    /// there anyway, it is that path; else the path is preceded by the sealed address (<c>~SEAL/</c>), and the gateway
    /// reads the package from the path and fetches what the seal says.
    /// </summary>
    /// <param name="upstream">Where the upstream says the file is.</param>
    /// <param name="path">
    /// The feed's own path for it, as decoded segments: what the feed type parses when it is asked for.
    /// </param>
    public Uri Lead(Uri upstream, params string[] path)
    {
        Watch?.Invoke(upstream, path);
        var ordinary = new Uri(
            $"{Connector.AbsoluteUri.TrimEnd('/')}/{string.Join('/', path.Select(PercentEncoding.EncodeSegment))}");
        return ordinary == upstream
            ? Request.UrlOf(path)
            : Request.UrlOf(["~" + Seal(upstream), .. path]);
    }
}
