using System.Text.Json;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Alpine repositories, as apk reads them: <c>{arch}/APKINDEX.tar.gz</c> and packages beside it.</summary>
/// <remarks>
/// The index is signed and passes unchanged. A connector's address is the repository's, or that of one architecture's
/// directory, as ProGet asks for.
/// </remarks>
public sealed partial class AlpineFeed : StaticFeed
{
    static readonly string[] OtherNames = ["alpine"];

    static readonly string[] Architectures =
    [
        "aarch64", "armhf", "armv7", "loongarch64", "mips64", "noarch", "ppc64le", "riscv64", "s390x", "x86", "x86_64",
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
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        Qualified(package, "arch", "x86_64"), $"{package.Name}-{package.Version}"
        + $"{(package.Version.Contains("-r", StringComparison.Ordinal) ? "" : "-r0")}.apk");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("apk", $"""
            # /etc/apk/repositories
            {feed.AbsoluteUri.TrimEnd('/')}
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

    static string Arch(string[] path) =>
        path.Length > 1 ? PackageCoordinates.QualifierOf(("arch", path[^2])) : "";

    // The release (-r2) at the end tells where the version begins: at the last dash before a digit.
    [GeneratedRegex(@"\A([A-Za-z0-9_][A-Za-z0-9._+-]{0,199})-([0-9][^-]{0,150}-r[0-9]{1,9})\.apk\z")]
    private static partial Regex FilePattern();
}
