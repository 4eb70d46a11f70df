using System.Collections.Frozen;
using System.Data.Common;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Web.Feeds;
using Deployments.Web.Settings;

namespace Deployments.Web.Gateway;

/// <summary>
/// The feeds by name, in memory: downloads go on while the database is away. Reloaded when a feed changes on any
/// node, when an unknown name is asked for, and every half minute.
/// </summary>
sealed class FeedDirectory(
    FeedQueries queries, PackageStatusQueries statuses, FeedTypeCatalog types, DeploymentsSettings settings,
        DatabaseSignals notifications,
    TimeProvider time,
    ILogger<FeedDirectory> logger) : BackgroundService
{
    static readonly TimeSpan ReloadInterval = TimeSpan.FromSeconds(30);
    static readonly TimeSpan MissReloadPause = TimeSpan.FromMilliseconds(250);

    volatile FrozenDictionary<string, ServedFeed> byName = FrozenDictionary<string, ServedFeed>.Empty;
    readonly SemaphoreSlim reloading = new(1, 1);
    long loadedAt;

    /// <summary>The feed that is called so (in any case, alternate names included), or null.</summary>
    public async ValueTask<ServedFeed?> FindOrNullAsync(string name, CancellationToken ct)
    {
        if (byName.TryGetValue(name, out var feed))
            return feed;
        // Made a moment ago, perhaps; but a scanner must not make the database read all feeds again and again.
        await reloading.WaitAsync(ct);
        try
        {
            if (!byName.ContainsKey(name) && time.GetElapsedTime(loadedAt) < MissReloadPause)
                await Task.Delay(MissReloadPause, ct);
            if (!byName.ContainsKey(name))
                await TryReloadAsync(ct);
        }
        finally
        {
            reloading.Release();
        }

        return byName.GetValueOrDefault(name);
    }

    /// <summary>Reads the feeds anew.</summary>
    /// <exception cref="DbException">The database is away; the feeds stay as they were.</exception>
    public async Task ReloadAsync(CancellationToken ct)
    {
        var refused = (await statuses.RefusedAsync(ct)).ToLookup(
            version => version.FeedId,
            version => new PackageKeys(version.GroupKey, version.NameKey, version.VersionKey));
        var served = new Dictionary<string, ServedFeed>(StringComparer.OrdinalIgnoreCase);
        foreach (var feed in await queries.AllAsync(VisibleFeeds.All, ct))
        {
            if (!feed.Active || types.FindOrNull(feed.FeedType) is not { } type)
                continue;
            var entry = new ServedFeed(feed, type, new PackageTree(DirectoryOf(feed), time))
            {
                Refused = refused[feed.FeedId].ToFrozenSet(),
            };
            foreach (var name in feed.AlternateNames.Prepend(feed.Name))
                served.TryAdd(name, entry);
        }

        byName = served.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        loadedAt = time.GetTimestamp();
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReloadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        notifications.ListenAsync("feeds_changed", ReloadInterval, TryReloadAsync, stoppingToken);

    async Task TryReloadAsync(CancellationToken ct)
    {
        try
        {
            await ReloadAsync(ct);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            logger.LogWarning("The feeds cannot be read anew: {Reason}", exception.Message);
        }
    }

    // By id: a feed keeps its packages when it is renamed, and a new feed of an old name does not inherit them.
    string DirectoryOf(Feed feed) =>
        Path.Combine(settings.PackagesDirectory!, string.Create(null, $"{feed.FeedId:D4}-{feed.FeedType}"));
}

/// <summary>A feed with what serves it.</summary>
/// <param name="Feed">The feed.</param>
/// <param name="Type">Its type.</param>
/// <param name="Tree">Its own files.</param>
sealed record ServedFeed(Feed Feed, IFeedType Type, PackageTree Tree)
{
    /// <summary>Versions that are not to be downloaded, of connectors too.</summary>
    public FrozenSet<PackageKeys> Refused { get; init; } = FrozenSet<PackageKeys>.Empty;

    /// <summary>Whether somebody decided that this package is not to be downloaded.</summary>
    public bool Refuses(PackageCoordinates? package) =>
        Refused.Count > 0 && package is not null && Refused.Contains(Type.Normalize(package));
}
