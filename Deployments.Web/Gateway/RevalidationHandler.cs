using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Deployments.Data.Feeds;
using Deployments.Data.Inbox;

namespace Deployments.Web.Gateway;

/// <summary>
/// Keeps answers of upstreams that may change, and asks whether they still hold whenever they are wanted again. When
/// the upstream is away - unreachable, silent, 502, 503, 504 - the kept answer stands in, marked
/// <c>X-Deployments-Stale</c>. An upstream that answers is always right: "not found" is not covered up, and it is kept
/// too, because clients ask for what need not be there (<c>InRelease</c>) and stop where they get no answer.
/// </summary>
/// <remarks>
/// See RFC 9111, sections 3 and 4. One connector has one set of credentials, so its answers may be shared; they are
/// part of the key, and so whoever changes them begins anew. Documents are kept before anything in them is rewritten.
/// </remarks>
sealed class RevalidationHandler(
    HttpMessageHandler inner, MetadataCache cache, TimeProvider time, ILogger<UpstreamClient> logger)
    : DelegatingHandler(inner)
{
    /// <summary>Says that an answer came from the cache because the upstream is away.</summary>
    public const string StaleHeader = "X-Deployments-Stale";

    /// <summary>Set on a request whose answer may be kept, with the connector that it is made for.</summary>
    public static readonly HttpRequestOptionsKey<Connector> KeptFor = new("kept for");

    /// <summary>How long an upstream may think when there is an answer at hand.</summary>
    static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(10);

    /// <summary>After that much time without an answer, the next requests do not wait for one.</summary>
    static readonly TimeSpan SlowFailure = TimeSpan.FromSeconds(1);

    /// <summary>How long they do not.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    static readonly string[] VariantHeaders = ["Accept", "Accept-Encoding", "Accept-Language"];

    // Those that the connector decides, or that never get as far as the upstream.
    static readonly HashSet<string> HarmlessVary = new(
        [.. VariantHeaders, "Authorization", "Cookie", "Origin", "Host"], StringComparer.OrdinalIgnoreCase);

    static readonly HashSet<string> UnkeptHeaders = new(
    [
        "Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade", "Proxy-Connection",
        "Proxy-Authenticate", "Content-Length", "Set-Cookie", "Date", "Age", "Alt-Svc", StaleHeader,
    ], StringComparer.OrdinalIgnoreCase);

    readonly ConcurrentDictionary<string, DateTimeOffset> pauses = new(StringComparer.Ordinal);

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!cache.IsOn || !request.Options.TryGetValue(KeptFor, out var connector)
            || (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head))
            return await base.SendAsync(request, cancellationToken);

        var key = KeyOf(request, connector, request.Method);
        var kept = await cache.OpenOrNullAsync(key, cancellationToken);
        var substitute = kept ?? await OfGetOrNullAsync(request, connector, cancellationToken);
        var unused = substitute;
        try
        {
            var isPart = request.Headers.Range is not null || request.Headers.IfMatch.Count > 0
                || request.Headers.IfUnmodifiedSince is not null;
            var conditions = isPart ? null : TakeConditions(request);
            if (!isPart)
                AddConditions(request, kept);
            HttpResponseMessage response;
            try
            {
                response = await AskAsync(request, connector, substitute is not null, cancellationToken);
            }
            catch (HttpRequestException exception) when (substitute is not null)
            {
                logger.LogWarning("Connector {Connector} is away ({Reason}); {Address} is answered from the cache",
                    connector.Name, (exception.InnerException ?? exception).Message,
                    SecretFree.Address($"{request.RequestUri}"));
                unused = null;
                return Answer(substitute, request, conditions, isStale: true);
            }

            if (isPart)
                return response;
            if (response.StatusCode != HttpStatusCode.NotModified || kept is null)
                return await KeepAsync(response, key, request, conditions, cancellationToken);
            response.Dispose();
            unused = null;
            return Answer(kept, request, conditions, isStale: false);
        }
        finally
        {
            unused?.Dispose();
        }
    }

    /// <summary>
    /// Asks the upstream; where there is a substitute, that it is away is an exception and takes not long.
    /// </summary>
    /// <exception cref="HttpRequestException">It is away.</exception>
    async Task<HttpResponseMessage> AskAsync(
        HttpRequestMessage request, Connector connector, bool hasSubstitute, CancellationToken ct)
    {
        if (!hasSubstitute)
            return await base.SendAsync(request, ct);
        var host = request.RequestUri!.Authority;
        if (pauses.TryGetValue(host, out var until) && until > time.GetUtcNow())
            throw new HttpRequestException("it did not answer a moment ago");

        var start = time.GetTimestamp();
        // Half of the connector's own patience: the other half is left to send what is at hand, on a busy machine too.
        var patience = TimeSpan.FromSeconds(Math.Min(connector.TimeoutSeconds / 2.0, PatienceMax.TotalSeconds));
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            var response = await base.SendAsync(request, either.Token);
            if (response.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout))
            {
                pauses.TryRemove(host, out _);
                return response;
            }

            response.Dispose();
            throw new HttpRequestException($"it answers {(int)response.StatusCode}");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException
            && !ct.IsCancellationRequested)
        {
            if (exception is OperationCanceledException || time.GetElapsedTime(start) >= SlowFailure)
                pauses[host] = time.GetUtcNow() + Pause;
            if (exception is HttpRequestException)
                throw;
            throw new HttpRequestException("it does not answer", exception);
        }
    }

    // A client that asks with HEAD first has what a GET was answered with.
    async ValueTask<KeptAnswer?> OfGetOrNullAsync(
        HttpRequestMessage request, Connector connector, CancellationToken ct) =>
        request.Method == HttpMethod.Head
            ? await cache.OpenOrNullAsync(KeyOf(request, connector, HttpMethod.Get), ct)
            : null;

    async Task<HttpResponseMessage> KeepAsync(
        HttpResponseMessage response, string key, HttpRequestMessage request, Conditions? conditions,
        CancellationToken ct)
    {
        var length = response.Content.Headers.ContentLength;
        var isHead = request.Method == HttpMethod.Head;
        if (!MayKeep(response) || (!isHead && !cache.MayHold(length ?? 0) && !IsNothing(response))
            || cache.BeginOrNull(key, HeadOf(response, length)) is not { } draft)
        {
            // An upstream that fails for once says nothing about what it said before.
            if (response.IsSuccessStatusCode || IsNothing(response))
                cache.Remove(key);
            return response.StatusCode == HttpStatusCode.OK && conditions?.HoldFor(response) == true
                ? NotModified(response)
                : response;
        }

        if (isHead || response.StatusCode != HttpStatusCode.OK)
        {
            await draft.CompleteAsync();
            return response;
        }

        var content = new StreamContent(
            new KeepingStream(await response.Content.ReadAsStreamAsync(ct), draft, length));
        foreach (var (name, values) in response.Content.Headers.NonValidated)
            content.Headers.TryAddWithoutValidation(name, values);
        response.Content = content;
        return response;
    }

    static HttpResponseMessage Answer(
        KeptAnswer kept, HttpRequestMessage request, Conditions? conditions, bool isStale)
    {
        var isHead = request.Method == HttpMethod.Head;
        var response = new HttpResponseMessage((HttpStatusCode)kept.Head.Status)
        {
            RequestMessage = request,
            Content = new StreamContent(isHead ? Stream.Null : kept.Body),
        };
        if (isHead)
            kept.Dispose();
        foreach (var (name, value) in kept.Head.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
                response.Content.Headers.TryAddWithoutValidation(name, value);
        }

        response.Content.Headers.ContentLength = isHead ? kept.Head.Length : kept.Length;
        if (isStale)
            response.Headers.TryAddWithoutValidation(StaleHeader, "true");
        return conditions?.HoldFor(response) == true ? NotModified(response) : response;
    }

    static HttpResponseMessage NotModified(HttpResponseMessage full)
    {
        var response = new HttpResponseMessage(HttpStatusCode.NotModified)
        {
            RequestMessage = full.RequestMessage,
            Content = new ByteArrayContent([]),
        };
        foreach (var (name, values) in full.Headers.NonValidated)
            response.Headers.TryAddWithoutValidation(name, values);
        if (full.Content.Headers.NonValidated.TryGetValues("Last-Modified", out var modified))
            response.Content.Headers.TryAddWithoutValidation("Last-Modified", modified);
        full.Dispose();
        return response;
    }

    static bool IsNothing(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone;

    static bool MayKeep(HttpResponseMessage response) =>
        (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NoContent || IsNothing(response))
        && response.Headers.CacheControl?.NoStore != true
        && response.Headers.Vary.All(HarmlessVary.Contains);

    static AnswerHead HeadOf(HttpResponseMessage response, long? length)
    {
        if (IsNothing(response))
            return new AnswerHead((int)response.StatusCode, [], 0);
        var headers = new List<AnswerHeader>();
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (!UnkeptHeaders.Contains(name))
                headers.AddRange(values.Select(value => new AnswerHeader(name, value)));
        }

        return new AnswerHead((int)response.StatusCode, headers, length);
    }

    static string KeyOf(HttpRequestMessage request, Connector connector, HttpMethod method)
    {
        var variant = VariantHeaders.Select(name =>
            request.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : "");
        return ConnectorCache.Key(connector.ConnectorId,
            $"{method} {request.RequestUri}\n{request.Headers.Authorization}\n{string.Join('\n', variant)}");
    }

    // The client's own question is answered here: the upstream is asked about what is kept.
    static Conditions? TakeConditions(HttpRequestMessage request)
    {
        var headers = request.Headers;
        var conditions = headers.IfNoneMatch.Count > 0 || headers.IfModifiedSince is not null
            ? new Conditions([.. headers.IfNoneMatch], headers.IfModifiedSince)
            : null;
        headers.Remove("If-None-Match");
        headers.Remove("If-Modified-Since");
        return conditions;
    }

    static void AddConditions(HttpRequestMessage request, KeptAnswer? kept)
    {
        if (kept?.HeaderOrNull("ETag") is { } tag)
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        if (kept?.HeaderOrNull("Last-Modified") is { } modified)
            request.Headers.TryAddWithoutValidation("If-Modified-Since", modified);
    }

    /// <summary>What a client says that it holds (RFC 9110, section 13).</summary>
    sealed record Conditions(IReadOnlyList<EntityTagHeaderValue> Tags, DateTimeOffset? ModifiedSince)
    {
        public bool HoldFor(HttpResponseMessage response)
        {
            if (response.StatusCode != HttpStatusCode.OK)
                return false;
            if (Tags.Count > 0)
                return Tags.Any(tag => tag.Tag == "*" || tag.Tag == response.Headers.ETag?.Tag);
            return response.Content.Headers.LastModified is { } modified && modified <= ModifiedSince;
        }
    }
}
