using System.Collections.Concurrent;
using System.Net;
using Deployments.Data.Feeds;
using Deployments.Data.Telemetry;
using Deployments.Web.Feeds;

namespace Deployments.Web.Gateway;

/// <summary>
/// Serves package files of connectors from the cache, and through it: the first request for a file fetches it, those
/// that come meanwhile share what has arrived, later ones do not ask the upstream any more.
/// </summary>
sealed class CachedDownloads(ConnectorCache cache, UpstreamClient upstream, ILogger<CachedDownloads> logger)
{
    /// <summary>What belongs to a file rather than to one answer.</summary>
    static readonly string[] FileHeaders =
    [
        "Content-Type", "Content-Disposition", "ETag", "Last-Modified", "Docker-Content-Digest",
        "Docker-Distribution-Api-Version", "X-Checksum-Md5", "X-Checksum-Sha1", "X-Checksum-Sha256",
    ];

    /// <summary>
    /// How many files that may not be kept are remembered as such, so that they are fetched but once.
    /// </summary>
    const int UnkeptMax = 10_000;

    readonly ConcurrentDictionary<string, Lazy<Task<Start>>> fills = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, bool> unkept = new(StringComparer.Ordinal);

    /// <summary>Answers from the cache; false when the file is not in it.</summary>
    public async Task<bool> TryServeKeptAsync(HttpContext context, string key, HeadListener? head)
    {
        if (!cache.IsOn)
            return false;
        var found = await cache.FindOrNullAsync(key, context.RequestAborted);
        Measures.LookedInCache(found is not null);
        if (found is not { } file)
            return false;
        foreach (var (name, value) in file.Description.Headers)
            context.Response.Headers[name] = value;
        context.Response.Headers.ETag = file.Description.Tag.ToString();
        try
        {
            if (head is not null)
                await ShowHeadAsync(file, head, context.RequestAborted);
            await SendAsync(context, file);
            return true;
        }
        catch (FileNotFoundException) when (!context.Response.HasStarted)
        {
            context.Response.Clear(); // evicted this moment
            return false;
        }
    }

    /// <summary>Fetches a file into the cache and to the client.</summary>
    /// <returns>
    /// True: answered. False: the upstream has nothing there. Null: nothing is kept of this answer, and nothing was
    /// written; the client's request is to be passed on as it is.
    /// </returns>
    /// <exception cref="HttpRequestException">The upstream is away or broke off.</exception>
    public async Task<bool?> TryFetchAsync(
        HttpContext context, IFeedType type, Connector connector, string key, Uri url, HeadListener? head)
    {
        if (!cache.IsOn || !HttpMethods.IsGet(context.Request.Method) || IsPartialOrConditional(context.Request)
            || unkept.ContainsKey(key))
            return null;
        var ct = context.RequestAborted;
        var accept = context.Request.Headers.Accept.ToString();
        var agent = context.Request.Headers.UserAgent.ToString();
        var start = await fills.GetOrAdd(key, _ => new Lazy<Task<Start>>(
            () => StartAsync(type, connector, key, url, accept, agent))).Value.WaitAsync(ct);
        if (start.Fill is not { } fill)
            return start.HasNothing ? false : null;

        CacheFill.Reader? reader;
        try
        {
            reader = fill.JoinOrNull();
        }
        catch (FileNotFoundException)
        {
            return await TryServeKeptAsync(context, key, head) ? true : null; // it came to its end this moment
        }

        if (reader is null)
            return null;
        using (reader)
        {
            foreach (var (name, value) in fill.Headers)
                context.Response.Headers[name] = value;
            context.Response.ContentLength = fill.Length;
            if (head is not null)
                head.Tell(await reader.HeadAsync(head.Length, ct));
            await reader.CopyAsync(context.Response.Body, ct);
            return true;
        }
    }

    static async Task SendAsync(HttpContext context, CachedFile file)
    {
        var (path, description, content) = file;
        if (FileSender.IsPlainGet(context.Request))
        {
            context.Response.Headers.AcceptRanges = "bytes";
            if (content is not null)
            {
                context.Response.ContentLength = content.Length;
                await context.Response.Body.WriteAsync(content, context.RequestAborted);
                return;
            }

            using var open = FileSender.Open(path);
            await FileSender.SendAsync(
                context.Response, open, RandomAccess.GetLength(open), context.RequestAborted);
            return;
        }

        var mediaType = description.Headers.GetValueOrDefault("Content-Type");
        IResult answer = content is null
            ? TypedResults.PhysicalFile(path, mediaType, fileDownloadName: null, description.Modified, description.Tag,
                enableRangeProcessing: true)
            : TypedResults.Bytes(content, mediaType, fileDownloadName: null, enableRangeProcessing: true,
                description.Modified, description.Tag);
        await answer.ExecuteAsync(context);
    }

    static async ValueTask ShowHeadAsync(CachedFile file, HeadListener head, CancellationToken ct)
    {
        if (file.Content is { } content)
        {
            head.Tell(content.AsMemory(0, Math.Min(content.Length, head.Length)));
            return;
        }

        await using var stream = File.OpenRead(file.Path);
        var bytes = new byte[head.Length];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        head.Tell(bytes.AsMemory(0, length));
    }

    async Task<Start> StartAsync(
        IFeedType type, Connector connector, string key, Uri url, string accept, string agent)
    {
        var isFilling = false;
        try
        {
            // Not the first client's patience: others may wait for the same answer.
            var timeout = TimeSpan.FromSeconds(connector.TimeoutSeconds);
            using var patience = new CancellationTokenSource(timeout);
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            foreach (var (name, value) in new[] { ("Accept", accept), ("User-Agent", agent) })
            {
                if (value.Length > 0)
                    request.Headers.TryAddWithoutValidation(name, value);
            }

            request.Options.Set(RegistryTokenHandler.IsRegistry, type.HasRegistryTokens);
            upstream.Authorize(request, connector);
            var response = await upstream.Invoker.SendAsync(request, patience.Token);
            if (response.StatusCode != HttpStatusCode.OK || !MayKeep(response))
            {
                if (response.StatusCode == HttpStatusCode.OK)
                    RememberUnkept(key);
                response.Dispose();
                return new Start(null, response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone);
            }

            if (BeginOrNull() is not { } file)
            {
                response.Dispose();
                return new Start(null, false);
            }

            var fill = new CacheFill(file, response, HeadersOf(response));
            isFilling = true;
            _ = FillAsync(fill, connector, key, timeout);
            return new Start(fill, false);
        }
        finally
        {
            if (!isFilling)
                fills.TryRemove(key, out _);
        }
    }

    async Task FillAsync(CacheFill fill, Connector connector, string key, TimeSpan silenceMax)
    {
        if (await fill.RunAsync(cache, key, silenceMax) is { } failure)
            logger.LogWarning("Connector {Connector} broke off: {Reason}", connector.Name, failure.Message);
        else if (fill.DiskFailure is { } reason)
            logger.LogWarning("Nothing can be kept: {Reason}", reason);
        fills.TryRemove(key, out _);
    }

    // A full disk must not fail a download that could be passed on.
    FileStream? BeginOrNull()
    {
        try
        {
            return cache.Begin();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("Nothing can be kept: {Reason}", exception.Message);
            return null;
        }
    }

    void RememberUnkept(string key)
    {
        if (unkept.Count >= UnkeptMax)
            unkept.Clear();
        unkept[key] = true;
    }

    bool MayKeep(HttpResponseMessage response) =>
        response.Headers.CacheControl?.NoStore != true
        && response.Content.Headers.ContentEncoding.Count == 0
        && cache.MayHold(response.Content.Headers.ContentLength ?? 0);

    static Dictionary<string, string> HeadersOf(HttpResponseMessage response)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in FileHeaders)
        {
            if (response.Headers.NonValidated.TryGetValues(name, out var values)
                || response.Content.Headers.NonValidated.TryGetValues(name, out values))
                headers[name] = values.ToString();
        }

        return headers;
    }

    static bool IsPartialOrConditional(HttpRequest request) =>
        request.Headers.Range.Count > 0 || request.Headers.IfNoneMatch.Count > 0
        || request.Headers.IfModifiedSince.Count > 0 || request.Headers.IfMatch.Count > 0
        || request.Headers.IfUnmodifiedSince.Count > 0;

    /// <summary>How fetching began.</summary>
    /// <param name="Fill">The file on its way; null when nothing is kept of the answer.</param>
    /// <param name="HasNothing">Whether the upstream has no such file.</param>
    sealed record Start(CacheFill? Fill, bool HasNothing);
}
