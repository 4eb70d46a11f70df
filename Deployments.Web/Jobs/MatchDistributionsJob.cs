using Deployments.Data.Vulnerabilities;
using Deployments.Web.Connectors;

namespace Deployments.Web.Jobs;

/// <summary>
/// Finds out what advisories say of the versions of feeds whose distributions were changed, and by which suites of
/// Debian feeds versions came.
/// </summary>
sealed class MatchDistributionsJob(DistributionStore store, SuiteFinder suites) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "match-distributions";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) =>
        new(await store.MatchAsync(ct) + await suites.RunOnceAsync(ct));
}
