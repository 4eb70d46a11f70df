using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Deployments.Web.Feeds;

/// <summary>
/// What a client asks a feed for. The path is kept twice: raw, as it goes upstream byte for byte, and as segments, each
/// decoded exactly once, which is what a feed type parses (<c>%2f</c> inside a segment stays inside it).
/// </summary>
public sealed record FeedRequest
{
    Dictionary<string, StringValues>? query;

    FeedRequest(string method, string rawPath, string rawQuery, IReadOnlyList<string> segments)
    {
        Method = method;
        RawPath = rawPath;
        RawQuery = rawQuery;
        Segments = segments;
    }

    /// <summary>The HTTP method in upper case.</summary>
    public string Method { get; }

    /// <summary>
    /// The path below <c>/{root}/{feed}/</c> as the client sent it, without a leading slash; may be empty.
    /// </summary>
    public string RawPath { get; }

    /// <summary>The query as the client sent it, with its question mark; empty when there is none.</summary>
    public string RawQuery { get; }

    /// <summary>The decoded segments of <see cref="RawPath"/>. A trailing slash leaves no empty last segment.</summary>
    public IReadOnlyList<string> Segments { get; }

    /// <summary>The feed's address as the client sees it, with a trailing slash.</summary>
    public Uri FeedUrl { get; init; } = new("http://localhost/");

    /// <summary>The request's body; empty for a GET.</summary>
    public Stream Body { get; init; } = Stream.Null;

    /// <summary>The body's media type with its parameters, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>A header's value, or null. Types use it for hints only, such as npm's <c>pacote-pkg-id</c>.</summary>
    public Func<string, string?> Header { get; init; } = _ => null;

    /// <summary>Who uploads, for the file's own record: an account or key name, or <c>Anonymous</c>.</summary>
    public string UserName { get; init; } = "Anonymous";

    /// <summary>
    /// What is known of the packages that <see cref="IFeedType.PackagesTold"/> names; null where nobody asked, or
    /// nobody could say.
    /// </summary>
    public KnownVulnerabilities? Known { get; init; }

    /// <summary>The first value of a query parameter ("" for a bare flag such as <c>?latest</c>), or null.</summary>
    public string? Query(string name)
    {
        query ??= QueryHelpers.ParseQuery(RawQuery);
        return query.TryGetValue(name, out var values) ? values.ToString() : null;
    }

    /// <summary>
    /// Splits and decodes a raw path. Null when a segment cannot be a name: invalid percent-encoding of UTF-8, a
    /// control character, a backslash in any form, <c>..</c>, an encoded <c>.</c>, or an empty segment within the path.
    /// A plain <c>.</c> is where apt's flat repositories are (<c>./Packages</c>) and means nothing.
    /// </summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="rawPath">The path below the feed, undecoded, without a leading slash.</param>
    /// <param name="rawQuery">The query with its question mark, or empty.</param>
    public static FeedRequest? TryRead(string method, string rawPath, string rawQuery = "")
    {
        var trimmed = rawPath.EndsWith('/') ? rawPath[..^1] : rawPath;
        if (trimmed.Length == 0)
            return new FeedRequest(method, rawPath, rawQuery, []);

        string[] segments = [.. trimmed.Split('/').Where(segment => segment is not ".")];
        for (var i = 0; i < segments.Length; i++)
        {
            if (PercentEncoding.TryDecode(segments[i]) is not { } decoded || !IsName(decoded))
                return null;
            segments[i] = decoded;
        }

        return new FeedRequest(method, rawPath, rawQuery, segments);
    }

    /// <summary>
    /// The same request for another path of the same feed; used where the server chooses the newest version.
    /// </summary>
    public FeedRequest For(string rawPath, string rawQuery = "") =>
        TryRead(Method, rawPath, rawQuery) is { } other
            ? other with
            {
                FeedUrl = FeedUrl,
                Body = Body,
                ContentType = ContentType,
                Header = Header,
                UserName = UserName,
                Known = Known,
            }
            : throw new ArgumentException($"'{rawPath}' is not a path below a feed.", nameof(rawPath));

    /// <summary>
    /// The same request with these parameters only, one of each, in their order; null: all as they are.
    /// </summary>
    public FeedRequest WithOnly(IReadOnlyList<string>? parameters)
    {
        if (parameters is null || RawQuery.Length == 0)
            return this;
        var kept = parameters.Where(name => Query(name) is not null).Select(name => Query(name) is { Length: > 0 } value
            ? $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}"
            : Uri.EscapeDataString(name));
        return string.Join('&', kept) is { Length: > 0 } query ? For(RawPath, $"?{query}") : For(RawPath);
    }

    /// <summary>An address below this feed, from decoded segments.</summary>
    public Uri UrlOf(params string[] segments) =>
        new(FeedUrl.AbsoluteUri + string.Join('/', segments.Select(PercentEncoding.EncodeSegment)));

    static bool IsName(string segment) =>
        segment is not ("" or "." or "..") && !segment.Any(char.IsControl) && !HasBackslash(segment);

    // The URL class takes one for a slash and then resolves "..": it would lead out of a connector's path. Encoded
    // twice it may still be one for the upstream.
    static bool HasBackslash(string segment)
    {
        while (true)
        {
            if (segment.Contains('\\', StringComparison.Ordinal))
                return true;
            if (PercentEncoding.TryDecode(segment) is not { } decoded || decoded == segment)
                return segment.Contains("%5c", StringComparison.OrdinalIgnoreCase);
            segment = decoded;
        }
    }
}
