using System.Net;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Web.Feeds;

namespace Deployments.Web.Records;

/// <summary>
/// Makes records of what was said, by whatever road: identifies the package as its ecosystem does. Pure.
/// </summary>
/// <param name="types">The feed types.</param>
public sealed class RecordFactory(FeedTypeCatalog types)
{
    const int PlaceLengthMax = 400;

    /// <summary>What an inbox entry becomes.</summary>
    public InboxVerdict Interpret(InboxRow row) =>
        row.Reason is not null ? Reject(row, row.Reason)
        : types.FindOrNull(row.FeedType) is { } type ? new InboxVerdict(row, ToRecord(type, row))
        : Reject(row, $"This version of the program has no feed type '{row.FeedType}'.");

    /// <summary>An entry as a rejected record.</summary>
    public static InboxVerdict Reject(InboxRow row, string reason) =>
        new(row, null, row.RawHeaders ?? DeploymentHeaders.Write(row), reason);

    /// <summary>The record of an accepted entry.</summary>
    public static NewRecord ToRecord(IFeedType type, InboxEntry entry)
    {
        var keys = type.Normalize(new PackageCoordinates(entry.GroupName, entry.Name, entry.Version, entry.Qualifier));
        var (source, sourceVersion) = SourceOf(entry);
        var place = type.PackageType is "deb" or "rpm" or "apk" ? PlaceOf(type, entry.RawPath) : null;
        var isInPool = type.PackageType == "deb" && (place is null || place.Split('/')[0] == "pool");
        return new NewRecord
        {
            Id = entry.Id,
            FeedId = entry.FeedId,
            PackageType = type.PackageType,
            GroupName = entry.GroupName,
            Name = entry.Name,
            Version = entry.Version,
            Qualifier = entry.Qualifier,
            GroupKey = keys.Group,
            NameKey = keys.Name,
            VersionKey = keys.Version,
            VersionSortKey = type.VersionOrder.SortKey(entry.Version),
            SourceKey = source,
            SourceVersion = sourceVersion,
            SourceSortKey = sourceVersion is null ? null : type.VersionOrder.SortKey(sourceVersion),
            Place = isInPool ? null : place,
            IsInPool = isInPool,
            Application = entry.Application,
            Description = entry.Description,
            Target = entry.Target,
            Url = entry.Url,
            UserName = entry.UserName,
            DeployedAt = entry.DeployedAt ?? entry.ReceivedAt,
            DateIsExplicit = entry.DeployedAt is not null,
            RecordedAt = entry.ReceivedAt,
            Recorder = entry.Recorder,
            ClientAddress = IPAddress.TryParse(entry.ClientAddress, out var address) ? address : null,
            UserAgent = entry.UserAgent,
            Road = entry.Road,
            RawHeaders = entry.RawHeaders,
        };
    }

    // The folder of /{root}/{feed}/{folder}/{file}; null where the package was asked for in another way.
    static string? PlaceOf(IFeedType type, string rawPath) =>
        rawPath.Split('?')[0].Split('/', 4) is ["", var root, _, var path]
        && root.Equals(type.Root, StringComparison.OrdinalIgnoreCase)
        && FeedRequest.TryRead("GET", path) is { Segments.Count: > 1 } request
        && string.Join('/', request.Segments.SkipLast(1)) is { Length: <= PlaceLengthMax } place
            ? place
            : null;

    // openssl (3.0.11-1), or only its name where the version is the package's.
    static (string? Name, string? Version) SourceOf(InboxEntry entry) =>
        entry.Source?.Split([' ', '(', ')'], StringSplitOptions.RemoveEmptyEntries) switch
        {
            [var name] => (name, entry.Version),
            [var name, var version] => (name, version),
            _ => (null, null),
        };
}
