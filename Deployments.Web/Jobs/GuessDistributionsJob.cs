using Deployments.Data.Feeds;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Connectors;

namespace Deployments.Web.Jobs;

/// <summary>Looks into feeds of which nobody has said which distribution they serve.</summary>
sealed class GuessDistributionsJob(
    DistributionGuessStore store, FeedQueries feeds, DistributionGuesser guesser, TimeProvider time) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "guess-distributions";

    const int FeedsMax = 20; // of one run; each may take most of a minute

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct)
    {
        var names = await store.DueAsync(time.GetUtcNow(), FeedsMax, ct);
        foreach (var name in names)
        {
            if (await feeds.ByNameOrNullAsync(name, VisibleFeeds.All, ct) is { } feed)
                await guesser.GuessAsync(feed, ct);
        }

        return new JobResult(names.Count);
    }
}
