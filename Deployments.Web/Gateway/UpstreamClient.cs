using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;

namespace Deployments.Web.Gateway;

/// <summary>
/// Requests of the gateway's own to an upstream: its index document, a list of versions. What a client asks for is
/// streamed by <see cref="ConnectorSource"/> instead.
/// </summary>
sealed class UpstreamClient(
    UpstreamGuard guard, ConnectorSecrets secrets, MetadataCache cache, TimeProvider time,
    ILogger<UpstreamClient> logger) : IDisposable
{
    /// <summary>
    /// The largest metadata document that is held in memory, in bytes: the biggest npm packuments have some 30 MB.
    /// </summary>
    public const int DocumentBytesMax = 128 << 20;

    static readonly TimeSpan IndexLifetime = TimeSpan.FromMinutes(5);

    readonly ConcurrentDictionary<(int ConnectorId, string Url),
        (DateTimeOffset Until, Task<JsonElement> Index)> indexes = new();

    /// <summary>The one pool of connections to all upstreams.</summary>
    public HttpMessageInvoker Invoker { get; } = new(new RevalidationHandler(
        new RegistryTokenHandler(new RedirectHandler(new MeasuredHandler(guard.CreateHandler())), time),
        cache, time, logger));

    /// <summary>
    /// Adds the connector's own credentials, and nothing of the client's, to a request that goes to its own origin. The
    /// one place that decides it for every request to an upstream: another party, to which a sealed address or an entry
    /// of an index may lead, does not get them.
    /// </summary>
    public void Authorize(HttpRequestMessage request, Connector connector)
    {
        if (!IsSameOrigin(request.RequestUri!, new Uri(connector.Url)))
            return;
        if (string.IsNullOrEmpty(connector.Username) && connector.PasswordEncrypted is null)
            return;
        var password = connector.PasswordEncrypted is null ? "" : secrets.Unprotect(connector.PasswordEncrypted);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{connector.Username}:{password}")));
    }

    /// <summary>Whether two addresses have scheme, host and port in common.</summary>
    public static bool IsSameOrigin(Uri one, Uri other) => Uri.Compare(
        one, other, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>The upstream's index document where the type has one; else null. Kept for five minutes.</summary>
    /// <exception cref="HttpRequestException">The upstream is away or its answer is no index.</exception>
    public async ValueTask<JsonElement?> IndexAsync(IFeedType type, Connector connector, CancellationToken ct)
    {
        var url = new Uri(connector.Url);
        if (!type.HasUpstreamIndex(url))
            return null;

        var key = (connector.ConnectorId, connector.Url);
        var now = time.GetUtcNow();
        if (!indexes.TryGetValue(key, out var kept) || kept.Until < now || kept.Index.IsFaulted)
        {
            kept = (now + IndexLifetime, FetchIndexAsync(connector, type.UpstreamIndex(url)));
            indexes[key] = kept;
        }

        return await kept.Index.WaitAsync(ct);
    }

    /// <summary>What the upstream answers to a question; null when it does not know such questions.</summary>
    /// <exception cref="HttpRequestException">The upstream is away or answers with an error.</exception>
    public async Task<byte[]?> AnswerOrNullAsync(Connector connector, UpstreamQuestion question, CancellationToken ct)
    {
        if (question.Body is null)
            return await DocumentOrNullAsync(connector, question.Url, ct);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(TimeSpan.FromSeconds(connector.TimeoutSeconds));
        using var request = new HttpRequestMessage(HttpMethod.Post, question.Url)
        {
            Content = new ByteArrayContent(question.Body),
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(question.ContentType);
        Authorize(request, connector);
        using var response = await Invoker.SendAsync(request, timeout.Token);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.MethodNotAllowed
            or HttpStatusCode.NotImplemented)
            return null;
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{connector.Name} answered {(int)response.StatusCode}");
        return await ReadAsync(response.Content, timeout.Token);
    }

    /// <summary>A document of the upstream.</summary>
    /// <returns>Its bytes, uncompressed; null when the upstream has none there.</returns>
    /// <exception cref="HttpRequestException">The upstream is away or answers with an error.</exception>
    public async Task<byte[]?> DocumentOrNullAsync(Connector connector, Uri url, CancellationToken ct)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(TimeSpan.FromSeconds(connector.TimeoutSeconds));
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Options.Set(RevalidationHandler.KeptFor, connector);
        Authorize(request, connector);
        using var response = await Invoker.SendAsync(request, timeout.Token);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            return null;
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{connector.Name} answered {(int)response.StatusCode}");
        return await ReadAsync(response.Content, timeout.Token);
    }

    /// <summary>A body as bytes, decompressed where the upstream compressed it.</summary>
    /// <exception cref="HttpRequestException">
    /// It is larger than <see cref="DocumentBytesMax"/>, or compressed in an unknown way.
    /// </exception>
    public static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken ct)
    {
        await using var body = await content.ReadAsStreamAsync(ct);
        await using Stream plain = content.Headers.ContentEncoding.SingleOrDefault() switch
        {
            null or "" or "identity" => body,
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            var unknown => throw new HttpRequestException($"The upstream compressed its answer with '{unknown}'"),
        };

        using var document = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await plain.ReadAsync(buffer, ct)) > 0)
        {
            if (document.Length + read > DocumentBytesMax)
                throw new HttpRequestException($"The upstream's document is larger than {DocumentBytesMax >> 20} MB");
            document.Write(buffer, 0, read);
        }

        if (plain != body) // which may have stopped in front of the end, without which nothing is kept
            await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        return document.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => Invoker.Dispose();

    async Task<JsonElement> FetchIndexAsync(Connector connector, Uri url)
    {
        var document = await DocumentOrNullAsync(connector, url, CancellationToken.None)
            ?? throw new HttpRequestException($"{connector.Name} has no index at its address");
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(document);
        }
        catch (JsonException)
        {
            throw new HttpRequestException($"{connector.Name}'s index is not JSON");
        }
    }
}
