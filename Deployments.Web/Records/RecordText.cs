using System.Text.Json;
using Deployments.Data.Records;
using Deployments.Web.Feeds;

namespace Deployments.Web.Records;

/// <summary>What records have in common wherever they are shown.</summary>
static class RecordText
{
    /// <summary>The road as the API names it: <c>header</c>, <c>keyPolicy</c>.</summary>
    public static string Name(RecordRoad road) => JsonNamingPolicy.CamelCase.ConvertName(road.ToString());

    /// <summary>The road as people read it.</summary>
    public static string Sentence(RecordRoad road) => road switch
    {
        RecordRoad.Header => "Headers on a package download",
        RecordRoad.Api => "Package Deployment API",
        RecordRoad.Batch => "Package Deployment API, in a batch",
        RecordRoad.Manual => "Added by hand",
        RecordRoad.KeyPolicy => "API key that records every download",
        RecordRoad.Octopus => "Octopus Deploy",
        RecordRoad.Cdevents => "CDEvent of a delivery tool",
        RecordRoad.Inventory => "After the fact, from an inventory",
        RecordRoad.Log => "Log of a package manager",
        _ => Name(road),
    };

    /// <summary>The package URL of a version; null when this program does not know the feed's type.</summary>
    public static string? PurlOrNull(FeedTypeCatalog types, string feedType, PackageCoordinates package) =>
        types.FindOrNull(feedType)?.Purl(package);

    /// <summary>The package URL of a record's version; null when this program does not know the feed's type.</summary>
    public static string? PurlOrNull(FeedTypeCatalog types, RecordRow row) =>
        PurlOrNull(types, row.FeedType, new PackageCoordinates(row.Group, row.Name, row.Version, row.Qualifier));

    /// <summary>
    /// The headers of a record that came by headers: as received, or, where none are kept, the fields written as
    /// headers, which is what they literally were. Null for other roads.
    /// </summary>
    public static string? HeadersOrNull(RecordRow row)
    {
        const string prefix = "X-ProGet-Deployment-";
        if (row.RawHeaders is not null || row.Road != RecordRoad.Header)
            return row.RawHeaders?.TrimEnd('\n');
        return $"{prefix}Application: {row.Application}\n"
            + $"{prefix}Description: {row.Description}\n"
            + $"{prefix}Target: {row.Target}"
            + (row.Url is null ? "" : $"\n{prefix}Url: {row.Url}");
    }

    /// <summary>Whether a browser may be led there; what was recorded elsewhere is checked once more.</summary>
    public static bool IsWebAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);

    /// <summary>Group and name as one reads them: <c>org.acme / billing</c>.</summary>
    public static string FullName(string group, string name) => group.Length == 0 ? name : $"{group} / {name}";

    /// <summary>The page of a package in a feed.</summary>
    public static string PackageLink(string feed, string group, string name) =>
        $"/feeds/{Uri.EscapeDataString(feed)}/packages/{Uri.EscapeDataString(name)}"
        + (group.Length == 0 ? "" : $"?group={Uri.EscapeDataString(group)}");

    /// <summary>The page of a target.</summary>
    public static string TargetLink(string target) => $"/targets/{Uri.EscapeDataString(target)}";

    /// <summary>
    /// A name out of a path: a slash in it arrives still escaped, or it could not be told from a separator.
    /// </summary>
    public static string FromPath(string segment) => segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
