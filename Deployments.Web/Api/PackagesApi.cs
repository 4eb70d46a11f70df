using System.Text.Json.Nodes;
using Deployments.Data.Packages;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Deployments.Web.Settings;
using Microsoft.Net.Http.Headers;

namespace Deployments.Web.Api;

/// <summary>
/// ProGet's packages API, as its client library speaks it: lists, downloads, uploads and deletes packages of any type
/// by their names. Downloads are recorded like those from the feed's own addresses.
/// </summary>
/// <remarks>
/// What is listed is what the feed has of its own, and what was deployed through its connectors, with what is known of
/// that. Downloads of a single package are not counted here; their number is always 0.
/// </remarks>
sealed partial class PackagesApi(
    FeedDirectory feeds, CallerResolver callers, FeedGateway gateway, UpstreamIndexes indexes,
    DeployedVersionQueries deployed,
    PackageStatusQueries statuses, PackageStatusStore statusStore, AdvisoryMatchQueries advisories,
    VulnerabilityQueries vulnerabilities, DeploymentsSettings settings, TimeProvider time)
{
    const int DeployedRowsMax = 20_000; // of a listing without a name; keeps one answer within some megabytes
    const int ReasonLengthMax = 2_000;
    const int PrefixSegments = 4; // api/packages/{feed}/upload

    public static void Map(IEndpointRouteBuilder routes)
    {
        var packages = routes.MapGroup("/api/packages").AddEndpointFilter(ApiRefusal.AnswerAsync);
        packages.MapGet("/{feed}", (HttpContext context, string feed, PackagesApi api) =>
            api.FeedAsync(context, feed));
        packages.MapGet("/{feed}/latest", (HttpContext context, string feed, PackagesApi api) =>
            api.LatestAsync(context, feed));
        packages.MapGet("/{feed}/versions", (HttpContext context, string feed, PackagesApi api) =>
            api.VersionsAsync(context, feed));
        packages.MapGet("/{feed}/download", (HttpContext context, string feed, PackagesApi api) =>
            api.DownloadAsync(context, feed));
        packages.MapMethods("/{feed}/upload/{**file}", ["PUT", "POST"],
            (HttpContext context, string feed, PackagesApi api) => api.UploadAsync(context, feed));
        packages.MapMethods("/{feed}/delete", ["POST", "DELETE"],
            (HttpContext context, string feed, PackagesApi api) => api.DeleteAsync(context, feed));
        packages.MapPost("/{feed}/audit", (HttpContext context, string feed, PackagesApi api) =>
            api.AuditAsync(context, feed));
        packages.MapMethods("/{feed}/status", ["POST", "PUT"],
            (HttpContext context, string feed, PackagesApi api) => api.SetStatusAsync(context, feed));
    }

    async Task<IResult> FeedAsync(HttpContext context, string feed)
    {
        if (await OpenOrNullAsync(context, feed, FeedAccess.Download) is not var (served, _))
            return Results.Empty;
        return Results.Json(new JsonObject
        {
            ["id"] = served.Feed.FeedId,
            ["name"] = served.Feed.Name,
            ["feedType"] = served.Type.Key,
            ["packageType"] = served.Type.PackageType,
        });
    }

    async Task<IResult> LatestAsync(HttpContext context, string feed)
    {
        if (await OpenOrNullAsync(context, feed, FeedAccess.Download) is not var (served, _))
            return Results.Empty;
        var stableOnly = PackageChoice.Text(context.Request.Query, "stableOnly").ToUpperInvariant() switch
        {
            "" or "FALSE" => false,
            "TRUE" => true,
            _ => throw ApiRefusal.Invalid("stableOnly", "must be true or false"),
        };
        var decided = await DecidedAsync(context, served);
        var found = (await FindAsync(context, served)).Where(item => StatusOf(decided, served, item.Package).Listed);
        var newest = found.GroupBy(item => served.Type.Normalize(item.Package) with { Version = "" })
            .Select(package => (Items: package, Version: PackageChoice.NewestOf(
                package.Select(item => item.Package.Version), stableOnly ? "latest-stable" : "latest-unstable",
                served.Type)))
            .SelectMany(package => package.Items.Where(item => item.Package.Version == package.Version));
        return await JsonAsync(served, newest, decided, context.RequestAborted);
    }

    async Task<IResult> VersionsAsync(HttpContext context, string feed)
    {
        if (await OpenOrNullAsync(context, feed, FeedAccess.Download) is not var (served, _))
            return Results.Empty;
        var found = await FindAsync(context, served);
        var choice = PackageChoice.ReadOrNull(context.Request.Query, served.Type);
        return await JsonAsync(served, choice is { Package.Version.Length: > 0 }
            ? choice.Choose(found, item => item.Package, served.Type)
            : found, await DecidedAsync(context, served), context.RequestAborted);
    }

    async Task<IResult> DownloadAsync(HttpContext context, string feed)
    {
        if (await OpenOrNullAsync(context, feed, FeedAccess.Download) is not var (served, caller))
            return Results.Empty;
        var choice = PackageChoice.Read(context.Request.Query, served.Type);
        var (file, found) = await FileAsync(choice, served, context.RequestAborted);
        if (FeedRequest.TryRead("GET", file.RawPath, file.RawQuery) is not { } request)
            throw ApiRefusal.Invalid("name", "is not one of a package");
        context.Response.OnStarting(() =>
        {
            if (context.Response.StatusCode is StatusCodes.Status200OK or StatusCodes.Status206PartialContent)
            {
                var disposition = new ContentDispositionHeaderValue("attachment");
                disposition.SetHttpFileName(file.FileName);
                context.Response.Headers.ContentDisposition = disposition.ToString();
            }

            return Task.CompletedTask;
        });
        await gateway.DownloadAsync(context, served, caller, request, found);
        return Results.Empty;
    }

    async Task<IResult> UploadAsync(HttpContext context, string feed)
    {
        if (await OpenOrNullAsync(context, feed, FeedAccess.Upload) is not var (served, caller))
            return Results.Empty;
        UploadLimits.Lift(context, settings.UploadBytesMax);
        var (path, query) = RawTarget.Below(context, PrefixSegments);
        if (FeedRequest.TryRead("PUT", path, query) is not { } upload)
            throw ApiRefusal.Invalid("file", "is not the name of a file");
        var answer = await served.Type.UploadAsync(
            upload with
            {
                Body = context.Request.Body,
                ContentType = context.Request.ContentType,
                UserName = caller.Name,
            },
            served.Tree, context.RequestAborted);
        if (answer is LocalAnswer.Status { Code: not (StatusCodes.Status200OK or StatusCodes.Status201Created) } no)
            throw new ApiRefusal(no.Code, no.Message);
        return Results.Ok();
    }

    async Task<IResult> DeleteAsync(HttpContext context, string feed)
    {
        if (await OpenOrNullAsync(context, feed, FeedAccess.Delete) is not var (served, _))
            return Results.Empty;
        var choice = PackageChoice.Read(context.Request.Query, served.Type);
        if (choice.Newest is not null)
            throw ApiRefusal.Invalid("version", "must be named to delete it");
        var own = await LocalPackages.FindAsync(served.Type, served.Tree, choice.Package, choice.IsOf,
            context.RequestAborted);
        var chosen = choice.Choose(own, package => package.Package, served.Type)
            .DistinctBy(package => string.Join('\0', package.File.Removed ?? package.Path)).ToList();
        var only = OnlyOne(chosen, package => package.Package, choice, served);
        if (!served.Tree.Delete([.. only.File.Removed ?? only.Path]))
            throw Missing(choice, served); // by another request, this moment
        return Results.Ok();
    }

    /// <summary>
    /// Lists, refuses or deprecates a version. It may be a connector's; of a name that is here, it must be here.
    /// </summary>
    async Task<IResult> SetStatusAsync(HttpContext context, string feed)
    {
        if (await OpenOrNullAsync(context, feed, FeedAccess.Delete) is not var (served, caller))
            return Results.Empty;
        var ct = context.RequestAborted;
        var choice = PackageChoice.Read(context.Request.Query, served.Type);
        if (choice.Newest is not null)
            throw ApiRefusal.Invalid("version", "must be named");
        var given = await ApiFields.ReadAsync(context);
        var own = await LocalPackages.FindAsync(served.Type, served.Tree, choice.Package, choice.IsOf, ct);
        var chosen = choice.Choose(own, package => package.Package, served.Type);
        if (chosen.Count == 0 && (own.Count > 0 || served.Feed.Connectors.Count == 0))
            throw Missing(choice, served);

        var package = chosen.Count > 0 ? chosen[0].Package : choice.Package;
        var reason = given.Text("deprecationReason");
        if (reason?.Length > ReasonLengthMax)
            throw ApiRefusal.Invalid("deprecationReason", $"must not be longer than {ReasonLengthMax} characters");
        var (listed, allow, deprecated) = (given.Flag("listed"), given.Flag("allow"), given.Flag("deprecated"));
        await statusStore.ChangeAsync(
            KeyOf(served, package), $"{served.Feed.Name}: {served.Type.Purl(package)}",
            before => new PackageStatus
            {
                Listed = listed ?? before.Listed,
                Allow = allow ?? before.Allow,
                Deprecated = deprecated ?? before.Deprecated,
                DeprecationReason = reason ?? before.DeprecationReason,
            },
            caller.ActorFor(context), ct);
        await feeds.ReloadAsync(ct); // other nodes hear of it through the database
        return Results.Ok();
    }

    ValueTask<(ServedFeed Served, Caller Caller)?> OpenOrNullAsync(
        HttpContext context, string feed, FeedAccess access) =>
        ApiFeeds.OpenOrNullAsync(context, feeds, callers, feed, access);

    /// <summary>
    /// What the query asks for, all versions of it, by package and the newest first: the feed's own, and of names that
    /// it has not itself, what was deployed through its connectors.
    /// </summary>
    async Task<IReadOnlyList<ListedPackage>> FindAsync(HttpContext context, ServedFeed served)
    {
        var ct = context.RequestAborted;
        var type = served.Type;
        var choice = PackageChoice.ReadOrNull(context.Request.Query, type);
        var group = choice is null && PackageChoice.Text(context.Request.Query, "group") is { Length: > 0 } given
            ? type.Normalize(type.FromNames(given, "x", "")).Group
            : null;
        var own = await LocalPackages.FindAsync(type, served.Tree, choice?.Package, IsWanted, ct);
        var listed = own.Select(package => new ListedPackage(package.Package, package.Path, null)).ToList();
        if (served.Feed.Connectors.Count > 0)
        {
            var ownNames = own.Select(package => type.Normalize(package.Package) with { Version = "" }).ToHashSet();
            var rows = await deployed.ThroughFeedAsync(served.Feed.FeedId, type.PackageType,
                choice?.Keys.Group ?? group, choice?.Keys.Name, DeployedRowsMax, ct);
            listed.AddRange(rows
                .Select(row => new ListedPackage(
                    new PackageCoordinates(row.GroupName, row.Name, row.Version, row.Qualifier), null, row.FirstSeenAt))
                .Where(item => !ownNames.Contains(type.Normalize(item.Package) with { Version = "" })));
        }

        return [.. listed.OrderBy(item => item.Package.Name, StringComparer.OrdinalIgnoreCase)
            .ThenBy(item => item.Package.Group, StringComparer.OrdinalIgnoreCase)
            .ThenByDescending(item => type.VersionOrder.SortKey(item.Package.Version), PackageChoice.KeyOrder)
            .ThenBy(item => item.Package.Qualifier, StringComparer.Ordinal)];

        bool IsWanted(PackageKeys keys) => choice?.IsOf(keys) ?? (group is null || keys.Group == group);
    }

    Task<IReadOnlyDictionary<FeedVersionKey, PackageStatus>> DecidedAsync(HttpContext context, ServedFeed served) =>
        statuses.OfFeedAsync(
            served.Feed.FeedId, PackageChoice.ReadOrNull(context.Request.Query, served.Type)?.Keys.Name,
            context.RequestAborted);

    static PackageStatus StatusOf(
        IReadOnlyDictionary<FeedVersionKey, PackageStatus> decided, ServedFeed served, PackageCoordinates package) =>
        decided.GetValueOrDefault(KeyOf(served, package)) ?? new PackageStatus();

    static FeedVersionKey KeyOf(ServedFeed served, PackageCoordinates package)
    {
        var keys = served.Type.Normalize(package);
        return new FeedVersionKey(served.Feed.FeedId, keys.Group, keys.Name, keys.Version);
    }

    /// <summary>The file that is meant.</summary>
    /// <exception cref="ApiRefusal">404: there is none. 400: there are several.</exception>
    /// <returns>Its address, and where a connector has it when that does not tell.</returns>
    async ValueTask<(PackageFile File, UpstreamFile? Found)> FileAsync(
        PackageChoice choice, ServedFeed served, CancellationToken ct)
    {
        // Most addresses follow from the names, so that nothing needs to be searched for.
        if (choice.Newest is null && served.Type.FileOf(choice.Exact) is { } direct
            && FeedRequest.TryRead("GET", direct.RawPath, direct.RawQuery) is { } request
            && await served.Type.AnswerAsync(request, served.Tree, ct) is LocalAnswer.File)
            return (direct, null);
        var own = await LocalPackages.FindAsync(served.Type, served.Tree, choice.Package, choice.IsOf, ct);
        // A name that is here is answered from here alone, as at the feed's own addresses.
        return own.Count > 0
            ? (OnlyOne(choice.Choose(own, package => package.Package, served.Type), package => package.Package, choice,
                served).File, null)
            : await UpstreamFileAsync(choice, served, ct);
    }

    static T OnlyOne<T>(
        IReadOnlyList<T> chosen, Func<T, PackageCoordinates> packageOf, PackageChoice choice, ServedFeed served) =>
        chosen switch
        {
            [] => throw Missing(choice, served),
            [var only] => only,
            _ => throw ApiRefusal.Invalid("qualifier", "must tell which of these is meant: "
                + string.Join(", ", chosen.Select(file => packageOf(file).Qualifier).Distinct()
                    .Order(StringComparer.Ordinal).Take(20))),
        };

    async ValueTask<(PackageFile File, UpstreamFile? Found)> UpstreamFileAsync(
        PackageChoice choice, ServedFeed served, CancellationToken ct)
    {
        if (served.Feed.Connectors.Count == 0)
            throw Missing(choice, served);
        if (served.Type.IndexPaths(choice.Located).Count > 0)
        {
            try
            {
                var files = await indexes.FindAsync(served, choice.Located, choice.IsOf, ct);
                var chosen = choice.Choose(files, file => file.Package, served.Type)
                    .DistinctBy(file => file.Address).ToList();
                var only = OnlyOne(chosen, file => file.Package, choice, served);
                return (only.File, only);
            }
            catch (HttpRequestException exception)
            {
                throw new ApiRefusal(StatusCodes.Status502BadGateway, exception.Message);
            }
        }

        if (choice.Newest is "latest-stable" or "latest-unstable")
            throw ApiRefusal.Invalid("version", "of a connector's package must be named, or be 'latest'");
        var file = served.Type.FileOf(choice.Exact) ?? throw ApiRefusal.NotFound(
            $"{served.Feed.Name} has no {choice.Package.Name} of its own, and its connectors cannot be asked for it "
            + "by this name alone: say the version, and in the qualifier what tells its files apart.");
        return (file, null);
    }

    static ApiRefusal Missing(PackageChoice choice, ServedFeed served) => ApiRefusal.NotFound(
        $"{choice.Package.Name} {choice.Package.Version} is not in {served.Feed.Name}.");

    static async Task<IResult> JsonAsync(
        ServedFeed served, IEnumerable<ListedPackage> items,
        IReadOnlyDictionary<FeedVersionKey, PackageStatus> decided, CancellationToken ct)
    {
        var json = new JsonArray();
        foreach (var item in items)
        {
            StoredFile? stored = null;
            if (item.Path is { } path && (stored = await served.Tree.InfoAsync(ct, path)) is null)
                continue; // deleted this moment
            json.Add(ToJson(
                served.Type.Purl(item.Package), item.Package, stored, stored?.UploadedAt ?? item.FirstSeenAt!.Value,
                StatusOf(decided, served, item.Package)));
        }

        return Results.Json(json);
    }

    static JsonObject ToJson(
        string purl, PackageCoordinates package, StoredFile? stored, DateTimeOffset published, PackageStatus status)
    {
        var json = new JsonObject { ["purl"] = purl };
        if (package.Group.Length > 0)
            json["group"] = package.Group;
        json["name"] = package.Name;
        json["version"] = package.Version;
        if (package.Qualifier.Length > 0)
            json["qualifier"] = package.Qualifier;
        json["totalDownloads"] = 0;
        json["downloads"] = 0;
        json["published"] = published.UtcDateTime;
        if (stored is { UploadedBy.Length: > 0 })
            json["publishedBy"] = stored.UploadedBy;
        json["size"] = stored?.Size ?? 0;
        json["listed"] = status.Listed;
        if (stored is not null)
        {
            json["md5"] = stored.Md5;
            json["sha1"] = stored.Sha1;
            json["sha256"] = stored.Sha256;
            json["sha512"] = stored.Sha512;
        }

        if (status.Allow is { } allow)
            json["allowDownload"] = allow;
        json["deprecated"] = status.Deprecated;
        if (status.DeprecationReason.Length > 0)
            json["deprecationReason"] = status.DeprecationReason;
        return json;
    }

    /// <summary>A package version as a listing has it.</summary>
    /// <param name="Package">The package.</param>
    /// <param name="Path">Its place in the tree; null when a connector has it.</param>
    /// <param name="FirstSeenAt">When it was first recorded; null when it is the feed's own.</param>
    sealed record ListedPackage(PackageCoordinates Package, string[]? Path, DateTimeOffset? FirstSeenAt);
}
