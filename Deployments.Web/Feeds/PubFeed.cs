using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Dart and Flutter packages, as the pub client reads them from a hosted repository.</summary>
/// <remarks>
/// See "Hosted Pub Repository Specification Version 2". Archives are led to
/// <c>packages/{name}/versions/{version}.tar.gz</c>. A tree that was dropped in needs <c>api/packages/{name}</c> beside
/// them; of what <c>dart pub publish</c> sends, that is made here.
/// </remarks>
public sealed partial class PubFeed : StaticFeed
{
    const string ArchiveExtension = ".tar.gz";

    static readonly string[] OtherNames = ["dart"];

    /// <inheritdoc/>
    /// <remarks>Of its API.</remarks>
    public override IReadOnlyList<string>? QueryParameters(FeedRequest request) =>
        TryReadDownload(request) is null ? null : [];

    /// <inheritdoc/>
    public override string Key => "pub";

    /// <inheritdoc/>
    public override string DisplayName => "pub";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public override string? OsvEcosystem => "Pub";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => PubVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) =>
        new("", package.Name.ToLowerInvariant(), package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) =>
        PackageUrl.Of(PackageType, "", package.Name.ToLowerInvariant(), package.Version);

    /// <inheritdoc/>
    /// <remarks>Publishing upstream is not what a connector is for.</remarks>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        request.Segments is ["api", "packages", "versions", ..] ? null : base.UpstreamUrl(request, connector, index);

    /// <inheritdoc/>
    public override bool RewritesAnswer(FeedRequest request) =>
        request.Segments is ["api", "packages", _] or ["api", "packages", _, "versions", _];

    /// <inheritdoc/>
    public override byte[] Rewrite(byte[] document, RewriteContext context)
    {
        try
        {
            var json = JsonNode.Parse(document) as JsonObject ?? throw new FormatException("The answer is no object.");
            var name = context.Request.Segments[2];
            foreach (var version in (json["versions"] as JsonArray ?? []).Append(json["latest"]).Append(json))
            {
                if (version is JsonObject entry && TextOf(entry["archive_url"]) is { } url
                    && TextOf(entry["version"]) is { } number
                    && Uri.TryCreate(context.Connector, url, out var upstream) && upstream.Scheme is "http" or "https")
                {
                    entry["archive_url"] = context.Lead(
                        upstream, "packages", name, "versions", number + ArchiveExtension).AbsoluteUri;
                }
            }

            return JsonSerializer.SerializeToUtf8Bytes(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("The upstream's description of the package cannot be read.", e);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<IReadOnlyList<string>> IndexPaths(PackageCoordinates package) =>
        [[PathOf("api", "packages", package.Name)]];

    /// <inheritdoc/>
    public override bool IsPrerelease(string version) => SemVerSyntax.IsPrerelease(version);

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        "packages", package.Name, "versions", package.Version + ArchiveExtension);

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("dart, flutter", $"export PUB_HOSTED_URL={feed.AbsoluteUri.TrimEnd('/')}"),
        new("dart pub publish", $"""
            # pubspec.yaml
            publish_to: {feed.AbsoluteUri.TrimEnd('/')}
            # once: dart pub token add {feed.AbsoluteUri.TrimEnd('/')}
            """),
    ];

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is not (["packages", _, "versions", _] or ["api", "archives", _])
            || !path[^1].EndsWith(ArchiveExtension, StringComparison.Ordinal))
            return null;
        var stem = path[^1][..^ArchiveExtension.Length];
        // Names have no dash in them.
        var dash = stem.IndexOf('-', StringComparison.Ordinal);
        var (name, version) = path.Length == 4 ? (path[1], stem) : dash > 0 ? (stem[..dash], stem[(dash + 1)..])
            : ("", "");
        return NamePattern().IsMatch(name) && SemVerSyntax.IsVersion(version)
            ? new PackageCoordinates("", name, version)
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    protected override string MediaType(string file) =>
        file.EndsWith(".gz", StringComparison.Ordinal) ? "application/gzip" : "application/vnd.pub.v2+json";

    static string? TextOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    [GeneratedRegex(@"\A[A-Za-z0-9_]{1,64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
