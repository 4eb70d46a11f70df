using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using NuGet.Versioning;

namespace Deployments.Web.Feeds;

// What version 2 clients (Chocolatey, PowerShellGet, old nuget.exe) query, answered from the feed's own packages. They
// ask in OData; of its filters those are understood that they send, and others let everything through.
public sealed partial class NuGetFeed
{
    const string AtomMediaType = "application/atom+xml;type=feed;charset=utf-8";
    const int PageMax = 100; // as much as the protocol's first servers gave at once

    static readonly XNamespace Data = "http://schemas.microsoft.com/ado/2007/08/dataservices";
    static readonly XNamespace DataMetadata = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata";

    /// <summary>The answer to a query, or null when it is none or nothing here matches.</summary>
    static async ValueTask<LocalAnswer?> ODataAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. request.Segments];
        if (path is ["api", "v2", ..])
            path = path[2..];
        var isCount = path is [.., "$count"];
        switch (isCount ? path[..^1] : path)
        {
            case ["$metadata"]:
                return tree.Directories().Count > 0 ? MetadataDocument() : null;
            case [var one] when OnePattern().Match(one) is { Success: true, Groups: var key }:
                return await OneAsync(request, tree, Unquote(key[1].Value), Unquote(key[2].Value), ct);
            case ["FindPackagesById()" or "FindPackagesById"]:
                return Found(request, await OfIdAsync(tree, Unquote(request.Query("id") ?? ""), ct), isCount);
            case ["Search()" or "Search" or "Packages()" or "Packages"]:
                return Found(request, await MatchesAsync(request, tree, ct), isCount);
            case ["GetUpdates()" or "GetUpdates"]:
                return Found(request, await UpdatesAsync(request, tree, ct), isCount);
            default:
                return null;
        }
    }

    static LocalAnswer.Document MetadataDocument() => new(Encoding.UTF8.GetBytes(Metadata), "application/xml");

    /// <summary>What old clients ask a source for first, to see whether it is one.</summary>
    static LocalAnswer.Document ServiceDocument(FeedRequest request)
    {
        XNamespace app = "http://www.w3.org/2007/app";
        var service = new XElement(
            app + "service", new XAttribute(XNamespace.Xml + "base", request.FeedUrl.AbsoluteUri),
            new XElement(
                app + "workspace", new XElement(Atom + "title", "Default"),
                new XElement(app + "collection", new XAttribute("href", "Packages"),
                    new XElement(Atom + "title", "Packages"))));
        return new LocalAnswer.Document(Encoding.UTF8.GetBytes(service.ToString()), "application/atomsvc+xml");
    }

    static async ValueTask<LocalAnswer?> OneAsync(
        FeedRequest request, PackageTree tree, string id, string versionText, CancellationToken ct)
    {
        var all = await OfIdAsync(tree, id, ct);
        if (all.Count == 0 || !NuGetVersion.TryParse(versionText, out var version))
            return null;
        return all.FirstOrDefault(hit => hit.Manifest.Version == version) is { } found
            ? new LocalAnswer.Document(
                Encoding.UTF8.GetBytes(EntryOf(request, found).ToString()),
                    "application/atom+xml;type=entry;charset=utf-8")
            : new LocalAnswer.Status(404, $"{id} {version.ToNormalizedString()} is not in this feed.");
    }

    static async ValueTask<List<Hit>> MatchesAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        var filter = request.Query("$filter") ?? "";
        var id = IdFilter().Match(filter) is { Success: true } match ? Unquote(match.Groups[1].Value) : null;
        string[] words = Unquote(request.Query("searchTerm") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var hits = new List<Hit>();
        foreach (var name in id is null ? tree.Directories() : [IdKey(id)])
            hits.AddRange(await OfIdAsync(tree, name, ct));

        var includesPrerelease = filter.Contains("IsAbsoluteLatestVersion", StringComparison.Ordinal)
            || request.Query("includePrerelease") is not "false";
        return
        [
            .. hits.Where(hit => words.All(word => Mentions(hit.Manifest, word)))
                .Where(hit => includesPrerelease || !hit.Manifest.Version.IsPrerelease)
                .Where(hit => !LatestFilter().IsMatch(filter) || hit.IsLatest)
                .Where(hit => !filter.Contains("IsAbsoluteLatestVersion", StringComparison.Ordinal) || hit.IsNewest)
                .Where(hit => VersionFilter().Match(filter) is not { Success: true } version
                    || VersionKey(Unquote(version.Groups[1].Value)) == VersionKey(hit.Manifest.VersionText)),
        ];
    }

    // What is newer than what the client has: ids and versions side by side, with bars between.
    static async ValueTask<List<Hit>> UpdatesAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        var ids = Unquote(request.Query("packageIds") ?? "").Split('|');
        var versions = Unquote(request.Query("versions") ?? "").Split('|');
        var (withPrereleases, withAll) = (IsTrue("includePrerelease"), IsTrue("includeAllVersions"));
        var hits = new List<Hit>();
        foreach (var (id, version) in ids.Zip(versions))
        {
            if (!NuGetVersion.TryParse(version, out var installed))
                continue;
            var newer = (await OfIdAsync(tree, id, ct)).Where(hit => hit.Manifest.Version > installed
                && (withPrereleases || !hit.Manifest.Version.IsPrerelease)).ToList();
            hits.AddRange(withAll ? newer : newer.TakeLast(1));
        }

        return hits;

        bool IsTrue(string name) => string.Equals(request.Query(name), "true", StringComparison.OrdinalIgnoreCase);
    }

    static async ValueTask<List<Hit>> OfIdAsync(PackageTree tree, string id, CancellationToken ct)
    {
        if (!IsId(id) || VersionsOf(tree, id) is not { Count: > 0 } versions)
            return [];
        var latest = versions.LastOrDefault(version => !version.IsPrerelease);
        var hits = new List<Hit>();
        foreach (var version in versions)
        {
            if (await ManifestAsync(tree, id, version, ct) is { } manifest
                && await tree.InfoAsync(ct, PathOf(id, version)) is { } info)
                hits.Add(new Hit(manifest, info, version == latest, version == versions[^1]));
        }

        return hits;
    }

    /// <summary>Null where nothing is found: a connector may know.</summary>
    static LocalAnswer.Document? Found(FeedRequest request, List<Hit> hits, bool isCount) =>
        hits.Count == 0 ? null : ListOf(request, hits, isCount);

    /// <summary>
    /// What a query is answered that nobody here and upstream had anything for: a client that asks several sources
    /// takes "not found" for a broken one and gives up. Null for what is no query.
    /// </summary>
    static LocalAnswer.Document? NothingOrNull(FeedRequest request)
    {
        string[] path = [.. request.Segments];
        if (path is ["api", "v2", ..])
            path = path[2..];
        return path is [.. var query, "$count"] && IsQuery(query) ? ListOf(request, [], isCount: true)
            : IsQuery(path) ? ListOf(request, [], isCount: false)
            : path is ["$metadata"] ? MetadataDocument()
            : null;
    }

    static bool IsQuery(string[] path) => path is
        ["FindPackagesById()" or "FindPackagesById" or "Search()" or "Search" or "Packages()" or "Packages"
            or "GetUpdates()" or "GetUpdates"];

    static LocalAnswer.Document ListOf(FeedRequest request, List<Hit> hits, bool isCount)
    {
        if (isCount)
            return new LocalAnswer.Document(Encoding.ASCII.GetBytes($"{hits.Count}"), "text/plain");
        if (request.Query("$orderby")?.Contains("Version desc", StringComparison.OrdinalIgnoreCase) == true)
            hits.Reverse();
        var skip = Math.Max(0, Number(request.Query("$skip"), 0));
        var top = Math.Clamp(Number(request.Query("$top"), PageMax), 0, PageMax);
        var feed = new XElement(
            Atom + "feed",
            new XAttribute(XNamespace.Xmlns + "d", Data), new XAttribute(XNamespace.Xmlns + "m", DataMetadata),
            new XElement(DataMetadata + "count", hits.Count),
            new XElement(Atom + "id", request.FeedUrl.AbsoluteUri + "Packages"),
            new XElement(Atom + "title", new XAttribute("type", "text"), "Packages"),
            hits.Skip(skip).Take(top).Select(hit => EntryOf(request, hit)));
        if (request.Query("$top") is null && hits.Count > skip + top)
        {
            var next = request.RawQuery.Length > 0 ? SkipPattern().Replace(request.RawQuery, "") : "";
            feed.Add(new XElement(
                Atom + "link", new XAttribute("rel", "next"),
                new XAttribute("href", $"{request.FeedUrl}{request.RawPath}{(next.Length > 1 ? next + "&" : "?")}"
                    + $"$skip={(skip + top).ToString(CultureInfo.InvariantCulture)}")));
        }

        return new LocalAnswer.Document(Encoding.UTF8.GetBytes(feed.ToString()), AtomMediaType);
    }

    static XElement EntryOf(FeedRequest request, Hit hit)
    {
        var (manifest, version) = (hit.Manifest, hit.Manifest.Version.ToNormalizedString());
        var dependencies = manifest.DependencyGroups.SelectMany(group => group.Dependencies.Count > 0
            ? group.Dependencies.Select(dependency => $"{dependency.Id}:{dependency.Version}:{group.Framework}")
            : [$"::{group.Framework}"]);
        return new XElement(
            Atom + "entry",
            new XAttribute(XNamespace.Xmlns + "d", Data), new XAttribute(XNamespace.Xmlns + "m", DataMetadata),
            new XElement(Atom + "id", $"{request.FeedUrl}Packages(Id='{manifest.Id}',Version='{version}')"),
            new XElement(
                Atom + "category", new XAttribute("term", "NuGetGallery.OData.V2FeedPackage"),
                new XAttribute("scheme", "http://schemas.microsoft.com/ado/2007/08/dataservices/scheme")),
            new XElement(Atom + "title", new XAttribute("type", "text"), manifest.Id),
            new XElement(Atom + "updated", hit.Info.UploadedAt.UtcDateTime),
            new XElement(Atom + "author", new XElement(Atom + "name", manifest.Text("authors"))),
            new XElement(
                Atom + "content", new XAttribute("type", "application/zip"),
                new XAttribute("src", request.UrlOf("package", manifest.Id, version).AbsoluteUri)),
            new XElement(
                DataMetadata + "properties",
                Property("Id", manifest.Id), Property("Version", manifest.VersionText),
                Property("NormalizedVersion", version), Property("Title", manifest.Text("title")),
                Property("Authors", manifest.Text("authors")), Property("Description", manifest.Text("description")),
                Property("Summary", manifest.Text("summary")), Property("Tags", manifest.Text("tags")),
                Property("Dependencies", string.Join('|', dependencies)),
                Property("PackageHash", Convert.ToBase64String(Convert.FromHexString(hit.Info.Sha512))),
                Property("PackageHashAlgorithm", "SHA512"),
                Property("PackageSize", hit.Info.Size, "Edm.Int64"),
                Property("IsLatestVersion", hit.IsLatest, "Edm.Boolean"),
                Property("IsAbsoluteLatestVersion", hit.IsNewest, "Edm.Boolean"),
                Property("IsPrerelease", hit.Manifest.Version.IsPrerelease, "Edm.Boolean"),
                Property("Listed", true, "Edm.Boolean"),
                Property("Published", hit.Info.UploadedAt.UtcDateTime, "Edm.DateTime"),
                Property("DownloadCount", 0, "Edm.Int32")));
    }

    static XElement Property(string name, object value, string? type = null) =>
        new(Data + name, type is null ? null : new XAttribute(DataMetadata + "type", type), value);

    // A string literal of OData: 'it''s'.
    static string Unquote(string literal) => literal is ['\'', .. var text, '\'']
        ? text.Replace("''", "'", StringComparison.Ordinal)
        : literal;

    static int Number(string? text, int otherwise) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    sealed record Hit(NuGetManifest Manifest, StoredFile Info, bool IsLatest, bool IsNewest);

    // Clients look here for the functions that the server has.
    const string Metadata =
        """
        <?xml version="1.0" encoding="utf-8"?>
        <edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices
          m:DataServiceVersion="2.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">
          <Schema Namespace="NuGetGallery.OData" xmlns="http://schemas.microsoft.com/ado/2006/04/edm">
            <EntityType Name="V2FeedPackage" m:HasStream="true">
              <Key><PropertyRef Name="Id"/><PropertyRef Name="Version"/></Key>
              <Property Name="Id" Type="Edm.String" Nullable="false"/>
              <Property Name="Version" Type="Edm.String" Nullable="false"/>
              <Property Name="NormalizedVersion" Type="Edm.String"/><Property Name="Title" Type="Edm.String"/>
              <Property Name="Authors" Type="Edm.String"/><Property Name="Description" Type="Edm.String"/>
              <Property Name="Summary" Type="Edm.String"/><Property Name="Tags" Type="Edm.String"/>
              <Property Name="Dependencies" Type="Edm.String"/><Property Name="PackageHash" Type="Edm.String"/>
              <Property Name="PackageHashAlgorithm" Type="Edm.String"/>
              <Property Name="PackageSize" Type="Edm.Int64" Nullable="false"/>
              <Property Name="IsLatestVersion" Type="Edm.Boolean" Nullable="false"/>
              <Property Name="IsAbsoluteLatestVersion" Type="Edm.Boolean" Nullable="false"/>
              <Property Name="IsPrerelease" Type="Edm.Boolean" Nullable="false"/>
              <Property Name="Listed" Type="Edm.Boolean" Nullable="false"/>
              <Property Name="Published" Type="Edm.DateTime" Nullable="false"/>
              <Property Name="DownloadCount" Type="Edm.Int32" Nullable="false"/>
            </EntityType>
          </Schema>
          <Schema Namespace="NuGetGallery" xmlns="http://schemas.microsoft.com/ado/2006/04/edm">
            <EntityContainer Name="V2FeedContext" m:IsDefaultEntityContainer="true">
              <EntitySet Name="Packages" EntityType="NuGetGallery.OData.V2FeedPackage"/>
              <FunctionImport Name="Search" EntitySet="Packages" m:HttpMethod="GET"
                ReturnType="Collection(NuGetGallery.OData.V2FeedPackage)">
                <Parameter Name="searchTerm" Type="Edm.String"/><Parameter Name="targetFramework" Type="Edm.String"/>
                <Parameter Name="includePrerelease" Type="Edm.Boolean" Nullable="false"/>
              </FunctionImport>
              <FunctionImport Name="FindPackagesById" EntitySet="Packages" m:HttpMethod="GET"
                ReturnType="Collection(NuGetGallery.OData.V2FeedPackage)"><Parameter Name="id" Type="Edm.String"/>
              </FunctionImport>
              <FunctionImport Name="GetUpdates" EntitySet="Packages" m:HttpMethod="GET"
                ReturnType="Collection(NuGetGallery.OData.V2FeedPackage)">
                <Parameter Name="packageIds" Type="Edm.String"/><Parameter Name="versions" Type="Edm.String"/>
                <Parameter Name="includePrerelease" Type="Edm.Boolean" Nullable="false"/>
                <Parameter Name="includeAllVersions" Type="Edm.Boolean" Nullable="false"/>
                <Parameter Name="targetFrameworks" Type="Edm.String"/>
                <Parameter Name="versionConstraints" Type="Edm.String"/>
              </FunctionImport>
            </EntityContainer>
          </Schema>
        </edmx:DataServices></edmx:Edmx>
        """;

    [GeneratedRegex(@"\APackages\(Id=('[^']{1,200}'),Version=('[^']{1,200}')\)\z")]
    private static partial Regex OnePattern();

    [GeneratedRegex(@"(?:tolower\()?\bId\)? eq ('(?:[^']|'')*')")]
    private static partial Regex IdFilter();

    [GeneratedRegex(@"\b(?:Normalized)?Version eq ('[^']*')")]
    private static partial Regex VersionFilter();

    [GeneratedRegex(@"\bIsLatestVersion\b(?! eq false)")]
    private static partial Regex LatestFilter();

    [GeneratedRegex(@"(?<=[?&])\$skip=[0-9]*&?")]
    private static partial Regex SkipPattern();
}
