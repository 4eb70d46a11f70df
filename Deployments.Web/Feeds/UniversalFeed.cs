using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Universal packages: zip files with an <c>upack.json</c> and content below <c>package/</c>. This file: names and
/// paths. <c>UniversalFeed.Local.cs</c>: the feed's own packages.
/// </summary>
/// <remarks>
/// See ProGet's Universal Feed API. <c>latest</c> is the highest version that is no pre-release, else the highest. The
/// content of a connector's package (<c>contentOnly</c>) is made by the upstream.
/// </remarks>
public sealed partial class UniversalFeed : IFeedType
{
    static readonly string[] DownloadParameters = ["contentOnly", "latest"];
    static readonly string[] OtherNames = ["upack", "romp", "Universal Package", "Universal Packages"];

    /// <inheritdoc/>
    public string Key => "universal";

    /// <inheritdoc/>
    public string DisplayName => "Universal";

    /// <inheritdoc/>
    public string Root => "upack";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public string PackageType => "upack";

    /// <inheritdoc/>
    public string? OsvEcosystem => null;

    /// <inheritdoc/>
    public IVersionOrder VersionOrder => SemVerVersionOrder.Instance;

    /// <inheritdoc/>
    public PackageCoordinates? TryReadDownload(FeedRequest request) =>
        Endpoint(request) == "download" ? PackageIn(request) : null;

    /// <inheritdoc/>
    public IReadOnlyList<string>? QueryParameters(FeedRequest request) =>
        TryReadDownload(request) is null ? null : DownloadParameters;

    /// <inheritdoc/>
    /// <remarks>No name has a slash in it: what comes before one is the group.</remarks>
    public PackageCoordinates FromNames(string group, string name, string version)
    {
        var path = name.Trim('/');
        var slash = path.LastIndexOf('/');
        return group.Length == 0 && slash > 0
            ? new PackageCoordinates(path[..slash], path[(slash + 1)..], version)
            : new PackageCoordinates(group.Trim('/'), name, version);
    }

    /// <inheritdoc/>
    public PackageKeys Normalize(PackageCoordinates package) => new(
        package.Group.Trim('/').ToLowerInvariant(), package.Name.ToLowerInvariant(),
        package.Version.ToLowerInvariant());

    /// <inheritdoc/>
    public string Purl(PackageCoordinates package) =>
        PackageUrl.Of(PackageType, package.Group, package.Name, package.Version);

    /// <inheritdoc/>
    public FeedAccess RequiredAccess(FeedRequest request) => request.Method switch
    {
        "GET" or "HEAD" or "OPTIONS" => FeedAccess.Download,
        "DELETE" => FeedAccess.Delete,
        _ when Endpoint(request) == "delete" => FeedAccess.Delete,
        _ => FeedAccess.Upload,
    };

    /// <inheritdoc/>
    public Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        request.Method is "GET" or "HEAD" && request.Segments.Count > 0
            ? new Uri($"{connector.AbsoluteUri.TrimEnd('/')}/{request.RawPath}{request.RawQuery}")
            : null;

    // The address of a universal feed itself is not one that answers.
    /// <inheritdoc/>
    public Uri UpstreamProbe(Uri connector) => new($"{connector.AbsoluteUri.TrimEnd('/')}/packages");

    /// <inheritdoc/>
    public IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("pgutil", $"pgutil sources add --name=feed --url={feed.GetLeftPart(UriPartial.Authority)}"),
        new("curl", $"curl -O {feed}download/mygroup/acme/1.0.0"),
    ];

    /// <inheritdoc/>
    public FeedRequest? VersionListRequest(FeedRequest download) => TryReadDownload(download) is { } package
        ? download.For(
            "versions", $"?group={Uri.EscapeDataString(package.Group)}&name={Uri.EscapeDataString(package.Name)}")
        : null;

    /// <inheritdoc/>
    public FeedRequest? WithNewestVersion(FeedRequest download, byte[] versionList)
    {
        if (TryReadDownload(download) is not { } package
            || SemVerSyntax.Newest(VersionsIn(versionList)) is not { } version)
            return null;
        var path = package.Group.Split('/', StringSplitOptions.RemoveEmptyEntries).Append(package.Name).Append(version);
        var query = download.Query("contentOnly") is { } format ? $"?contentOnly={Uri.EscapeDataString(format)}" : "";
        return download.For($"download/{string.Join('/', path.Select(PercentEncoding.EncodeSegment))}", query);
    }

    static string Endpoint(FeedRequest request) =>
        request.Segments.Count > 0 ? request.Segments[0].ToLowerInvariant() : "";

    /// <summary>
    /// The package that stands behind the endpoint: <c>{group…}/{name}/{version}</c>, or <c>{group…}/{name}</c> with
    /// <c>?latest</c>, which decides what a last segment such as <c>1.0.0</c> is. Null when it is neither.
    /// </summary>
    static PackageCoordinates? PackageIn(FeedRequest request)
    {
        string[] path = [.. request.Segments.Skip(1).SelectMany(segment => segment.Split('/'))];
        var version = "";
        if (request.Query("latest") is null)
        {
            if (path.Length < 2 || !SemVerSyntax.IsVersion(path[^1]))
                return null;
            (path, version) = (path[..^1], path[^1]);
        }

        if (path.Length == 0)
            return null;
        var group = string.Join('/', path[..^1]);
        return UniversalManifest.IsName(path[^1]) && UniversalManifest.IsGroup(group)
            ? new PackageCoordinates(group, path[^1], version)
            : null;
    }

    static IReadOnlyList<string> VersionsIn(byte[] list)
    {
        try
        {
            var items = JsonNode.Parse(list) is { } json ? json as JsonArray ?? new JsonArray(json) : [];
            return [.. items.OfType<JsonObject>().Select(item => item["version"] as JsonValue)
                .Select(value => value is not null && value.TryGetValue<string>(out var text) ? text : "")];
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return [];
        }
    }
}
