using System.Text;
using Deployments.Data.Feeds;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;

namespace Deployments.Web.Connectors;

/// <summary>
/// Finds out which distributions a feed seems to serve, from its repository's own metadata and from the versions of its
/// packages. What it finds is a proposal: an administrator takes it, or says otherwise.
/// </summary>
public sealed class DistributionGuesser
{
    const int VersionsMax = 2_000;
    const int GuessesMax = 30;

    // Somebody may wait for it at a page, and a repository has some ten suites to be asked for.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    readonly RepositoryFiles files;
    readonly DistributionGuessStore store;
    readonly FeedTypeCatalog types;
    readonly TimeProvider time;

    // Pages are public and may know this class, and not the gateway's parts.
    internal DistributionGuesser(
        RepositoryFiles files, DistributionGuessStore store, FeedTypeCatalog types, TimeProvider time)
    {
        this.files = files;
        this.store = store;
        this.types = types;
        this.time = time;
    }

    /// <summary>Looks into a feed and keeps what it seems to serve.</summary>
    /// <param name="feed">A feed of any type.</param>
    /// <param name="ct">Cancels; then what was known stays.</param>
    /// <returns>What it seems to serve; empty when nothing tells.</returns>
    public async Task<IReadOnlyList<DistributionGuess>> GuessAsync(Feed feed, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        var found = new List<DistributionGuess>();
        try
        {
            await foreach (var guess in OfMetadataAsync(feed, patience.Token))
                found.Add(guess);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // What was found until then is what there is.
        }
        catch (HttpRequestException)
        {
            // An upstream that is away says nothing; versions may.
        }

        if (found.Count == 0)
            found.AddRange(await OfVersionsAsync(feed, ct));
        // Where all parts are of one distribution, the feed is.
        var guesses = found.Select(guess => guess.Distribution).Distinct().Count() == 1 && found.Count > 0
            ? [found[0] with { Place = "" }]
            : found.DistinctBy(guess => guess.Entry).Take(GuessesMax).ToList();
        await store.SaveAsync(feed.FeedId, guesses, time.GetUtcNow(), ct);
        return guesses;
    }

    async IAsyncEnumerable<DistributionGuess> OfMetadataAsync(
        Feed feed, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var connector in feed.Connectors)
        {
            if (feed.FeedType == "apk" && DistributionClues.OfAddress(new Uri(connector.Url)) is { } said)
                yield return new DistributionGuess("", said, $"the address of the connector {connector.Name} says so");
        }

        switch (feed.FeedType)
        {
            case "debian":
                foreach (var suite in (await files.FoldersAsync(feed, "dists", ct))
                    .Concat(await files.FoldersAsync(feed, "suites", ct)).Concat(DistributionClues.Suites).Distinct())
                {
                    if (await ReleaseAsync(feed, suite, ct) is { } release
                        && DistributionClues.OfRelease(release) is { } name)
                        yield return new DistributionGuess(suite, name, $"dists/{suite}/Release says so");
                }

                break;
            case "rpm":
                if (await files.ReadOrNullAsync(feed, "repodata/repomd.xml", ct) is { } repomd
                    && DistributionClues.OfRepomd(repomd) is { } distribution)
                    yield return new DistributionGuess("", distribution, "repodata/repomd.xml says so");
                break;
            case "apk":
                if (await files.ReadOrNullAsync(feed, "x86_64/APKINDEX.tar.gz", ct) is { } index
                    && PackageHead.TarGzEntry(index, entry => entry == "DESCRIPTION") is { } text
                    && DistributionClues.OfApkDescription(text) is { } alpine)
                    yield return new DistributionGuess("", alpine, "the description of x86_64/APKINDEX.tar.gz says so");
                break;
        }
    }

    async Task<string?> ReleaseAsync(Feed feed, string suite, CancellationToken ct)
    {
        var release = await files.ReadOrNullAsync(feed, $"dists/{PercentEncoding.EncodeSegment(suite)}/Release", ct)
            ?? await files.ReadOrNullAsync(feed, $"dists/{PercentEncoding.EncodeSegment(suite)}/InRelease", ct);
        return release is null ? null : Encoding.UTF8.GetString(release);
    }

    async Task<IEnumerable<DistributionGuess>> OfVersionsAsync(Feed feed, CancellationToken ct)
    {
        if (types.FindOrNull(feed.FeedType) is not { } type)
            return [];
        var versions = await store.VersionsAsync(feed.FeedId, VersionsMax, ct);
        bool IsOf(string word) => feed.Connectors.Select(connector => connector.Url).Append(feed.Name)
            .Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase));
        return DistributionClues.OfVersions(type.PackageType, versions, IsOf)
            .Select(found => new DistributionGuess(
                "", found.Distribution, $"versions of its packages have {found.Mark}"));
    }
}
