using Deployments.Data.Vulnerabilities;

namespace Deployments.Web.Jobs;

/// <summary>Finds out what advisories say of the versions of feeds whose distributions were changed.</summary>
sealed class MatchDistributionsJob(DistributionStore store) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "match-distributions";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) => new(await store.MatchAsync(ct));
}
