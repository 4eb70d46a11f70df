using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Jobs;

/// <summary>Fetches advisories from every source that an administrator has named.</summary>
sealed class FetchAdvisoriesJob(AdvisoryFetch fetch) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "fetch-advisories";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct)
    {
        var sources = await fetch.RunAllAsync(ct);
        return sources == 0 ? new JobResult(0, "No source is set.") : new JobResult(sources);
    }
}
