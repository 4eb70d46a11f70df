using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Settings;

namespace Deployments.Web.Gateway;

/// <summary>
/// Serves feeds: which feed, may the caller, what is asked; then the feed's own files, then its connectors in order.
/// Tagged downloads are captured whatever serves them.
/// </summary>
sealed class FeedGateway(
    FeedDirectory feeds, CallerResolver callers, ConnectorSource connectors, UpstreamClient upstream,
    SealedAddresses seals, PullSessions sessions, RegistryTokens tokens, ClientAudits audits,
    LocalDownloads downloads, DeploymentCapture capture, DeploymentsSettings settings)
{
    const char SealMark = '~';

    /// <summary>Maps <c>/{root}/{feed}/…</c> for every root that a feed type has.</summary>
    public static void Map(IEndpointRouteBuilder routes, FeedTypeCatalog types)
    {
        RegistryTokens.Map(routes);
        foreach (var (root, separator) in types.All.Select(type => (type.Root, type.FeedNameSeparator)).Distinct())
        {
            // Short: a feed needs nothing of what stands between routing and pages, such as sessions and style sheets.
            routes.Map($"/{root}/{{feed}}/{{**path}}", (HttpContext context, string feed, FeedGateway gateway) =>
                gateway.ServeAsync(context, root, feed, separator)).ShortCircuit();
        }

        // How Terraform finds out where modules are.
        routes.MapGet("/.well-known/terraform.json", () => TypedResults.Json(
            new Dictionary<string, string> { ["modules.v1"] = "/terraform/" }));
    }

    async Task ServeAsync(HttpContext context, string root, string name, string? separator)
    {
        var ct = context.RequestAborted;
        var front = ""; // what stands behind the separator is the first segment of the path
        if (separator is not null && name.IndexOf(separator, StringComparison.Ordinal) is > 0 and var at)
            (name, front) = (name[..at], PercentEncoding.EncodeSegment(name[(at + separator.Length)..]) + "/");
        if (await feeds.FindOrNullAsync(name, ct) is not { } served || served.Type.Root != root)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status404NotFound,
                $"There is no {root} feed called {name}.");
            return;
        }

        var (rawPath, rawQuery) = RawTarget.BelowFeed(context);
        rawPath = front + rawPath;
        (int ConnectorId, Uri Address)? led = null;
        if (rawPath.StartsWith(SealMark))
        {
            var end = rawPath.IndexOf('/', StringComparison.Ordinal);
            led = seals.OpenOrNull(end < 0 ? rawPath[1..] : rawPath[1..end]);
            rawPath = end < 0 ? "" : rawPath[(end + 1)..];
            if (led is null)
            {
                await PlainText.WriteAsync(
                    context, StatusCodes.Status404NotFound, "This server sealed no such address.");
                return;
            }
        }

        if (FeedRequest.TryRead(context.Request.Method, rawPath, rawQuery) is not { } path)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status400BadRequest,
                "The path is not one of a package feed.");
            return;
        }

        if (served.Type.HasRegistryTokens && !await tokens.TryAdmitAsync(context))
            return;
        var access = served.Type.RequiredAccess(path);
        if (await FeedAuthorization.CallerOrNullAsync(context, callers, served.Feed, access) is not { } caller)
            return; // refused, and said why
        var request = RequestOf(context, path, served.Type, name, caller);
        if (access == FeedAccess.Download && led is null)
        {
            if (await audits.TryAnswerAsync(context, served, caller, request))
                return;
            request = await audits.WithKnownAsync(served, caller, request, ct);
        }

        await AnswerAsync(context, served, request, caller, access, led);
    }

    /// <summary>Serves a download that was asked for in another way than by the feed's own addresses.</summary>
    /// <param name="context">The request; nothing may have been sent yet.</param>
    /// <param name="served">The feed.</param>
    /// <param name="caller">Who asks; must be allowed to.</param>
    /// <param name="path">The address that the feed has for it.</param>
    /// <param name="found">Where a connector has it; null when the feed's address tells.</param>
    public Task DownloadAsync(
        HttpContext context, ServedFeed served, Caller caller, FeedRequest path, UpstreamFile? found) => AnswerAsync(
        context, served, RequestOf(context, path, served.Type, served.Feed.Name, caller), caller, FeedAccess.Download,
        found is null ? null : (found.ConnectorId, found.Address));

    static FeedRequest RequestOf(HttpContext context, FeedRequest path, IFeedType type, string feed, Caller caller) =>
        path with
        {
            FeedUrl = new Uri(
                $"{ServerAddress.Of(context)}/{type.Root}/{Uri.EscapeDataString(feed)}/"),
            Body = context.Request.Body,
            ContentType = context.Request.ContentType,
            Header = header => context.Request.Headers[header] is { Count: > 0 } values ? values.ToString() : null,
            UserName = caller.Name,
        };

    async Task AnswerAsync(
        HttpContext context, ServedFeed served, FeedRequest request, Caller caller, FeedAccess access,
        (int ConnectorId, Uri Address)? led)
    {
        var package = access == FeedAccess.Download ? PackageOrNull(context, served, request, caller) : null;
        if (package is not null)
            capture.Watch(context, served, caller,
                () => served.Type.WithAnswer(package, HeaderOf(context.Response)));
        else if (access == FeedAccess.Upload)
            UploadLimits.Lift(context, settings.UploadBytesMax);

        if (led is null && await downloads.AnswerAsync(served, request, package is not null, context.RequestAborted)
            is (var answer, var known))
        {
            if (answer is LocalAnswer.File file && package is not null)
            {
                package = file.Package ?? package;
                if (await IsRefusedAsync(context, served, package))
                    return;
                ExpectParts(context, served, caller, request, package, await HeadAsync(file, served.Type, request));
            }

            await LocalResponse.WriteAsync(context, answer, known);
            return;
        }

        foreach (var connector in access == FeedAccess.Download ? served.Feed.Connectors : [])
        {
            if (led is not null && led.Value.ConnectorId != connector.ConnectorId
                || await WithVersionAsync(served.Type, request, package, connector, context.RequestAborted)
                    is not { } exactRequest)
                continue;
            if (!ReferenceEquals(exactRequest, request))
                package = served.Type.TryReadDownload(exactRequest);
            if (await IsRefusedAsync(context, served, package))
                return;
            // Whether or not it counts: the parts of a download that was counted already do not.
            var isKept = served.Type.TryReadDownload(exactRequest) is { } file
                ? served.Type.IsImmutable(exactRequest, file)
                : served.Type.IsContentAddressed(exactRequest);
            if (await connectors.TryServeAsync(
                context, served.Type, exactRequest, isKept, connector, led?.Address, Identifier(exactRequest)))
                return;
        }

        await AnswerNothingAsync(context, served, request, access);

        // Reading the head of a package takes time, so only where it is going to be recorded.
        HeadListener? Identifier(FeedRequest download) =>
            package is not null && served.Type.HeadLength(download) is > 0 and var length
            && DeploymentCapture.IsWanted(context, served.Feed, caller)
                ? new HeadListener(length, head =>
                {
                    package = served.Type.TryReadHead(download, head) ?? package;
                    ExpectParts(context, served, caller, download, package, head);
                })
                : null;
    }

    static async Task AnswerNothingAsync(
        HttpContext context, ServedFeed served, FeedRequest request, FeedAccess access)
    {
        var made = access == FeedAccess.Download
            ? await served.Type.MakeIndexAsync(
                request, served.Tree, mayBeEmpty: served.Feed.Connectors.Count == 0, context.RequestAborted)
            : null;
        if ((made ?? served.Type.EmptyAnswer(request)) is { } answer)
        {
            await LocalResponse.WriteAsync(context, answer);
            return;
        }

        await PlainText.WriteAsync(
            context, StatusCodes.Status404NotFound, $"{served.Feed.Name} has nothing at this address.");
    }

    // Null: no package, or part of one that was counted already.
    PackageCoordinates? PackageOrNull(HttpContext context, ServedFeed served, FeedRequest request, Caller caller)
    {
        if (served.Type.TryReadDownload(request) is not { } read
            || sessions.ResolveOrNull(served.Feed, caller, context, read) is not { } package)
            return null;
        Remember(context, served, caller, package);
        return package;
    }

    // A client that resolves a tag with HEAD fetches what it stands for.
    void Remember(HttpContext context, ServedFeed served, Caller caller, PackageCoordinates package)
    {
        if (!HttpMethods.IsHead(context.Request.Method))
            return;
        context.Response.OnStarting(() =>
        {
            if (context.Response.StatusCode == StatusCodes.Status200OK)
            {
                sessions.ExpectDigest(
                    served.Feed, caller, context, served.Type.WithAnswer(package, HeaderOf(context.Response)));
            }

            return Task.CompletedTask;
        });
    }

    void ExpectParts(
        HttpContext context, ServedFeed served, Caller caller, FeedRequest download, PackageCoordinates package,
        ReadOnlyMemory<byte> head)
    {
        if (DeploymentCapture.IsWanted(context, served.Feed, caller))
        {
            sessions.ExpectParts(
                served.Feed, caller, context, package, served.Type.ChildVersions(download, head));
        }
    }

    static async ValueTask<ReadOnlyMemory<byte>> HeadAsync(
        LocalAnswer.File file, IFeedType type, FeedRequest request)
    {
        if (!type.HasRegistryTokens)
            return default;
        await using var content = File.OpenRead(file.Path);
        var head = new byte[Math.Min(type.HeadLength(request), content.Length)];
        return head.AsMemory(0, await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false));
    }

    // An administrator may have said that a version is not to be downloaded any more.
    static async ValueTask<bool> IsRefusedAsync(HttpContext context, ServedFeed served, PackageCoordinates? package)
    {
        if (package is null || !served.Refuses(package))
            return false;
        await PlainText.WriteAsync(context, StatusCodes.Status403Forbidden,
            $"{package.Name} {package.Version} may not be downloaded from {served.Feed.Name}.");
        return true;
    }

    static Func<string, string?> HeaderOf(HttpResponse response) =>
        name => response.Headers[name] is { Count: > 0 } values ? values.ToString() : null;

    /// <summary>
    /// Where a download leaves the version to the server, the same download with the newest one; null when there is
    /// none.
    /// </summary>
    async ValueTask<FeedRequest?> WithVersionAsync(
        IFeedType type, FeedRequest request, PackageCoordinates? package, Connector connector, CancellationToken ct)
    {
        if (package is not { Version: "" } || type.VersionListRequest(request) is not { } listRequest)
            return request;
        try
        {
            var url = type.UpstreamUrl(listRequest, new Uri(connector.Url),
                await upstream.IndexAsync(type, connector, ct));
            return url is not null && await upstream.DocumentOrNullAsync(connector, url, ct) is { } list
                ? type.WithNewestVersion(request, list)
                : null;
        }
        catch (HttpRequestException)
        {
            return request; // the request itself meets the same fault, and says so
        }
    }
}
