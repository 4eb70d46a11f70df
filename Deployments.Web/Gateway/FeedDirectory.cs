using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Data.Common;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Web.Background;
using Deployments.Web.Feeds;
using Deployments.Web.Settings;

namespace Deployments.Web.Gateway;

/// <summary>
/// The feeds by name, in memory: downloads go on while the database is away. Reloaded when a feed changes on any
/// node, when a name is asked for that is not here yet, and every half minute.
/// </summary>
/// <remarks>
/// An unknown name costs one look at an index, by itself: nobody waits for another's. That there is none is remembered
/// for a moment, until the feeds are read anew.
/// </remarks>
sealed class FeedDirectory(
    FeedQueries queries, PackageStatusQueries statuses, FeedTypeCatalog types, DeploymentsSettings settings,
    DatabaseSignals notifications, TimeProvider time, ILogger<FeedDirectory> logger) : PatientService
{
    const int MissesMax = 1000;
    const int NameLengthMax = 100;

    static readonly TimeSpan ReloadInterval = TimeSpan.FromSeconds(30);
    static readonly TimeSpan MissLifetime = TimeSpan.FromSeconds(1);
    static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(2);

    volatile FrozenDictionary<string, ServedFeed> byName = FrozenDictionary<string, ServedFeed>.Empty;
    volatile ConcurrentDictionary<string, DateTimeOffset> misses = NoMisses();
    readonly SemaphoreSlim reloading = new(1, 1);
    DateTimeOffset awayUntil;

    /// <summary>The feed that is called so (in any case, alternate names included), or null.</summary>
    public async ValueTask<ServedFeed?> FindOrNullAsync(string name, CancellationToken ct)
    {
        if (byName.TryGetValue(name, out var feed))
            return feed;
        var seen = misses; // those that hold while the feeds are what they are
        var now = time.GetUtcNow();
        if (!IsName(name) || now < awayUntil || (seen.TryGetValue(name, out var until) && now < until))
            return null;
        if (await IsThereAsync(name, ct) is not { } isThere)
            return null;
        if (isThere)
            await ReloadForAsync(name, ct);
        feed = byName.GetValueOrDefault(name);
        if (feed is null)
        {
            if (seen.Count >= MissesMax)
                seen.Clear();
            seen[name] = now + MissLifetime;
        }

        return feed;
    }

    /// <summary>
    /// Reads the feeds anew, one reader at a time: what was read earlier never replaces what is newer.
    /// </summary>
    /// <exception cref="DbException">The database is away; the feeds stay as they were.</exception>
    public async Task ReloadAsync(CancellationToken ct)
    {
        await reloading.WaitAsync(ct);
        try
        {
            await ReadAsync(ct);
        }
        finally
        {
            reloading.Release();
        }
    }

    async Task ReadAsync(CancellationToken ct)
    {
        var forgotten = NoMisses();
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
        misses = forgotten;
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReloadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        notifications.ListenAsync("feeds_changed", ReloadInterval, ct => TryAsync(ReloadAsync, ct), stoppingToken);

    static ConcurrentDictionary<string, DateTimeOffset> NoMisses() => new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a feed of that name was made a moment ago; null when that cannot be told now.</summary>
    async Task<bool?> IsThereAsync(string name, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(DatabasePatience);
        try
        {
            return await queries.IsServedAsync(name, patience.Token);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException
            || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            awayUntil = time.GetUtcNow() + MissLifetime;
            return null;
        }
    }

    // Those who wait here know of a feed that is there; the first one finds those of the others, too.
    async Task ReloadForAsync(string name, CancellationToken ct)
    {
        await reloading.WaitAsync(ct);
        try
        {
            if (!byName.ContainsKey(name))
                await TryAsync(ReadAsync, ct);
        }
        finally
        {
            reloading.Release();
        }
    }

    static bool IsName(string name) =>
        name.Length is >= 1 and <= NameLengthMax
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    async Task TryAsync(Func<CancellationToken, Task> read, CancellationToken ct)
    {
        try
        {
            await read(ct);
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
