using System.Text.Json;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Alpine repositories, as apk reads them: <c>{arch}/APKINDEX.tar.gz</c> and packages beside it.</summary>
/// <remarks>
/// The index is signed and passes unchanged; where there is none, <c>AlpineFeed.Index.cs</c> makes it, without a
/// signature. A connector's address is the repository's, or that of one architecture's
/// directory, as ProGet asks for.
/// </remarks>
public sealed partial class AlpineFeed : StaticFeed
{
    const int HeadBytes = 64 << 10; // a signature and the description have some kilobytes

    const string AnyArchitecture = "noarch";

    static readonly string[] OtherNames = ["alpine"];

    static readonly string[] Architectures =
    [
        "aarch64", "armhf", "armv7", "loongarch64", "mips64", AnyArchitecture, "ppc64le", "riscv64", "s390x", "x86",
        "x86_64",
    ];

    /// <inheritdoc/>
    public override string Key => "apk";

    /// <inheritdoc/>
    public override string DisplayName => "Alpine";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public override string? OsvEcosystem => "Alpine";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => AlpineVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) =>
        new("", package.Name.ToLowerInvariant(), package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) => PackageUrl.Of(
        PackageType, "alpine", package.Name.ToLowerInvariant(), package.Version,
        ("arch", package.QualifierValue("arch")));

    /// <inheritdoc/>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index)
    {
        var last = connector.AbsolutePath.TrimEnd('/').Split('/')[^1];
        if (!Architectures.Contains(last))
            return base.UpstreamUrl(request, connector, index);
        return request.Method is "GET" or "HEAD" && request.Segments is [var arch, _, ..] && arch == last
            ? Below(connector, request.RawPath[(request.RawPath.IndexOf('/', StringComparison.Ordinal) + 1)..])
            : null;
    }

    /// <inheritdoc/>
    public override PackageFile? FileOf(PackageCoordinates package) =>
        package.QualifierValue("arch") is { Length: > 0 } arch && $"{package.Name}-{package.Version}.apk" is var file
        && FilePattern().IsMatch(file)
            ? PackageFile.At(file, arch, file)
            : null;

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        Qualified(package, "arch", "x86_64"), $"{package.Name}-{package.Version}"
        + $"{(package.Version.Contains("-r", StringComparison.Ordinal) ? "" : "-r0")}.apk");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("apk", $"""
            # /etc/apk/repositories
            {feed.AbsoluteUri.TrimEnd('/')}
            # of packages that were uploaded here, whose index nobody signs: apk add --allow-untrusted
            """),
        new("curl", $"""
            # filed by its architecture
            curl -T acme-1.0-r0.apk -H "X-ApiKey: $KEY" {feed}
            """),
    ];

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is not [.., var file] || !file.EndsWith(".apk", StringComparison.Ordinal))
            return null;
        return FilePattern().Match(file) is { Success: true } match
            ? new PackageCoordinates("", match.Groups[1].Value, match.Groups[2].Value, Arch(path))
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    /// <remarks>The description is in the second of the archives that the file is made of.</remarks>
    protected override string[]? PlaceOf(FeedRequest upload, PackageCoordinates? manifest) => manifest is null
        ? null
        : [manifest.QualifierValue("arch"), $"{manifest.Name}-{manifest.Version}.apk"];

    /// <inheritdoc/>
    protected override bool IsFiled(string file) => file.EndsWith(".apk", StringComparison.Ordinal);

    /// <inheritdoc/>
    /// <remarks>The name of a file that is there tells all but the source.</remarks>
    public override int HeadLength(FeedRequest download) => HeadBytes;

    /// <inheritdoc/>
    public override PackageCoordinates? TryReadHead(FeedRequest download, ReadOnlyMemory<byte> head)
    {
        if (PackageHead.TarGzEntry(head, name => name == ".PKGINFO") is not { } info)
            return null;
        var fields = FieldsOf(info);
        var (name, version, arch) = (fields["pkgname"].FirstOrDefault(""), fields["pkgver"].FirstOrDefault(""),
            fields["arch"].FirstOrDefault(""));
        var origin = fields["origin"].FirstOrDefault("") is { } source && source != name ? source : "";
        if (download.Segments.Count > 1)
            return TryReadDownload(download) is { } named && named.Name == name
                ? named with { Source = origin }
                : null;
        // What is for every architecture lies with each: only its path tells with which.
        return Architectures.Contains(arch) && arch != AnyArchitecture
            && FilePattern().Match($"{name}-{version}.apk") is { Success: true } file
            && file.Groups[1].Value == name
            ? new PackageCoordinates("", name, version, PackageCoordinates.QualifierOf(("arch", arch)))
            : null;
    }

    static ILookup<string, string> FieldsOf(string info) => InfoPattern().Matches(info)
        .ToLookup(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim());

    static string Arch(string[] path) =>
        path.Length > 1 ? PackageCoordinates.QualifierOf(("arch", path[^2])) : "";

    [GeneratedRegex(@"^([a-z_]+) = ([^\r\n]*)", RegexOptions.Multiline)]
    private static partial Regex InfoPattern();

    // The release (-r2) at the end tells where the version begins: at the last dash before a digit.
    [GeneratedRegex(@"\A([A-Za-z0-9_][A-Za-z0-9._+-]{0,199})-([0-9][^-]{0,150}-r[0-9]{1,9})\.apk\z")]
    private static partial Regex FilePattern();
}
