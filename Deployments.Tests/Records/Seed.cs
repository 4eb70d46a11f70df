using System.Net;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Npgsql;

namespace Deployments.Tests.Records;

/// <summary>Puts feeds and records into a test's database, records through the door that all take.</summary>
sealed class Seed(TestDatabase database)
{
    public static readonly DateTimeOffset Start = new(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);

    static readonly FeedTypeCatalog Types = new();
    readonly RecordStore store = new(database.DataSource);
    readonly Dictionary<string, (int Id, IFeedType Type)> feeds = [];
    long nextId;

    public async Task<Seed> FeedAsync(string name, string type)
    {
        await using var command = database.DataSource.CreateCommand(
            "insert into feeds (name, feed_type) values ($1, $2) returning feed_id");
        command.Parameters.Add(new NpgsqlParameter { Value = name });
        command.Parameters.Add(new NpgsqlParameter { Value = type });
        feeds[name] = ((int)(await command.ExecuteScalarAsync())!, Types[type]);
        return this;
    }

    /// <summary>Records one deployment and gives its id.</summary>
    /// <param name="package">As <c>name version</c> or <c>group/name version</c>.</param>
    /// <param name="target">Where to.</param>
    /// <param name="minutes">When, after <see cref="Start"/>.</param>
    /// <param name="feed">Through which feed.</param>
    /// <param name="change">What else differs from the ordinary.</param>
    public async Task<long> DeployAsync(
        string package, string target, double minutes, string feed = "main", Func<NewRecord, NewRecord>? change = null)
    {
        var record = Make(package, target, minutes, feed);
        var results = await store.RecordAsync([change is null ? record : change(record)], CancellationToken.None);
        return results[0].DeploymentId;
    }

    /// <summary>Says that a package without a group no longer runs on a target.</summary>
    public async Task RemoveAsync(string package, string target, double minutes, string feed = "main")
    {
        var (feedId, type) = feeds[feed];
        var keys = type.Normalize(new PackageCoordinates("", package, "1.0"));
        var result = await new RemovalStore(database.DataSource).RemoveAsync(
            new NewRemoval
            {
                FeedId = feedId,
                Package = new PackageKey(type.PackageType, keys.Group, keys.Name),
                Target = target,
                Application = "uninstall.sh",
                Description = "",
                UserName = "jdoe",
                RemovedAt = Start.AddMinutes(minutes),
                RecordedAt = Start.AddMinutes(minutes),
                Recorder = "API key \"ci\"",
                Road = RecordRoad.Api,
            }, CancellationToken.None);
        Assert.Equal(RemovalOutcome.Removed, result.Outcome);
    }

    /// <summary>The id of a feed that was put in.</summary>
    public int IdOf(string feed) => feeds[feed].Id;

    public async Task ExecuteAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    NewRecord Make(string package, string target, double minutes, string feed)
    {
        var (feedId, type) = feeds[feed];
        var (path, version) = (package.Split(' ')[0], package.Split(' ')[1]);
        var slash = path.LastIndexOf('/');
        var (group, name) = (slash < 0 ? "" : path[..slash], path[(slash + 1)..]);
        var keys = type.Normalize(new PackageCoordinates(group, name, version));
        return new NewRecord
        {
            Id = Interlocked.Increment(ref nextId),
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
            Application = "BuildMaster",
            Description = "Release",
            Target = target,
            UserName = "jdoe",
            DeployedAt = Start.AddMinutes(minutes),
            DateIsExplicit = false,
            RecordedAt = Start.AddMinutes(minutes),
            Recorder = "API key \"ci\"",
            ClientAddress = IPAddress.Parse("192.0.2.7"),
            UserAgent = "NuGet/6.12",
            Road = RecordRoad.Header,
        };
    }
}
