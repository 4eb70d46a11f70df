using System.Text.Json;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// A feed whose repository is a tree of static files, as apt, dnf, apk and their like read it. The tree is served as
/// it is: dropped in, or uploaded file by file (PUT). Indexes that somebody may have signed are never made here.
/// </summary>
/// <remarks>
/// A package file is never replaced; everything else, indexes above all, is. A package with a file in a directory is
/// answered from there alone: another file of it that is not there is "not found".
/// </remarks>
public abstract class StaticFeed : IFeedType
{
    /// <inheritdoc/>
    public abstract string Key { get; }

    /// <inheritdoc/>
    public abstract string DisplayName { get; }

    /// <inheritdoc/>
    public virtual string Root => Key;

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> Aliases => [];

    /// <inheritdoc/>
    public virtual string? FeedNameSeparator => null;

    /// <inheritdoc/>
    public virtual string PackageType => Key;

    /// <inheritdoc/>
    public virtual string? OsvEcosystem => null;

    /// <inheritdoc/>
    public abstract IVersionOrder VersionOrder { get; }

    /// <inheritdoc/>
    public virtual PackageCoordinates? TryReadDownload(FeedRequest request) =>
        IsPlain(request.Segments) ? TryReadFile([.. request.Segments]) : null;

    /// <inheritdoc/>
    public virtual PackageCoordinates FromNames(string group, string name, string version) => new(group, name, version);

    /// <inheritdoc/>
    public virtual PackageKeys Normalize(PackageCoordinates package) =>
        new(package.Group, package.Name, package.Version);

    /// <inheritdoc/>
    public virtual string Purl(PackageCoordinates package) =>
        PackageUrl.Of(PackageType, package.Group, package.Name, package.Version);

    /// <inheritdoc/>
    public virtual FeedAccess RequiredAccess(FeedRequest request) => request.Method switch
    {
        "GET" or "HEAD" or "OPTIONS" => FeedAccess.Download,
        "DELETE" => FeedAccess.Delete,
        _ => FeedAccess.Upload,
    };

    /// <inheritdoc/>
    public virtual async ValueTask<LocalAnswer?> AnswerAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) => request.Method switch
        {
            "GET" or "HEAD" => await ReadAsync(request, tree, ct),
            "PUT" or "POST" => await StoreAsync(request, tree, ct),
            "DELETE" => await DeleteAsync(request, tree, ct),
            _ => new LocalAnswer.Status(405, $"A {DisplayName} feed does not do this."),
        };

    /// <inheritdoc/>
    public virtual ValueTask<ClientAudit?> ReadAuditAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) => ValueTask.FromResult<ClientAudit?>(null);

    /// <inheritdoc/>
    public virtual IReadOnlyList<PackageKeys>? PackagesTold(FeedRequest request) => null;

    /// <inheritdoc/>
    public virtual LocalAnswer? EmptyAnswer(FeedRequest request) => null;

    /// <inheritdoc/>
    public virtual ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct) =>
        ValueTask.FromResult<LocalAnswer?>(null);

    /// <inheritdoc/>
    public virtual PackageFile? StoredPackage(string[] path) => IsPlain(path) && TryReadFile(path) is not null
        ? PackageFile.At(path[^1], path) with { Removed = path }
        : null;

    /// <inheritdoc/>
    public virtual string[] FolderOf(PackageCoordinates package) => [];

    /// <inheritdoc/>
    public virtual PackageFile? FileOf(PackageCoordinates package) => null;

    /// <inheritdoc/>
    public virtual IReadOnlyList<IReadOnlyList<string>> IndexPaths(PackageCoordinates package) => [];

    /// <inheritdoc/>
    public virtual PackageIndex ReadIndex(PackageCoordinates package, FeedRequest index, byte[] document) =>
        PackageIndex.Empty;

    /// <inheritdoc/>
    public virtual bool IsPrerelease(string version) =>
        VersionOrder is SemVerVersionOrder && SemVerSyntax.IsPrerelease(version);

    /// <inheritdoc/>
    /// <remarks>A path is kept as it is; a mere file is filed by <see cref="PlaceOf"/>.</remarks>
    public virtual ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        upload.Segments.Count > 1 ? StoreAsync(upload, tree, ct) : FileAsync(upload, tree, ct);

    /// <summary>Stores a package that came without its path where <see cref="PlaceOf"/> says.</summary>
    protected async ValueTask<LocalAnswer> FileAsync(FeedRequest upload, PackageTree tree, CancellationToken ct)
    {
        try
        {
            await using var spool = await tree.SpoolAsync(upload.Body, ct);
            var manifest = await ReadUploadAsync(upload, spool, ct);
            if (PlaceOf(upload, manifest) is not { } path || TryReadFile(path) is null)
            {
                return new LocalAnswer.Status(400,
                    "It cannot be told which package this is: name the file, or its path in the repository.");
            }

            spool.Position = 0;
            return await SaveAsync(spool, upload, tree, ct, path);
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    /// <inheritdoc/>
    public virtual bool HasUpstreamIndex(Uri connector) => false;

    /// <inheritdoc/>
    public virtual Uri UpstreamIndex(Uri connector) => connector;

    /// <inheritdoc/>
    public virtual Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        request.Method is "GET" or "HEAD" && request.Segments.Count > 0
            ? Below(connector, request.RawPath + request.RawQuery)
            : null;

    /// <inheritdoc/>
    public virtual bool RewritesAnswer(FeedRequest request) => false;

    /// <inheritdoc/>
    public virtual byte[] Rewrite(byte[] document, RewriteContext context) => document;

    /// <inheritdoc/>
    public virtual Uri LedUrl(FeedRequest request, Uri led) => led;

    /// <inheritdoc/>
    public virtual bool PointsToPackages => false;

    /// <inheritdoc/>
    public virtual bool IsImmutable(FeedRequest request, PackageCoordinates package) => true;

    /// <inheritdoc/>
    /// <remarks>Static files have none.</remarks>
    public virtual IReadOnlyList<string>? QueryParameters(FeedRequest request) => [];

    /// <inheritdoc/>
    public virtual int HeadLength(FeedRequest download) => 0;

    /// <inheritdoc/>
    public virtual PackageCoordinates? TryReadHead(FeedRequest download, ReadOnlyMemory<byte> head) => null;

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> ChildVersions(FeedRequest download, ReadOnlyMemory<byte> head) => [];

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> RewrittenHeaders => [];

    /// <inheritdoc/>
    public virtual string? RewriteHeader(string name, string value, RewriteContext context) => value;

    /// <inheritdoc/>
    public virtual PackageCoordinates WithAnswer(PackageCoordinates package, Func<string, string?> header) => package;

    /// <inheritdoc/>
    public abstract string DownloadPath(PackageCoordinates package);

    /// <inheritdoc/>
    public virtual IReadOnlyList<ClientSetup> ClientSetups(Uri feed) => [];

    /// <inheritdoc/>
    public virtual FeedRequest? VersionListRequest(FeedRequest download) => null;

    /// <inheritdoc/>
    public virtual FeedRequest? WithNewestVersion(FeedRequest download, byte[] versionList) => null;

    /// <summary>The package of a package file, by its place in the tree; null for any other file.</summary>
    /// <param name="path">Decoded segments without slashes.</param>
    protected abstract PackageCoordinates? TryReadFile(string[] path);

    /// <summary>What an uploaded package says of itself; null when it does not, or is none.</summary>
    /// <param name="upload">The upload; it has the file's name as its only segment, or none.</param>
    /// <param name="content">The file, at its beginning.</param>
    /// <param name="ct">Gives up.</param>
    protected virtual async ValueTask<PackageCoordinates?> ReadUploadAsync(
        FeedRequest upload, Stream content, CancellationToken ct)
    {
        var head = await HeadOfAsync(content, HeadLength(upload), ct);
        return head.Length == 0 ? null : TryReadHead(upload, head);
    }

    /// <summary>Where a package belongs that is uploaded without a path; null when that cannot be told.</summary>
    /// <param name="upload">The upload; it has the file's name as its only segment, or none.</param>
    /// <param name="manifest">What the package says of itself; null when it does not, or is none.</param>
    protected virtual string[]? PlaceOf(FeedRequest upload, PackageCoordinates? manifest) => null;

    /// <summary>Whether a file sent to the feed's address by its name alone is a package that lies elsewhere.</summary>
    protected virtual bool IsFiled(string file) => false;

    /// <summary>The media type that the ecosystem's servers give a file.</summary>
    protected virtual string MediaType(string file) => "application/octet-stream";

    /// <summary>Answers a GET or HEAD from the tree.</summary>
    protected virtual async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. request.Segments];
        if (path.Length == 0 || !IsPlain(path))
            return null;
        if (tree.Find(path) is { } file)
            return new LocalAnswer.File(file, MediaType(path[^1]), await ReadManifestAsync(request, file, ct));
        return IsOwn(path, tree)
            ? new LocalAnswer.Status(404, "This feed has the package, but not this file.")
            : null;
    }

    /// <summary>
    /// Stores an uploaded file under its own path; at the feed's own address, by what it says of itself.
    /// </summary>
    protected virtual ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) =>
        request.Segments.Count == 0 || (request.Segments is [var file] && IsFiled(file))
            ? FileAsync(request, tree, ct)
            : SaveAsync(request.Body, request, tree, ct, [.. request.Segments]);

    /// <summary>Removes a file, never a directory: a repository is not deleted by a slip of the hand.</summary>
    protected virtual ValueTask<LocalAnswer> DeleteAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. request.Segments];
        return ValueTask.FromResult<LocalAnswer>(IsPlain(path) && tree.Find(path) is not null && tree.Delete(path)
            ? new LocalAnswer.Status(204)
            : new LocalAnswer.Status(404, "There is no such file in this feed."));
    }

    /// <summary>Stores a file at a path: 201, 409 when that is a package that is there already, 400.</summary>
    protected async ValueTask<LocalAnswer> SaveAsync(
        Stream content, FeedRequest request, PackageTree tree, CancellationToken ct, params string[] path)
    {
        if (path.Length == 0 || !IsPlain(path) || !tree.CanStore(path))
            return new LocalAnswer.Status(400,
                "Name the file in the address: its path in the repository. Too long, or a folder, cannot be stored.");
        try
        {
            var replace = TryReadFile(path) is null;
            return await tree.SaveAsync(content, request.UserName, replace, ct, path) is not null
                ? new LocalAnswer.Status(201)
                : new LocalAnswer.Status(409, $"{path[^1]} is in this feed already, and packages are not replaced.");
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    /// <summary>What a stored package file's own manifest says of it, where the path does not tell all.</summary>
    protected async ValueTask<PackageCoordinates?> ReadManifestAsync(
        FeedRequest request, string file, CancellationToken ct)
    {
        if (TryReadDownload(request) is null || HeadLength(request) is not (> 0 and var length))
            return null;
        await using var content = File.OpenRead(file);
        var head = new byte[length];
        var read = await content.ReadAtLeastAsync(head, length, throwOnEndOfStream: false, ct);
        return TryReadHead(request, head.AsMemory(0, read));
    }

    /// <summary>The package files below a directory; in the order of their names, those of a directory first.</summary>
    protected IEnumerable<string[]> PackagesBelow(PackageTree tree, params string[] folder) =>
        tree.Files(folder).Select(name => (string[])[.. folder, name]).Where(path => TryReadFile(path) is not null)
            .Concat(tree.Directories(folder).SelectMany(name => PackagesBelow(tree, [.. folder, name])));

    /// <summary>A file's first bytes: as many, or fewer when it has no more.</summary>
    protected static async ValueTask<ReadOnlyMemory<byte>> HeadOfAsync(
        Stream content, int length, CancellationToken ct)
    {
        var head = new byte[length];
        return head.AsMemory(0, await content.ReadAtLeastAsync(head, length, throwOnEndOfStream: false, ct));
    }

    /// <summary>A text as a client may ask for it: as it is, or packed, always to the same bytes.</summary>
    protected static byte[] Packed(string text, bool isPacked)
    {
        var plain = System.Text.Encoding.UTF8.GetBytes(text);
        return isPacked ? Packed(plain) : plain;
    }

    /// <summary>Bytes packed with gzip, always to the same ones.</summary>
    protected static byte[] Packed(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(
            packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(plain);
        return packed.ToArray();
    }

    /// <summary>Whether the file's directory has another file of the same package.</summary>
    protected bool IsOwn(string[] path, PackageTree tree)
    {
        if (TryReadFile(path) is not { Version.Length: > 0 } wanted)
            return false;
        var name = Normalize(wanted).Name;
        return tree.Files(path[..^1]).Any(other =>
            TryReadFile([.. path[..^1], other]) is { } package && Normalize(package).Name == name);
    }

    /// <summary>Whether any file lies below a directory.</summary>
    protected static bool HasFiles(PackageTree tree, params string[] folder) =>
        tree.Files(folder).Count > 0 || tree.Directories(folder).Any(name => HasFiles(tree, [.. folder, name]));

    /// <summary>A raw path of these segments; slashes within one separate segments.</summary>
    protected static string PathOf(params IEnumerable<string> segments) => string.Join('/', segments
        .SelectMany(segment => segment.Split('/', StringSplitOptions.RemoveEmptyEntries))
        .Select(PercentEncoding.EncodeSegment));

    /// <summary>The value of one of the qualifier's keys, or an example.</summary>
    protected static string Qualified(PackageCoordinates package, string key, string example) =>
        package.QualifierValue(key) is { Length: > 0 } value ? value : example;

    /// <summary>An address below a connector's.</summary>
    protected static Uri Below(Uri connector, string rawPath) =>
        new($"{connector.AbsoluteUri.TrimEnd('/')}/{rawPath}");

    /// <summary>The last segment of an address, decoded; empty when it has none or is no name.</summary>
    protected static string FileNameOf(Uri address) =>
        FeedRequest.TryRead("GET", address.AbsolutePath.TrimStart('/'))?.Segments is [.., var last] && IsPlain([last])
            ? last
            : "";

    /// <summary>Whether no segment hides another path: an encoded slash stays within its segment.</summary>
    protected static bool IsPlain(IEnumerable<string> path) =>
        path.All(segment => !segment.AsSpan().ContainsAny('/', '\\'));
}
