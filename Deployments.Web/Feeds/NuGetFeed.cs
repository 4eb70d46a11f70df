using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;
using NuGet.Versioning;

namespace Deployments.Web.Feeds;

/// <summary>
/// NuGet, and with it Chocolatey and PowerShell modules. This file: names and paths. <c>NuGetFeed.Local.cs</c>: the
/// feed's own packages. <c>NuGetFeed.Upstream.cs</c>: connectors, both the JSON protocol (v3) and the Atom one (v2).
/// </summary>
/// <remarks>
/// See the NuGet server API. The v3 service index is always this feed's own; its resources lie at <c>v3/flat</c>,
/// <c>v3/registration</c>, <c>v3/search</c> and <c>v3/autocomplete</c>. Version 2 clients download
/// <c>package/{Id}/{Version?}</c>; what they query (<c>NuGetFeed.OData.cs</c>) is answered from the feed's own
/// packages, and by version 2 connectors.
/// </remarks>
public sealed partial class NuGetFeed : IFeedType
{
    const int IdLengthMax = 128; // the gallery allows 100, PowerShell and Chocolatey say nothing

    static readonly string[] OtherNames = ["chocolatey", "powershell"];

    enum Part
    {
        Other, Root, ServiceIndex, Versions, FlatFile, Registration, Search, Autocomplete, Publish, Package,
        BarePackage,
    }

    /// <summary>What a path asks for; empty strings where it says nothing.</summary>
    sealed record Route(Part Part, string Id = "", string Version = "", string File = "");

    /// <inheritdoc/>
    public string Key => "nuget";

    /// <inheritdoc/>
    public string DisplayName => "NuGet";

    /// <inheritdoc/>
    public string Root => "nuget";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public string PackageType => "nuget";

    /// <inheritdoc/>
    public string? OsvEcosystem => "NuGet";

    /// <inheritdoc/>
    public IVersionOrder VersionOrder => NuGetVersionOrder.Instance;

    /// <inheritdoc/>
    public PackageCoordinates? TryReadDownload(FeedRequest request) => RouteOf(request) switch
    {
        { Part: Part.Package } package => new PackageCoordinates("", package.Id, package.Version),
        { Part: Part.FlatFile } file when IsPackageFile(file) => new PackageCoordinates("", file.Id, file.Version),
        _ => null,
    };

    /// <inheritdoc/>
    public PackageKeys Normalize(PackageCoordinates package) =>
        new("", package.Name.ToLowerInvariant(), NormalVersion(package.Version).ToLowerInvariant());

    /// <inheritdoc/>
    public string Purl(PackageCoordinates package) =>
        PackageUrl.Of(PackageType, "", package.Name, NormalVersion(package.Version));

    /// <inheritdoc/>
    public IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("dotnet, nuget", $"dotnet nuget add source {feed}v3/index.json --name feed"),
        new("Chocolatey", $"choco source add --name=feed --source={feed}"),
        new("PowerShell", $"Register-PSRepository -Name feed -SourceLocation {feed} -InstallationPolicy Trusted"),
    ];

    /// <inheritdoc/>
    public FeedRequest? VersionListRequest(FeedRequest download) =>
        RouteOf(download) is { Part: Part.Package } route ? download.For(VersionsPath(route.Id)) : null;

    /// <inheritdoc/>
    public FeedRequest? WithNewestVersion(FeedRequest download, byte[] versionList) =>
        RouteOf(download) is { Part: Part.Package } route && Newest(VersionsIn(versionList)) is { } newest
            ? download.For(
                $"package/{PercentEncoding.EncodeSegment(route.Id)}/{newest.ToNormalizedString()}", download.RawQuery)
            : null;

    static Route RouteOf(FeedRequest request)
    {
        string[] path = [.. request.Segments];
        string[] words = [.. path.Select(segment => segment.ToLowerInvariant())];
        if (words is ["api", "v2", "package", ..])
            (path, words) = (path[2..], words[2..]);

        return words switch
        {
            [] => new Route(Part.Root),
            ["package"] => new Route(Part.Publish),
            ["package", _] when IsId(path[1]) => new Route(Part.Package, path[1]),
            ["package", _, _] when IsId(path[1]) && IsVersion(path[2]) => new Route(Part.Package, path[1], path[2]),
            ["v3", "index.json"] => new Route(Part.ServiceIndex),
            ["v3", "search"] => new Route(Part.Search),
            ["v3", "autocomplete"] => new Route(Part.Autocomplete),
            ["v3", "flat", _, "index.json"] when IsId(path[2]) => new Route(Part.Versions, path[2]),
            ["v3", "flat", _, _, _] when IsId(path[2]) && IsVersion(path[3]) =>
                new Route(Part.FlatFile, path[2], path[3], words[4]),
            ["v3", "registration", _, .. var rest] when rest.Length > 0 && IsId(path[2]) => new Route(
                Part.Registration, path[2], rest.Length == 1 ? VersionOf(rest[0]) : "", string.Join('/', rest)),
            ["v3", ..] => new Route(Part.Other),
            [_, _] when IsId(path[0]) && IsVersion(path[1]) => new Route(Part.BarePackage, path[0], path[1]),
            _ => new Route(Part.Other),
        };
    }

    // Both parts contain dots, so the file's name is compared and never split.
    static bool IsPackageFile(Route file) =>
        file.File.Equals($"{file.Id}.{file.Version}.nupkg", StringComparison.OrdinalIgnoreCase)
        || file.File == PackageFileName(IdKey(file.Id), VersionKey(file.Version));

    static string VersionOf(string leaf) => leaf.EndsWith(".json", StringComparison.Ordinal) ? leaf[..^5] : "";

    static string VersionsPath(string id) => $"v3/flat/{PercentEncoding.EncodeSegment(IdKey(id))}/index.json";

    static string PackageFileName(string idKey, string versionKey) => $"{idKey}.{versionKey}.nupkg";

    static string IdKey(string id) => id.ToLowerInvariant();

    static string VersionKey(string version) => NormalVersion(version).ToLowerInvariant();

    // See NuGet's "Normalized version numbers": 1.0 and 1.0.0.0 are 1.0.0, 1.01 is 1.1, what follows a + is dropped.
    static string NormalVersion(string version) =>
        NuGetVersion.TryParse(version, out var parsed) ? parsed.ToNormalizedString() : version;

    static NuGetVersion? Newest(IEnumerable<NuGetVersion> versions)
    {
        var all = versions.ToList();
        return all.Where(version => !version.IsPrerelease).Max() ?? all.Max();
    }

    static bool IsVersion(string text) => NuGetVersion.TryParse(text, out _) && !text.Any(char.IsWhiteSpace);

    static bool IsId(string text) => text.Length <= IdLengthMax && IdPattern().IsMatch(text);

    [GeneratedRegex(@"\A\w+([.-]\w+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex IdPattern();
}
