using System.Text;
using Deployments.Data.Feeds;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;

namespace Deployments.Web.Connectors;

/// <summary>
/// Finds out by which suites of a Debian repository versions came, where suites have distributions of their own: the
/// pool does not tell, the suites' indexes do.
/// </summary>
sealed class SuiteFinder(
    FeedQueries feeds, RepositoryFiles files, DistributionStore store, TimeProvider time, ILogger<SuiteFinder> logger)
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(10); // after an index that could not be read

    readonly Dictionary<int, DateTimeOffset> notBefore = []; // by feed; only one run at a time is here

    const int ComponentsMax = 8;
    const int ArchitecturesMax = 3;

    /// <summary>Finds out what is not known yet.</summary>
    /// <param name="ct">Ends it; what was found until then stays.</param>
    /// <returns>How many versions were looked for.</returns>
    public async Task<int> RunOnceAsync(CancellationToken ct)
    {
        var count = 0;
        foreach (var feed in (await feeds.AllAsync(VisibleFeeds.All, ct)).Where(feed => feed.FeedType == "debian"))
        {
            var suites = Distributions.PlacesOf(feed.Distributions)
                .Where(place => !place.Contains('/', StringComparison.Ordinal)).ToList();
            if (suites.Count == 0 || notBefore.GetValueOrDefault(feed.FeedId) > time.GetUtcNow())
                continue;
            try
            {
                while (await store.UnplacedAsync(feed.FeedId, ct) is { Count: > 0 } versions)
                {
                    await store.PlaceAsync(feed.FeedId, await FindAsync(feed, suites, versions, ct), ct);
                    count += versions.Count;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or FormatException
                or InvalidDataException)
            {
                // Until then a version is of one of its suites.
                notBefore[feed.FeedId] = time.GetUtcNow() + Pause;
                logger.LogWarning(exception, "The suites of the feed {Feed} cannot be read", feed.Name);
            }
        }

        return count;
    }

    async Task<IReadOnlyCollection<(int VersionId, string[] Suites)>> FindAsync(
        Feed feed, List<string> suites, IReadOnlyList<UnplacedVersion> versions, CancellationToken ct)
    {
        var wanted = versions.ToLookup(version => (version.NameKey, version.Version), version => version.VersionId);
        var found = versions.ToDictionary(
            version => version.VersionId, _ => new SortedSet<string>(StringComparer.Ordinal));
        foreach (var suite in suites)
        {
            foreach (var index in await IndexesAsync(feed, suite, ct))
            {
                var document = await files.ReadOrNullAsync(feed, index + ".gz", ct)
                    ?? await files.ReadOrNullAsync(feed, index, ct);
                foreach (var (name, version) in document is null ? [] : DebianFeed.PackagesOf(document))
                {
                    foreach (var id in wanted[(name.ToLowerInvariant(), version)])
                        found[id].Add(suite);
                }
            }
        }

        return [.. found.Select(pair => (pair.Key, pair.Value.ToArray()))];
    }

    // Packages are mostly built for every architecture; those of an odd one only are not found.
    async Task<IReadOnlyList<string>> IndexesAsync(Feed feed, string suite, CancellationToken ct)
    {
        var folder = $"dists/{PercentEncoding.EncodeSegment(suite)}";
        var release = await files.ReadOrNullAsync(feed, $"{folder}/Release", ct)
            ?? await files.ReadOrNullAsync(feed, $"{folder}/InRelease", ct);
        if (release is null)
            return [];
        var text = Encoding.UTF8.GetString(release);
        string[] Words(string field) => [.. text.Split('\n')
            .Where(line => line.StartsWith(field + ":", StringComparison.Ordinal)).Take(1)
            .SelectMany(line => line[(field.Length + 1)..]
                .Split([' ', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries))];
        var architectures = Words("Architectures").OrderBy(arch => arch switch
        {
            "amd64" => 0,
            "arm64" => 1,
            "all" => 2,
            _ => 3,
        }).Take(ArchitecturesMax).ToList();
        return [.. from component in Words("Components").Take(ComponentsMax) from arch in architectures
            select $"{folder}/{string.Join('/', component.Split('/').Select(PercentEncoding.EncodeSegment))}/binary-"
                + $"{PercentEncoding.EncodeSegment(arch)}/Packages"];
    }
}
