using System.Text.Json;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Maven repositories, as Maven, Gradle, sbt and Ivy use them: a tree, <c>{group…}/{artifact}/{version}/{file}</c>,
/// that clients upload file by file, with checksums and <c>maven-metadata.xml</c>.
/// </summary>
/// <remarks>
/// See Maven's "Repository Layout" and "Repository Metadata". A file of a release is never replaced; snapshots and
/// metadata are. An artifact with files here is answered from here alone. Poms are read while resolving and so never
/// count as downloads; nor do sources and documentation.
/// </remarks>
public sealed partial class MavenFeed : IFeedType
{
    const string Snapshot = "-SNAPSHOT";
    const string MetadataFile = "maven-metadata.xml";

    static readonly string[] OtherNames = ["maven2", "Maven Classic"];
    static readonly string[] Checksums = [".md5", ".sha1", ".sha256", ".sha512"];
    static readonly string[] DocumentationClassifiers = ["sources", "javadoc", "test-sources", "test-javadoc"];

    /// <summary>A file of one version of an artifact.</summary>
    /// <param name="Group">The group, with dots.</param>
    /// <param name="Artifact">The artifact.</param>
    /// <param name="Version">The version as its directory says: of a snapshot the base version.</param>
    /// <param name="Build">Of a snapshot's file, its time and number in sortable form, else empty.</param>
    /// <param name="Classifier">The classifier, or empty.</param>
    /// <param name="Extension">The extension, such as <c>jar</c> or <c>tar.gz</c>.</param>
    sealed record ArtifactFile(
        string Group, string Artifact, string Version, string Build, string Classifier, string Extension);

    /// <inheritdoc/>
    public IReadOnlyList<string>? QueryParameters(FeedRequest request) => [];

    /// <inheritdoc/>
    public string Key => "maven";

    /// <inheritdoc/>
    public string DisplayName => "Maven";

    /// <inheritdoc/>
    public string Root => "maven2";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public string PackageType => "maven";

    /// <inheritdoc/>
    public string? OsvEcosystem => "Maven";

    /// <inheritdoc/>
    public IVersionOrder VersionOrder => MavenVersionOrder.Instance;

    /// <inheritdoc/>
    public PackageCoordinates? TryReadDownload(FeedRequest request)
    {
        if (TryReadFile([.. request.Segments]) is not { } file
            || file.Extension is "pom" or "module" || IsSideFile(file.Extension)
            || DocumentationClassifiers.Contains(file.Classifier))
            return null;
        return new PackageCoordinates(file.Group, file.Artifact, file.Version, Qualifier(file));
    }

    /// <inheritdoc/>
    /// <remarks>A snapshot may be deployed again under the same name.</remarks>
    public bool IsImmutable(FeedRequest request, PackageCoordinates package) =>
        !package.Version.EndsWith("-SNAPSHOT", StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    /// <remarks>People write <c>group:artifact</c>.</remarks>
    public PackageCoordinates FromNames(string group, string name, string version) =>
        name.Split(':') is [{ Length: > 0 } before, { Length: > 0 } artifact] && (group.Length == 0 || group == before)
            ? new PackageCoordinates(before, artifact, version)
            : new PackageCoordinates(group, name, version);

    /// <inheritdoc/>
    /// <remarks>Maven's identity is the literal text, although 1.0 and 1.0.0 sort alike.</remarks>
    public PackageKeys Normalize(PackageCoordinates package) => new(package.Group, package.Name, package.Version);

    /// <inheritdoc/>
    public string Purl(PackageCoordinates package)
    {
        // purl calls the extension "type" and leaves out jar, the default.
        var parts = package.Qualifier.Split('&').Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToLookup(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        var extension = parts["ext"].FirstOrDefault("");
        return PackageUrl.Of(
            PackageType, package.Group, package.Name, package.Version,
            ("classifier", parts["classifier"].FirstOrDefault("")), ("type", extension == "jar" ? "" : extension));
    }

    /// <inheritdoc/>
    public Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        request.Method is "GET" or "HEAD" && request.Segments.Count > 0
            ? new Uri($"{connector.AbsoluteUri.TrimEnd('/')}/{request.RawPath}{request.RawQuery}")
            : null;

    /// <inheritdoc/>
    public IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("Maven, recording each download", $"""
            <!-- ~/.m2/settings.xml -->
            <settings>
              <mirrors><mirror><id>feed</id><mirrorOf>*</mirrorOf><url>{feed}</url></mirror></mirrors>
              <servers><server><id>feed</id><configuration><httpHeaders>
                <property><name>X-ProGet-Deployment-Application</name><value>maven</value></property>
                <property><name>X-ProGet-Deployment-Description</name><value>Nightly build</value></property>
                <property><name>X-ProGet-Deployment-Target</name><value>web-01</value></property>
              </httpHeaders></configuration></server></servers>
            </settings>
            """),
        new("Gradle", $"repositories {{ maven {{ url = uri(\"{feed}\") }} }}"),
    ];

    /// <inheritdoc/>
    /// <remarks>The files of a version are removed together: a jar without its pom would be of no use.</remarks>
    public PackageFile? StoredPackage(string[] path)
    {
        var file = PackageFile.At(path[^1], path) with { Removed = path[..^1] };
        return FeedRequest.TryRead("GET", file.RawPath) is { } request && TryReadDownload(request) is not null
            ? file
            : null;
    }

    /// <inheritdoc/>
    public string[] FolderOf(PackageCoordinates package) => [.. package.Group.Split('.'), package.Name];

    /// <inheritdoc/>
    public PackageFile? FileOf(PackageCoordinates package)
    {
        if (package.Version.Length == 0 || package.Group.Length == 0)
            return null;
        var classifier = package.QualifierValue("classifier") is { Length: > 0 } given ? "-" + given : "";
        var extension = package.QualifierValue("ext") is { Length: > 0 } other ? other : "jar";
        var file = $"{package.Name}-{package.Version}{classifier}.{extension}";
        return PackageFile.At(file, [.. package.Group.Split('.'), package.Name, package.Version, file]);
    }

    /// <inheritdoc/>
    public bool IsPrerelease(string version) => PrereleasePattern().IsMatch(version);

    /// <inheritdoc/>
    public ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        StoreAsync(upload, [.. upload.Segments], tree, ct);

    /// <inheritdoc/>
    public async ValueTask<LocalAnswer?> AnswerAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. request.Segments];
        return request.Method switch
        {
            "GET" or "HEAD" => await ReadAsync(path, tree, ct),
            "PUT" => await StoreAsync(request, path, tree, ct),
            "DELETE" => Delete(path, tree),
            _ => new LocalAnswer.Status(405, "A Maven feed does not do this."),
        };
    }

    static async ValueTask<LocalAnswer?> ReadAsync(string[] path, PackageTree tree, CancellationToken ct)
    {
        if (path.Length == 0)
            return null;
        if (FindOrNewest(path, tree) is { } stored)
            return new LocalAnswer.File(tree.Find(stored)!, MediaType(path[^1]));
        if (await ChecksumAsync(path, tree, ct) is { } checksum)
            return new LocalAnswer.Document(System.Text.Encoding.ASCII.GetBytes(checksum), "text/plain");
        if (MakeMetadata(path, tree) is { } made)
            return new LocalAnswer.Document(made, MediaType(path[^1]));

        // An artifact of ours is never asked of a connector: {artifact}/{version}/{file} or {artifact}/{metadata}.
        return IsArtifact(path[..^1], tree) || (path.Length > 2 && IsArtifact(path[..^2], tree))
            ? new LocalAnswer.Status(404, "This feed has the artifact, but not this file.")
            : null;
    }

    /// <summary>The file's own path, or the newest build's where a snapshot is asked for by its base version.</summary>
    static string[]? FindOrNewest(string[] path, PackageTree tree)
    {
        if (tree.Find(path) is not null)
            return path;
        if (TryReadFile(path) is not { Build: "" } wanted
            || !wanted.Version.EndsWith(Snapshot, StringComparison.Ordinal))
            return null;

        var newest = tree.Files(path[..^1])
            .Select(name => (Name: name, File: TryReadFile([.. path[..^1], name])))
            .Where(other => other.File is { Build: not "" } file && file with { Build = "" } == wanted)
            .OrderBy(other => other.File!.Build, StringComparer.Ordinal).LastOrDefault().Name;
        return newest is null ? null : [.. path[..^1], newest];
    }

    // Not every client uploads every kind of checksum.
    static async ValueTask<string?> ChecksumAsync(string[] path, PackageTree tree, CancellationToken ct)
    {
        if (Checksums.FirstOrDefault(suffix => path[^1].EndsWith(suffix, StringComparison.Ordinal)) is not { } kind)
            return null;
        if (FindOrNewest([.. path[..^1], path[^1][..^kind.Length]], tree) is not { } stored
            || await tree.InfoAsync(ct, stored) is not { } info)
            return null;
        return kind switch
        {
            ".md5" => info.Md5,
            ".sha1" => info.Sha1,
            ".sha256" => info.Sha256,
            _ => info.Sha512,
        };
    }

    static async ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, string[] path, PackageTree tree, CancellationToken ct)
    {
        var isMetadata = path.Length > 0 && (path[^1] is "archetype-catalog.xml"
            || path[^1].StartsWith(MetadataFile, StringComparison.Ordinal));
        if (path.Length < 4 && !isMetadata)
            return new LocalAnswer.Status(400, "A Maven file's path is group/artifact/version/file.");
        if (path.Any(segment => segment.AsSpan().ContainsAny('/', '\\')) || !tree.CanStore(path))
            return new LocalAnswer.Status(400, "This path cannot be stored: too long, or both a file and a folder.");

        var replace = isMetadata || path[^2].EndsWith(Snapshot, StringComparison.Ordinal);
        try
        {
            return await tree.SaveAsync(request.Body, request.UserName, replace, ct, path) is not null
                ? new LocalAnswer.Status(201)
                : new LocalAnswer.Status(409, $"{path[^1]} is in this feed already, and releases are not replaced.");
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    // A file, a version or an artifact; a whole group would be a slip of the hand.
    static LocalAnswer.Status Delete(string[] path, PackageTree tree)
    {
        return path.Length > 0
            && (tree.Find(path) is not null || IsArtifact(path, tree) || IsArtifact(path[..^1], tree))
            && tree.Delete(path)
            ? new LocalAnswer.Status(204)
            : new LocalAnswer.Status(404, "There is no such file, version or artifact in this feed.");
    }

    // Whether the directory is an artifact's: it has a version whose files carry its name.
    static bool IsArtifact(string[] path, PackageTree tree) =>
        path.Length >= 2 && tree.Directories(path).Any(version => HasFiles(path, version, tree));

    static bool HasFiles(string[] artifact, string version, PackageTree tree) =>
        tree.Files([.. artifact, version]).Any(name => TryReadFile([.. artifact, version, name]) is not null);

    /// <summary>Reads <c>{group…}/{artifact}/{version}/{artifact}-{version}[-{classifier}].{extension}</c>.</summary>
    static ArtifactFile? TryReadFile(string[] path)
    {
        if (path.Length < 4 || path.Any(segment => segment.AsSpan().ContainsAny('/', '\\')))
            return null;
        var (artifact, version, file) = (path[^3], path[^2], path[^1]);
        if (!file.StartsWith(artifact + "-", StringComparison.Ordinal)
            || file.StartsWith(MetadataFile, StringComparison.Ordinal))
            return null;

        var rest = file[(artifact.Length + 1)..];
        var build = "";
        if (rest.StartsWith(version, StringComparison.Ordinal))
        {
            rest = rest[version.Length..];
        }
        else
        {
            if (!version.EndsWith(Snapshot, StringComparison.Ordinal)
                || !rest.StartsWith(version[..^Snapshot.Length] + "-", StringComparison.Ordinal)
                || BuildPattern().Match(rest[(version.Length - Snapshot.Length)..]) is not { Success: true } match)
                return null;
            build = $"{match.Groups[1].Value}-{match.Groups[2].Value.PadLeft(9, '0')}";
            rest = rest[(version.Length - Snapshot.Length + match.Length)..];
        }

        return rest switch
        {
            ['.', _, ..] => new(string.Join('.', path[..^3]), artifact, version, build, "", rest[1..]),
            ['-', _, ..] when ClassifierPattern().Match(rest) is { Success: true } match => new(
                string.Join('.', path[..^3]), artifact, version, build, match.Groups[1].Value, match.Groups[2].Value),
            _ => null,
        };
    }

    static string Qualifier(ArtifactFile file) => file switch
    {
        { Classifier: "", Extension: "jar" } => "",
        { Classifier: "" } => $"ext={Uri.EscapeDataString(file.Extension)}",
        _ => $"classifier={Uri.EscapeDataString(file.Classifier)}&ext={Uri.EscapeDataString(file.Extension)}",
    };

    // Also of a side file: .jar.asc.sha1.
    static bool IsSideFile(string extension) => extension.Split('.')[^1]
        is "md5" or "sha1" or "sha256" or "sha512" or "asc" or "sig" or "sigstore";

    static string MediaType(string file) => Path.GetExtension(file) switch
    {
        ".jar" or ".war" or ".ear" => "application/java-archive",
        ".pom" or ".xml" => "application/xml",
        ".md5" or ".sha1" or ".sha256" or ".sha512" or ".asc" => "text/plain",
        ".module" => "application/json",
        _ => "application/octet-stream",
    };

    [GeneratedRegex(
        "(?<![a-z])(snapshot|alpha|beta|milestone|rc|cr|m[0-9])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PrereleasePattern();

    [GeneratedRegex(@"\A-([0-9]{8}\.[0-9]{6})-([0-9]{1,9})(?=[.-])")]
    private static partial Regex BuildPattern();

    // A classifier may contain dots (netty4.1), an extension one only in tar.gz and its like and before side files.
    [GeneratedRegex(
        @"\A-(.+?)\.((?:tar\.)?[A-Za-z0-9]+(?:\.(?:asc|sig|sigstore|md5|sha1|sha256|sha512))*)\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex ClassifierPattern();
}
