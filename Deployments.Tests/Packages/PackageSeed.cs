using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Packages;

/// <summary>Records for the tests of package pages, written as the program writes them.</summary>
sealed class PackageSeed(RecordStore records, int feedId, IFeedType type)
{
    long lastId = 1000;

    public static DateTimeOffset Noon { get; } = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Makes a feed; what is recorded afterwards comes through it.</summary>
    public static async Task<PackageSeed> CreateAsync(
        FeedStore feeds, FeedQueries queries, RecordStore records, string feed = "approved", string type = "nuget")
    {
        await feeds.AddAsync(new FeedFields { Name = feed, FeedType = type }, new Actor("Test", null),
            CancellationToken.None);
        var id = (await queries.ByNameOrNullAsync(feed, VisibleFeeds.All, CancellationToken.None))!.FeedId;
        return new PackageSeed(records, id, new FeedTypeCatalog()[type]);
    }

    /// <summary>Records one deployment.</summary>
    public async Task<long> AddAsync(
        string name, string version, string target, DateTimeOffset at, string group = "", string user = "jdoe",
        string recorder = "jdoe", string application = "BuildMaster", string description = "Release",
            string? url = null)
    {
        var coordinates = new PackageCoordinates(group, name, version);
        var keys = type.Normalize(coordinates);
        var record = new NewRecord
        {
            Id = ++lastId,
            FeedId = feedId,
            PackageType = type.PackageType,
            GroupName = group,
            Name = name,
            Version = version,
            Qualifier = "",
            GroupKey = keys.Group,
            NameKey = keys.Name,
            VersionKey = keys.Version,
            VersionSortKey = type.VersionOrder.SortKey(version),
            Application = application,
            Description = description,
            Target = target,
            Url = url,
            UserName = user,
            DeployedAt = at,
            DateIsExplicit = false,
            RecordedAt = at.AddSeconds(2),
            Recorder = recorder,
            ClientAddress = System.Net.IPAddress.Parse("192.0.2.7"),
            UserAgent = "curl/8.5",
            Road = RecordRoad.Header,
        };
        await records.RecordAsync([record], CancellationToken.None);
        return record.Id;
    }
}
