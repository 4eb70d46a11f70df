using System.Text.Json;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Everything that differs from one package ecosystem to the next, in one file each. Implementations are stateless and
/// know neither HTTP nor SQL: they read paths, rewrite documents and arrange files in a <see cref="PackageTree"/>.
/// </summary>
public interface IFeedType
{
    /// <summary>
    /// The key stored with a feed, lower case: <c>nuget</c>, <c>npm</c>, <c>maven</c>, <c>universal</c>.
    /// </summary>
    string Key { get; }

    /// <summary>The name people know the type by: <c>NuGet</c>, <c>npm</c>.</summary>
    string DisplayName { get; }

    /// <summary>The first segment of the feed's URLs: <c>/nuget/{feed}/…</c>, <c>/maven2/{feed}/…</c>.</summary>
    string Root { get; }

    /// <summary>
    /// What separates the feed's name from the first segment of the path where clients have no other place for it
    /// (<c>/terraform/{feed}__{namespace}/…</c>); null where the feed's name stands alone.
    /// </summary>
    string? FeedNameSeparator => null;

    /// <summary>
    /// Further names under which tools create such a feed; compared without case. Empty when there are none.
    /// </summary>
    IReadOnlyList<string> Aliases { get; }

    /// <summary>The package URL type (<c>pkg:TYPE/…</c>). Feed types that share it share their packages.</summary>
    string PackageType { get; }

    /// <summary>The ecosystem name that OSV advisories use, or null when OSV has none for this type.</summary>
    string? OsvEcosystem { get; }

    /// <summary>How versions of this type are ordered.</summary>
    IVersionOrder VersionOrder { get; }

    /// <summary>
    /// The package whose file this request downloads, or null when it asks for anything else: an index, a checksum,
    /// a signature. Looks at the path and the query only, never at the method.
    /// </summary>
    /// <returns>
    /// Coordinates in the spelling of the URL. An empty version means "the newest": the source that answers
    /// says which one that was.
    /// </returns>
    PackageCoordinates? TryReadDownload(FeedRequest request);

    /// <summary>
    /// Whether an answer without content (204) delivers the package: its headers say where the file is, and fetching
    /// that is not counted. False where such an answer means that there is none.
    /// </summary>
    bool PointsToPackages => false;

    /// <summary>
    /// Whether the file of a download stays the same for ever, so that it may be kept when a connector has fetched it.
    /// </summary>
    /// <param name="request">A download with its version named.</param>
    /// <param name="package">What <see cref="TryReadDownload"/> made of it.</param>
    bool IsImmutable(FeedRequest request, PackageCoordinates package) => true;

    /// <summary>
    /// Whether a request that is no download of a package is for a part of one that can never change, because its
    /// address is the hash of its content: a layer of an image.
    /// </summary>
    bool IsContentAddressed(FeedRequest request) => false;

    /// <summary>
    /// The parameters that tell what is asked for at an address, for a request to a connector: others neither go there
    /// nor make another answer of it, so that nobody fills the cache with one file under a thousand addresses. Null:
    /// all of them. By default none for files, whose path says all, and all for everything else.
    /// </summary>
    IReadOnlyList<string>? QueryParameters(FeedRequest request) =>
        TryReadDownload(request) is not null || IsContentAddressed(request) ? [] : null;

    /// <summary>
    /// Coordinates from what a tool or a person says where no path does: the group may be part of the name
    /// (<c>@scope/name</c>).
    /// </summary>
    PackageCoordinates FromNames(string group, string name, string version) => new(group, name, version);

    /// <summary>The keys under which two spellings of the same package and version are equal (never throws).</summary>
    PackageKeys Normalize(PackageCoordinates package);

    /// <summary>The package URL of one version; without the version part when the version is empty.</summary>
    string Purl(PackageCoordinates package);

    /// <summary>What a client must be allowed to do for this request.</summary>
    FeedAccess RequiredAccess(FeedRequest request) => request.Method switch
    {
        "GET" or "HEAD" or "OPTIONS" => FeedAccess.Download,
        "DELETE" => FeedAccess.Delete,
        _ => FeedAccess.Upload,
    };

    /// <summary>
    /// Answers from the feed's own files, uploads included. Null: nothing here answers it, the connectors may.
    /// </summary>
    ValueTask<LocalAnswer?> AnswerAsync(FeedRequest request, PackageTree tree, CancellationToken ct);

    /// <summary>
    /// What a package client wants to know of vulnerabilities, where the request asks that; null: something else. It is
    /// asked before anything else.
    /// </summary>
    /// <exception cref="FormatException">It cannot be read; the message says why.</exception>
    ValueTask<ClientAudit?> ReadAuditAsync(FeedRequest request, PackageTree tree, CancellationToken ct) =>
        ValueTask.FromResult<ClientAudit?>(null);

    /// <summary>
    /// The packages whose vulnerabilities the answer to this request tells beside other things: they are then in
    /// <see cref="FeedRequest.Known"/>. Empty: it only tells that there is something to ask; null: neither.
    /// </summary>
    IReadOnlyList<PackageKeys>? PackagesTold(FeedRequest request) => null;

    /// <summary>
    /// The package whose file lies at this place of the tree; null for an index, a signature and the like. By default
    /// the tree is what the feed's addresses say.
    /// </summary>
    /// <param name="path">Decoded segments.</param>
    PackageFile? StoredPackage(string[] path)
    {
        var file = PackageFile.At(path[^1], path) with { Removed = path };
        return FeedRequest.TryRead("GET", file.RawPath) is { } request && TryReadDownload(request) is not null
            ? file
            : null;
    }

    /// <summary>
    /// The directory of the tree that has every version of a package; the tree itself where they may lie anywhere.
    /// </summary>
    /// <param name="package">The package; its version does not matter.</param>
    string[] FolderOf(PackageCoordinates package) => [];

    /// <summary>
    /// Where the file of a package is asked of a connector; null when its name and version do not tell, or when it
    /// has no version and this type cannot leave the newest to the server.
    /// </summary>
    PackageFile? FileOf(PackageCoordinates package) => null;

    /// <summary>
    /// Where <see cref="FileOf"/> cannot tell: the indexes of an upstream that name the package's files, as raw paths
    /// below the feed. Each is a list of forms of which the first that is there is read.
    /// </summary>
    /// <param name="package">
    /// The package with everything that was said of it, its place in a repository too (<c>distro</c>,
    /// <c>component</c>).
    /// </param>
    IReadOnlyList<IReadOnlyList<string>> IndexPaths(PackageCoordinates package) => [];

    /// <summary>
    /// What such an index tells, where it is not one whose addresses <see cref="Rewrite"/> leads through the feed.
    /// </summary>
    /// <exception cref="FormatException">The document is no such index.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or unpacks to too much.</exception>
    PackageIndex ReadIndex(PackageCoordinates package, FeedRequest index, byte[] document) => PackageIndex.Empty;

    /// <summary>Whether a version is a pre-release, which nobody gets who asks for a stable one.</summary>
    bool IsPrerelease(string version) =>
        VersionOrder is SemVerVersionOrder or NuGetVersionOrder && SemVerSyntax.IsPrerelease(version);

    /// <summary>
    /// Stores a package that a tool sends without knowing this type's addresses: the file itself as the body, as a PUT
    /// to its name, to its path in the repository, or to nothing.
    /// </summary>
    ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        ValueTask.FromResult<LocalAnswer>(
            new LocalAnswer.Status(400, $"To a {DisplayName} feed, packages are uploaded by its own clients."));

    /// <summary>
    /// What a feed says when neither its own files nor a connector answered: an empty search result, where a client
    /// would take "not found" for a broken server. Null: not found.
    /// </summary>
    LocalAnswer? EmptyAnswer(FeedRequest request) => null;

    /// <summary>
    /// The index of a whole repository, where neither the feed's own files nor a connector have it: made of the
    /// packages that are here. Null: this type makes none, or of nothing.
    /// </summary>
    /// <param name="request">Asks for it; a GET or HEAD.</param>
    /// <param name="tree">The feed's files.</param>
    /// <param name="mayBeEmpty">
    /// Whether an index without packages is the right answer, because the feed has no connector. An upstream without
    /// an index is no repository, and its clients are to hear that.
    /// </param>
    /// <param name="ct">Gives up.</param>
    ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct) =>
        ValueTask.FromResult<LocalAnswer?>(null);

    /// <summary>
    /// True when a connector's address is an index document that tells where everything else is (NuGet v3); the gateway
    /// then fetches it, keeps it for some minutes and passes it to <see cref="UpstreamUrl"/>.
    /// </summary>
    bool HasUpstreamIndex(Uri connector) => false;

    /// <summary>
    /// What to ask an upstream to see whether it is there and knows us: its index, or where most have one.
    /// </summary>
    /// <param name="connector">The connector's address, as the administrator typed it.</param>
    Uri UpstreamProbe(Uri connector) => connector;

    /// <summary>Where that index document is; the connector's own address unless the type says otherwise.</summary>
    Uri UpstreamIndex(Uri connector) => connector;

    /// <summary>Where upstream the request is answered, or null when the upstream has no such thing.</summary>
    /// <param name="request">The client's request.</param>
    /// <param name="connector">The connector's address, as the administrator typed it.</param>
    /// <param name="index">
    /// The upstream's index document where <see cref="HasUpstreamIndex"/> says so, else null.
    /// </param>
    Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        new($"{connector.AbsoluteUri.TrimEnd('/')}/{request.RawPath}{request.RawQuery}");

    /// <summary>
    /// True when the upstream's answer to this request names addresses that must be rewritten, so that every package
    /// byte passes this server.
    /// </summary>
    bool RewritesAnswer(FeedRequest request) => false;

    /// <summary>The upstream's document with its addresses led through this feed.</summary>
    /// <exception cref="FormatException">The document is not what this type's protocol promises.</exception>
    byte[] Rewrite(byte[] document, RewriteContext context) => document;

    /// <summary>
    /// What to fetch where the client's path carried a sealed address (<see cref="RewriteContext.Lead"/>): that
    /// address, or its neighbour when the client asks for one, such as the signature beside the package.
    /// </summary>
    /// <param name="request">The client's request, whose path follows the sealed address.</param>
    /// <param name="led">The address that was sealed.</param>
    Uri LedUrl(FeedRequest request, Uri led) => led;

    /// <summary>
    /// How many of a package file's first bytes <see cref="TryReadHead"/> wants to see; 0 where the path tells all.
    /// </summary>
    int HeadLength(FeedRequest download) => 0;

    /// <summary>
    /// The package as its own manifest names it, for types whose file names leave something out (an epoch) or can be
    /// read in two ways. Null when these bytes do not tell; then what the path says holds.
    /// </summary>
    /// <param name="download">A request that <see cref="TryReadDownload"/> takes for a download.</param>
    /// <param name="head">
    /// The file's first bytes: <see cref="HeadLength"/>, or fewer when it has no more. They may be anything.
    /// </param>
    PackageCoordinates? TryReadHead(FeedRequest download, ReadOnlyMemory<byte> head) => null;

    /// <summary>
    /// The versions of the same package that a client fetches because this file names them, and that belong to this
    /// download: the manifests of an index's platforms.
    /// </summary>
    /// <param name="download">A request that <see cref="TryReadDownload"/> takes for a download.</param>
    /// <param name="head">The file's first bytes, as for <see cref="TryReadHead"/>.</param>
    IReadOnlyList<string> ChildVersions(FeedRequest download, ReadOnlyMemory<byte> head) => [];

    /// <summary>The response headers of an upstream that name addresses, see <see cref="RewriteHeader"/>.</summary>
    IReadOnlyList<string> RewrittenHeaders => [];

    /// <summary>The header's value with its addresses led through this feed; null when it must not be sent.</summary>
    string? RewriteHeader(string name, string value, RewriteContext context) => value;

    /// <summary>
    /// True when upstreams of this type ask for a token that is had elsewhere, as container registries do.
    /// </summary>
    bool HasRegistryTokens => false;

    /// <summary>
    /// The package with what only the answer tells: a digest, a date. Called when a download's answer is known.
    /// </summary>
    /// <param name="package">What <see cref="TryReadDownload"/> read.</param>
    /// <param name="header">The value of one of the answer's headers, or null.</param>
    PackageCoordinates WithAnswer(PackageCoordinates package, Func<string, string?> header) => package;

    /// <summary>
    /// The path below the feed from which a package is downloaded, raw; what the package does not say (an architecture)
    /// is filled in by an example. For command lines that people copy and change.
    /// </summary>
    /// <param name="package">The package, with a version.</param>
    string DownloadPath(PackageCoordinates package) =>
        PathOf([.. package.Group.Split('/', StringSplitOptions.RemoveEmptyEntries), package.Name, package.Version]);

    /// <summary>A raw path of these segments.</summary>
    protected static string PathOf(params IEnumerable<string> segments) =>
        string.Join('/', segments.Select(PercentEncoding.EncodeSegment));

    /// <summary>How the ecosystem's own clients are pointed at a feed; empty where there is no client.</summary>
    /// <param name="feed">The feed's address with its trailing slash.</param>
    IReadOnlyList<ClientSetup> ClientSetups(Uri feed) => [];

    /// <summary>
    /// For a download whose version is left to the server: the metadata request that lists the versions, or null
    /// when this type always names one.
    /// </summary>
    FeedRequest? VersionListRequest(FeedRequest download) => null;

    /// <summary>
    /// The same download with its newest version named, from the document that <see cref="VersionListRequest"/> asked
    /// for; null when it lists none.
    /// </summary>
    FeedRequest? WithNewestVersion(FeedRequest download, byte[] versionList) => null;
}

/// <summary>What a request to a feed needs permission for.</summary>
public enum FeedAccess
{
    /// <summary>Reads packages and their metadata.</summary>
    Download,

    /// <summary>Adds a package.</summary>
    Upload,

    /// <summary>Removes a package.</summary>
    Delete,
}

/// <summary>How one client is pointed at a feed.</summary>
/// <param name="Client">The client's name, such as <c>pip</c>.</param>
/// <param name="Text">What to run, or to write into the file that its first comment names.</param>
public sealed record ClientSetup(string Client, string Text);
