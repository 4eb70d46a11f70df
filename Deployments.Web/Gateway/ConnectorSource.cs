using System.Net;
using System.Text.Json;
using Deployments.Data.Feeds;
using Deployments.Web.Feeds;
using Yarp.ReverseProxy.Forwarder;

namespace Deployments.Web.Gateway;

/// <summary>
/// Serves a request from an upstream, streaming. Redirects are followed here, so that the client's bytes pass this
/// server; the client's credentials and deployment headers stay here.
/// </summary>
sealed class ConnectorSource(
    IHttpForwarder forwarder, UpstreamClient upstream, CachedDownloads cached, SealedAddresses seals,
    ILogger<ConnectorSource> logger)
{
    /// <summary>Asks one connector.</summary>
    /// <param name="context">The client's request; the answer is written to it.</param>
    /// <param name="type">The feed's type.</param>
    /// <param name="request">The request as the type reads it.</param>
    /// <param name="isKept">Whether the answer is a package file that never changes, so that it may be kept.</param>
    /// <param name="connector">Whom to ask.</param>
    /// <param name="sealedAddress">
    /// The exact address to fetch, where the client's path carried a sealed one; else null.
    /// </param>
    /// <param name="head">
    /// Told the first bytes of a package file whose type wants to see them, before anything is sent; null where nobody
    /// asks which package it is.
    /// </param>
    /// <returns>
    /// False when the upstream has nothing there, and nothing was written: another connector may be asked.
    /// </returns>
    public async Task<bool> TryServeAsync(
        HttpContext context, IFeedType type, FeedRequest request, bool isKept, Connector connector,
        Uri? sealedAddress, HeadListener? head)
    {
        try
        {
            request = request.WithOnly(type.QueryParameters(request));
            var key = isKept ? ConnectorCache.Key(connector.ConnectorId,
                $"{connector.Url}\n{sealedAddress}\n{request.RawPath}{request.RawQuery}") : "";
            if (isKept && await cached.TryServeKeptAsync(context, key, head))
                return true;

            var address = new Uri(connector.Url);
            var index = await upstream.IndexAsync(type, connector, context.RequestAborted);
            var url = sealedAddress is null
                ? type.UpstreamUrl(request, address, index)
                : type.LedUrl(request, sealedAddress);
            if (url is null)
                return false;
            if (isKept && await cached.TryFetchAsync(context, type, connector, key, url, head) is { } isServed)
                return isServed;

            var exchange = new Exchange(type, request, isKept, connector, address, url, index, upstream, seals,
                head);
            var error = await forwarder.SendAsync(context, "http://connector/", upstream.Invoker,
                new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromSeconds(connector.TimeoutSeconds) },
                exchange);
            if (error != ForwarderError.None)
                await FailAsync(context, connector, context.GetForwarderErrorFeature()?.Exception);
            return !exchange.HasNothing;
        }
        catch (Exception exception) when (exception is HttpRequestException or UriFormatException
            || (exception is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            await FailAsync(context, connector, exception);
            return true;
        }
    }

    async Task FailAsync(HttpContext context, Connector connector, Exception? exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return;
        var reason = (exception?.InnerException ?? exception)?.Message ?? "no answer";
        logger.LogWarning("Connector {Connector} failed: {Reason}", connector.Name, reason);
        if (context.Response.HasStarted)
        {
            context.Abort(); // half a package must not look like a whole one
            return;
        }

        context.Response.Clear(); // what was to be said of the file
        await PlainText.WriteAsync(context, StatusCodes.Status502BadGateway,
            $"The connector {connector.Name} cannot answer: {reason}");
    }

    /// <summary>One request to one upstream and back.</summary>
    sealed class Exchange(
        IFeedType type, FeedRequest request, bool isKept, Connector connector, Uri connectorUrl, Uri url,
        JsonElement? index, UpstreamClient upstream, SealedAddresses seals, HeadListener? head) : HttpTransformer
    {
        static readonly string[] Conditions = ["If-None-Match", "If-Modified-Since", "If-Range", "Range"];

        /// <summary>Whether the upstream had nothing there.</summary>
        public bool HasNothing { get; private set; }

        public override async ValueTask TransformRequestAsync(
            HttpContext context, HttpRequestMessage proxyRequest, string destinationPrefix,
            CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(context, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.RequestUri = url;
            proxyRequest.Headers.Host = null;
            foreach (var name in context.Request.Headers.Keys.Where(StaysHere))
                proxyRequest.Headers.Remove(name);
            if (request.Known is not null) // what is known may change while the upstream's document does not
            {
                foreach (var name in Conditions)
                    proxyRequest.Headers.Remove(name);
            }

            if (type.RewritesAnswer(request))
            {
                proxyRequest.Headers.Remove("Accept-Encoding");
                proxyRequest.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
            }

            proxyRequest.Options.Set(RegistryTokenHandler.IsRegistry, type.HasRegistryTokens);
            if (!isKept) // else as a file, or not at all
                proxyRequest.Options.Set(RevalidationHandler.KeptFor, connector);
            upstream.Authorize(proxyRequest, connector);
        }

        public override async ValueTask<bool> TransformResponseAsync(
            HttpContext context, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            if (proxyResponse is null)
                return false;
            switch (proxyResponse.StatusCode)
            {
                case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                    HasNothing = true;
                    context.Response.Clear(); // the forwarder does not touch a response that has a status
                    return false;
                case HttpStatusCode.Unauthorized or HttpStatusCode.ProxyAuthenticationRequired:
                    throw new HttpRequestException("the upstream refuses the connector's credentials");
                case HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
                    or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect:
                    throw new HttpRequestException("the upstream redirects too often, or from https to http");
            }

            UpstreamHeaders.Clean(proxyResponse, type.RewrittenHeaders);
            await base.TransformResponseAsync(context, proxyResponse, cancellationToken);
            if (request.Known is not null)
            {
                context.Response.Headers.ETag = default;
                context.Response.Headers.LastModified = default;
            }

            foreach (var name in type.RewrittenHeaders)
            {
                if (context.Response.Headers[name] is { Count: 1 } value)
                    context.Response.Headers[name] = type.RewriteHeader(name, value.ToString(), Context());
                else
                    context.Response.Headers.Remove(name);
            }

            if (head is not null && HttpMethods.IsGet(context.Request.Method)
                && BeginsAtItsBeginning(proxyResponse))
                await ShowHeadAsync(proxyResponse, head, cancellationToken);
            if (proxyResponse.StatusCode != HttpStatusCode.OK || !type.RewritesAnswer(request))
                return true;

            context.Response.Headers.ContentLength = null;
            context.Response.Headers.Remove("Content-Encoding");
            if (HttpMethods.IsHead(context.Request.Method))
                return true;
            var document = Rewrite(await UpstreamClient.ReadAsync(proxyResponse.Content, cancellationToken));
            context.Response.ContentLength = document.Length;
            await context.Response.Body.WriteAsync(document, cancellationToken);
            return false;
        }

        // The forwarder goes on with what was read here in front of the rest.
        static async ValueTask ShowHeadAsync(HttpResponseMessage response, HeadListener head, CancellationToken ct)
        {
            var body = await response.Content.ReadAsStreamAsync(ct);
            var bytes = new byte[head.Length];
            var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
            response.Content = new StreamContent(new PrefixedStream(bytes.AsMemory(0, length), body));
            head.Tell(bytes.AsMemory(0, length));
        }

        static bool BeginsAtItsBeginning(HttpResponseMessage response) =>
            response.Content.Headers.ContentEncoding.Count == 0
            && (response.StatusCode == HttpStatusCode.OK
                || (response.StatusCode == HttpStatusCode.PartialContent
                    && response.Content.Headers.ContentRange?.From == 0));

        byte[] Rewrite(byte[] document)
        {
            try
            {
                return type.Rewrite(document, Context());
            }
            catch (Exception exception) when (exception is FormatException or JsonException)
            {
                throw new HttpRequestException($"the upstream's metadata cannot be read: {exception.Message}",
                    exception);
            }
        }

        RewriteContext Context() =>
            new(request, connectorUrl, address => seals.Seal(connector.ConnectorId, address)) { Index = index };

        static bool StaysHere(string header) =>
            header.StartsWith("X-ProGet-", StringComparison.OrdinalIgnoreCase)
            || header.StartsWith("X-Meta-ProGet-", StringComparison.OrdinalIgnoreCase)
            || header.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
            || header.ToUpperInvariant() is "X-APIKEY" or "X-NUGET-APIKEY" or "AUTHORIZATION" or "COOKIE" or "FORWARDED"
                or "PROXY-AUTHORIZATION" or "ORIGIN" or "REFERER";
    }
}
