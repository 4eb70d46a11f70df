using System.Text.Json;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Container images and other OCI artefacts. This file: names, paths and connectors. <c>DockerFeed.Local.cs</c>: images
/// pushed to the feed.
/// </summary>
/// <remarks>
/// See the "OCI Distribution Specification" 1.1. An image is deployed when its manifest is fetched: by tag, or by
/// digest.
/// The manifests of an index's platforms belong to it (<see cref="ChildVersions"/>); blobs never count. A connector's
/// address is the registry's; one that ends in <c>/library</c> keeps there the names of one segment.
/// </remarks>
public sealed partial class DockerFeed : IFeedType
{
    const int ManifestBytesMax = 4 << 20; // what registries accept, says the specification
    const string Library = "library";

    static readonly string[] OtherNames = ["oci", "Container registry"];
    static readonly string[] Links = ["Link"];
    static readonly string[] TagParameters = ["n", "last"];
    static readonly string[] ReferrerParameters = ["artifactType"];

    enum Part { Other, Manifest, Blob, Uploads, Upload, Tags, Referrers }

    /// <summary>What a path asks for.</summary>
    /// <param name="Part">The kind of thing.</param>
    /// <param name="Repository">The image's name; its slashes separate segments.</param>
    /// <param name="Reference">A tag, a digest, or the name of an upload in progress.</param>
    sealed record Route(Part Part, string Repository = "", string Reference = "");

    /// <inheritdoc/>
    public string Key => "docker";

    /// <inheritdoc/>
    public string DisplayName => "Docker";

    /// <inheritdoc/>
    public string Root => "v2";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public string PackageType => "docker";

    /// <inheritdoc/>
    public string? OsvEcosystem => null;

    /// <inheritdoc/>
    public IVersionOrder VersionOrder => NaturalVersionOrder.Instance;

    /// <inheritdoc/>
    /// <remarks>A tag moves; a digest does not.</remarks>
    public bool IsImmutable(FeedRequest request, PackageCoordinates package) =>
        DigestPattern().IsMatch(RouteOf(request).Reference);

    /// <inheritdoc/>
    public IReadOnlyList<string>? QueryParameters(FeedRequest request) => RouteOf(request).Part switch
    {
        Part.Tags => TagParameters,
        Part.Referrers => ReferrerParameters,
        _ => [], // containerd's "ns" too, which names the registry that it would have asked
    };

    /// <inheritdoc/>
    public bool IsContentAddressed(FeedRequest request) =>
        RouteOf(request) is { Part: Part.Blob } blob && DigestPattern().IsMatch(blob.Reference);

    /// <inheritdoc/>
    public PackageCoordinates? TryReadDownload(FeedRequest request) =>
        RouteOf(request) is { Part: Part.Manifest } manifest
            ? new PackageCoordinates("", manifest.Repository, manifest.Reference)
            : null;

    /// <inheritdoc/>
    /// <remarks>Tags move; the digest says what was meant.</remarks>
    public PackageCoordinates WithAnswer(PackageCoordinates package, Func<string, string?> header) =>
        !DigestPattern().IsMatch(package.Version) && package.Qualifier.Length == 0
        && header("Docker-Content-Digest") is { } digest && DigestPattern().IsMatch(digest)
            ? package with { Qualifier = PackageCoordinates.QualifierOf(("digest", digest)) }
            : package;

    /// <inheritdoc/>
    public int HeadLength(FeedRequest download) => ManifestBytesMax;

    /// <inheritdoc/>
    public IReadOnlyList<string> ChildVersions(FeedRequest download, ReadOnlyMemory<byte> head)
    {
        try
        {
            using var manifest = JsonDocument.Parse(head);
            return manifest.RootElement.ValueKind == JsonValueKind.Object
                && manifest.RootElement.TryGetProperty("manifests", out var list)
                    && list.ValueKind == JsonValueKind.Array
                ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object
                    && item.TryGetProperty("digest", out var digest) && digest.ValueKind == JsonValueKind.String)
                    .Select(item => item.GetProperty("digest").GetString()!)
                    .Where(digest => DigestPattern().IsMatch(digest))]
                : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // half a character, perhaps
        {
            return [];
        }
    }

    /// <inheritdoc/>
    public PackageKeys Normalize(PackageCoordinates package) => new(
        "",
        (package.Group.Length > 0 ? $"{package.Group}/{package.Name}" : package.Name).ToLowerInvariant(),
        package.Version);

    /// <inheritdoc/>
    public string Purl(PackageCoordinates package)
    {
        var name = Normalize(package).Name;
        var slash = name.LastIndexOf('/');
        return PackageUrl.Of(PackageType, slash < 0 ? "" : name[..slash], name[(slash + 1)..], package.Version);
    }

    /// <inheritdoc/>
    public Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index)
    {
        var route = RouteOf(request);
        if (request.Method is not ("GET" or "HEAD")
            || route.Part is not (Part.Manifest or Part.Blob or Part.Tags or Part.Referrers))
            return null;
        var address = connector.AbsoluteUri.TrimEnd('/');
        var prefix = "";
        if (address.EndsWith("/" + Library, StringComparison.Ordinal))
        {
            address = address[..^(Library.Length + 1)];
            prefix = route.Repository.Contains('/', StringComparison.Ordinal) ? "" : Library + "/";
        }

        if (!new Uri(address).AbsolutePath.StartsWith("/v2", StringComparison.Ordinal))
            address += "/v2";
        return new Uri($"{address}/{prefix}{request.RawPath}{request.RawQuery}");
    }

    /// <inheritdoc/>
    public bool HasRegistryTokens => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> RewrittenHeaders => Links;

    /// <inheritdoc/>
    /// <remarks>The next page of a list of tags lies at an address of the upstream's.</remarks>
    public string? RewriteHeader(string name, string value, RewriteContext context)
    {
        var mark = value.IndexOf('?', StringComparison.Ordinal);
        var end = value.IndexOf('>', StringComparison.Ordinal);
        return mark >= 0 && end > mark && Uri.IsWellFormedUriString(value[mark..end], UriKind.Relative)
            ? $"<{context.Request.UrlOf([.. context.Request.Segments]).AbsolutePath}{value[mark..]}"
            : null;
    }

    /// <inheritdoc/>
    public string DownloadPath(PackageCoordinates package) => $"{Normalize(package).Name}/manifests/{package.Version}";

    /// <inheritdoc/>
    public IReadOnlyList<ClientSetup> ClientSetups(Uri feed)
    {
        var image = $"{feed.Authority}/{feed.AbsolutePath.Trim('/').Split('/')[^1]}/acme:1.0";
        return
        [
            new("docker, podman", $"""
                docker login {feed.Authority} --username api
                docker pull {image}
                """),
            new("docker, recording each pull", """
                # ~/.docker/config.json, with a Docker engine that stores images itself
                { "HttpHeaders": {
                    "X-Meta-ProGet-Deployment-Application": "docker",
                    "X-Meta-ProGet-Deployment-Description": "Pulled by hand",
                    "X-Meta-ProGet-Deployment-Target": "web-01" } }
                """),
            new("containerd, recording each pull", $"""
                # /etc/containerd/certs.d/{feed.Authority}/hosts.toml
                server = "{feed.GetLeftPart(UriPartial.Authority)}"
                [host."{feed.GetLeftPart(UriPartial.Authority)}".header]
                  X-ProGet-Deployment-Application = "kubernetes"
                  X-ProGet-Deployment-Description = "Pulled by the node"
                  X-ProGet-Deployment-Target = "node-01"
                """),
            new("skopeo", $"skopeo copy docker://{image} dir:acme"),
        ];
    }

    static Route RouteOf(FeedRequest request)
    {
        string[] path = [.. request.Segments];
        var (part, name, reference) = path switch
        {
            [.. var before, "blobs", "uploads"] => (Part.Uploads, before, ""),
            [.. var before, "blobs", "uploads", var upload] when UploadPattern().IsMatch(upload) =>
                (Part.Upload, before, upload),
            [.. var before, "blobs", var digest] when DigestPattern().IsMatch(digest) => (Part.Blob, before, digest),
            [.. var before, "manifests", var tag] when TagPattern().IsMatch(tag) || DigestPattern().IsMatch(tag) =>
                (Part.Manifest, before, tag),
            [.. var before, "tags", "list"] => (Part.Tags, before, ""),
            [.. var before, "referrers", var digest] when DigestPattern().IsMatch(digest) =>
                (Part.Referrers, before, digest),
            _ => (Part.Other, [], ""),
        };
        var repository = string.Join('/', name);
        return part != Part.Other && repository.Length <= RepositoryLengthMax
            && name.Length > 0 && name.All(segment => NamePattern().IsMatch(segment))
            ? new Route(part, repository, reference)
            : new Route(Part.Other);
    }

    const int RepositoryLengthMax = 230;

    [GeneratedRegex(@"\A[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"\A(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\z", RegexOptions.NonBacktracking)]
    private static partial Regex DigestPattern();

    [GeneratedRegex(@"\A[0-9a-f]{32}\z", RegexOptions.NonBacktracking)]
    private static partial Regex UploadPattern();
}
