using System.Text;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Debian repositories, as apt reads them: <c>dists/</c> with signed indexes and <c>pool/</c> with packages, or a flat
/// directory.
/// </summary>
/// <remarks>
/// See the Debian wiki's "Repository Format" and deb(5). File names leave out the version's epoch; it is taken from the
/// control file at the head of the package. Indexes and signatures pass unchanged;
/// where there is none, <c>DebianFeed.Index.cs</c> makes one, without a signature.
/// </remarks>
public sealed partial class DebianFeed : StaticFeed
{
    const int ControlBytes = 128 << 10; // of the file; the control archive has some kilobytes, rarely more

    static readonly string[] OtherNames = ["deb", "apt"];
    static readonly string[] Extensions = [".deb", ".udeb", ".ddeb"];

    /// <inheritdoc/>
    public override string Key => "debian";

    /// <inheritdoc/>
    public override string DisplayName => "Debian";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public override string PackageType => "deb";

    /// <inheritdoc/>
    public override string? OsvEcosystem => "Debian";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => DebianVersionOrder.Instance;

    /// <inheritdoc/>
    /// <remarks>The component is a place in the repository and no part of the package's identity.</remarks>
    public override PackageKeys Normalize(PackageCoordinates package) =>
        new("", package.Name.ToLowerInvariant(), package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) => PackageUrl.Of(
        PackageType, "", package.Name.ToLowerInvariant(), package.Version,
        ("arch", package.QualifierValue("arch")));

    /// <inheritdoc/>
    public override int HeadLength(FeedRequest download) => ControlBytes;

    /// <inheritdoc/>
    public override PackageCoordinates? TryReadHead(FeedRequest download, ReadOnlyMemory<byte> head)
    {
        if (PackageHead.DebianControl(head) is not { } control)
            return null;
        var fields = FieldPattern().Matches(control)
            .ToLookup(match => match.Groups[1].Value.ToLowerInvariant(), match => match.Groups[2].Value.Trim());
        var (name, version, arch) = (fields["package"].FirstOrDefault(""), fields["version"].FirstOrDefault(""),
            fields["architecture"].FirstOrDefault(""));
        return NamePattern().IsMatch(name) && VersionPattern().IsMatch(version) && NamePattern().IsMatch(arch)
            ? new PackageCoordinates(Component([.. download.Segments]), name, version, Arch(arch))
            {
                Source = fields["source"].FirstOrDefault(""),
            }
            : null;
    }

    /// <inheritdoc/>
    /// <remarks>What is for every architecture is in the index of each, and perhaps in one of its own.</remarks>
    public override IReadOnlyList<IReadOnlyList<string>> IndexPaths(PackageCoordinates package)
    {
        var component = package.QualifierValue("component") is { Length: > 0 } given ? given
            : package.Group.Length > 0 ? package.Group
            : "main";
        if (package.QualifierValue("distro") is not { Length: > 0 } distribution)
            return [Forms("Packages")]; // a flat repository
        string[] architectures = package.QualifierValue("arch") switch
        {
            "" => ["amd64", "all"],
            "all" => ["all", "amd64"],
            var one => [one],
        };
        return [.. architectures.Select(arch =>
            Forms(PathOf("dists", distribution, component, $"binary-{arch}", "Packages")))];

        static string[] Forms(string path) => [path + ".gz", path];
    }

    /// <inheritdoc/>
    public override PackageIndex ReadIndex(PackageCoordinates package, FeedRequest index, byte[] document)
    {
        using var text = new StreamReader(PackageIndex.Open(document));
        var files = new List<IndexedFile>();
        var stanza = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var line = text.ReadLine(); ; line = text.ReadLine())
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                // Of other packages nothing is kept, and Package stands first.
                if (FieldPattern().Match(line) is { Success: true } field
                    && (stanza.Count == 0 || stanza.ContainsKey("Package")))
                    stanza.TryAdd(field.Groups[1].Value, field.Groups[2].Value.Trim());
                continue;
            }

            if (stanza.GetValueOrDefault("Package", "").Equals(package.Name, StringComparison.OrdinalIgnoreCase)
                && stanza.TryGetValue("Version", out var version) && stanza.TryGetValue("Filename", out var file))
            {
                string[] path = [.. file.Split('/').Where(segment => segment is not ("" or "."))];
                if (path.Length > 0)
                {
                    files.Add(new IndexedFile(
                        new PackageCoordinates(Component(path), stanza["Package"], version,
                            Arch(stanza.GetValueOrDefault("Architecture", ""))), path));
                }
            }

            stanza.Clear();
            if (line is null)
                return new PackageIndex(files, []);
        }
    }

    /// <summary>The packages that an index (<c>Packages</c>) names, with their versions.</summary>
    /// <exception cref="FormatException">It is packed in another way than with gzip.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or unpacks to too much.</exception>
    public static IEnumerable<(string Name, string Version)> PackagesOf(byte[] index)
    {
        using var text = new StreamReader(PackageIndex.Open(index));
        var (name, version) = ("", "");
        for (var line = text.ReadLine(); ; line = text.ReadLine())
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                if (name.Length > 0 && version.Length > 0)
                    yield return (name, version);
                (name, version) = ("", "");
                if (line is null)
                    yield break;
            }
            else if (line.StartsWith("Package: ", StringComparison.Ordinal))
                name = line[9..].Trim();
            else if (line.StartsWith("Version: ", StringComparison.Ordinal))
                version = line[9..].Trim();
        }
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        "pool", package.Group.Length > 0 ? package.Group : "main", package.Name[..Math.Min(1, package.Name.Length)],
        package.Name,
        $"{package.Name}_{package.Version[(package.Version.IndexOf(':', StringComparison.Ordinal) + 1)..]}"
        + $"_{Qualified(package, "arch", "amd64")}.deb");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("apt", $"""
            # /etc/apt/sources.list.d/feed.list
            deb {feed} stable main
            # a flat repository without a signature
            deb [trusted=yes] {feed} ./
            """),
        new("curl", $"""
            # adds a package to the pool and names it in the distribution's indexes, which are not signed
            curl -T acme_1.0_amd64.deb -H "X-ApiKey: $KEY" {feed}upload/stable/main
            """),
    ];

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path.Length == 0 || !Extensions.Any(extension => path[^1].EndsWith(extension, StringComparison.Ordinal)))
            return null;
        // {name}_{version without epoch}_{architecture}; none of them has an underscore in it.
        return path[^1][..path[^1].LastIndexOf('.')].Split('_') is [var name, var version, var arch]
            && NamePattern().IsMatch(name) && VersionPattern().IsMatch(version) && NamePattern().IsMatch(arch)
            ? new PackageCoordinates(Component(path), name, version, Arch(arch))
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    /// <remarks>As the pools of Debian are arranged. The distribution is a matter of the indexes.</remarks>
    protected override string[]? PlaceOf(FeedRequest upload, PackageCoordinates? manifest)
    {
        var component = upload.Query("component") is { Length: > 0 } given ? given : "main";
        if (manifest is null || !NamePattern().IsMatch(component))
            return null;
        var version = manifest.Version[(manifest.Version.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var prefix = manifest.Name.StartsWith("lib", StringComparison.Ordinal) && manifest.Name.Length > 3
            ? manifest.Name[..4]
            : manifest.Name[..1];
        return
        [
            "pool", component, prefix, manifest.Name,
            $"{manifest.Name}_{version}_{manifest.QualifierValue("arch")}.deb",
        ];
    }

    /// <inheritdoc/>
    /// <remarks>
    /// ProGet's <c>upload/{distribution}/{component}</c> too. The package is filed in the pool; the indexes made here
    /// name it in that distribution.
    /// </remarks>
    protected override ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) => request.Segments switch
        {
            ["upload", _, _] or ["upload", _, _, _] when request.Segments.Skip(1).Take(2).All(NamePattern().IsMatch) =>
                FileInSuiteAsync(request, request.Segments[1], request.Segments[2], tree, ct),
            ["upload", ..] => ValueTask.FromResult<LocalAnswer>(
                new LocalAnswer.Status(400, "Upload to upload/ and a distribution and a component.")),
            _ => base.StoreAsync(request, tree, ct),
        };

    /// <inheritdoc/>
    protected override string MediaType(string file) => Path.GetExtension(file) switch
    {
        ".deb" or ".udeb" or ".ddeb" => "application/vnd.debian.binary-package",
        ".asc" or "" => "text/plain",
        _ => "application/octet-stream",
    };

    // pool/{component}/{prefix}/{source}/{file}; security archives have a directory more in front.
    static string Component(string[] path) => path is ["pool", _, _, _, _, ..] ? path[^4] : "";

    static string Arch(string arch) => PackageCoordinates.QualifierOf(("arch", arch));

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9+.-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    // A file name may carry the epoch too, with its colon encoded.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9.+:~-]{0,199}\z", RegexOptions.NonBacktracking)]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"^([!-9;-~]+):[ \t]*([^\r\n]*)", RegexOptions.Multiline)]
    private static partial Regex FieldPattern();
}
