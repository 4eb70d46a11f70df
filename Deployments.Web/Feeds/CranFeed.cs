using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// CRAN-like repositories, as R reads them: <c>src/contrib/PACKAGES</c> and sources beside it, binaries below
/// <c>bin/</c>.
/// </summary>
/// <remarks>See "R Installation and Administration", section 6.6, "Setting up a package repository".</remarks>
public sealed partial class CranFeed : StaticFeed
{
    /// <inheritdoc/>
    public override string Key => "cran";

    /// <inheritdoc/>
    public override string DisplayName => "CRAN";

    /// <inheritdoc/>
    public override string? OsvEcosystem => "CRAN";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => CranVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) => new("", package.Name, package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) =>
        PackageUrl.Of(PackageType, "", package.Name, package.Version);

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        Qualified(package, "path", "src/contrib"),
        $"{package.Name}_{package.Version}.{Qualified(package, "ext", "tar.gz")}");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("R", $"""
            # ~/.Rprofile
            options(repos = c(feed = "{feed.AbsoluteUri.TrimEnd('/')}"))
            """),
        new("R, recording each download", $"""
            headers <- c(
              "X-ProGet-Deployment-Application" = "R",
              "X-ProGet-Deployment-Description" = "Nightly update",
              "X-ProGet-Deployment-Target" = Sys.info()[["nodename"]])
            repository <- "{feed.AbsoluteUri.TrimEnd('/')}"
            download.packages("acme", ".", repos = repository, type = "source", headers = headers)
            """),
        new("curl", $"""
            # what R CMD build made; the index names it at once
            curl -T acme_1.0.tar.gz -H "X-ApiKey: $KEY" {feed}
            """),
    ];

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        // src/contrib/…, bin/{system}/…/contrib/{R version}/…; repositories of one's own may lie deeper.
        if (path is not [.., _, var file] || !path.Contains("contrib"))
            return null;
        if (Array.Find(Extensions, extension => file.EndsWith("." + extension, StringComparison.Ordinal))
            is not { } found)
            return null;
        if (file.StartsWith("PACKAGES", StringComparison.Ordinal))
            return null;
        return FilePattern().Match(file[..^(found.Length + 1)]) is { Success: true } match
            ? new PackageCoordinates(
                "", match.Groups[1].Value, match.Groups[2].Value,
                found == "tar.gz" ? "ext=tar.gz" : PackageCoordinates.QualifierOf(
                    ("ext", found), ("path", string.Join('/', path[..^1]))))
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    public override PackageFile? FileOf(PackageCoordinates package)
    {
        var file = $"{package.Name}_{package.Version}.tar.gz";
        return package.Version.Length > 0 && package.Qualifier is "" or "ext=tar.gz"
            ? PackageFile.At(file, "src", "contrib", file)
            : null;
    }

    /// <inheritdoc/>
    protected override string[]? PlaceOf(FeedRequest upload, PackageCoordinates? manifest) =>
        upload.Segments is [var file] && file.EndsWith(".tar.gz", StringComparison.Ordinal) ? ["src", "contrib", file]
        : upload.Segments.Count == 0 && manifest is not null
            ? ["src", "contrib", $"{manifest.Name}_{manifest.Version}.tar.gz"]
        : null;

    /// <inheritdoc/>
    protected override bool IsFiled(string file) => file.EndsWith(".tar.gz", StringComparison.Ordinal);

    /// <inheritdoc/>
    protected override string MediaType(string file) => file switch
    {
        "PACKAGES" => "text/plain",
        _ when file.EndsWith(".gz", StringComparison.Ordinal) => "application/gzip",
        _ => "application/octet-stream",
    };

    static readonly string[] Extensions = ["tar.gz", "zip", "tgz"];

    [GeneratedRegex(@"\A([A-Za-z][A-Za-z0-9.]{1,199})_([0-9]+(?:[.-][0-9]+)*)\z", RegexOptions.NonBacktracking)]
    private static partial Regex FilePattern();
}
