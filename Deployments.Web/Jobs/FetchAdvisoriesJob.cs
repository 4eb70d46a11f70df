using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Jobs;

/// <summary>Fetches advisories from every source that an administrator has named.</summary>
sealed class FetchAdvisoriesJob(AdvisoryFetch fetch) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "fetch-advisories";

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken ct) => fetch.RunAllAsync(ct);
}
