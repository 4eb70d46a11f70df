using Deployments.Data.Jobs;

namespace Deployments.Web.Jobs;

/// <summary>Forgets old runs of jobs, and nodes that have not been seen for long.</summary>
/// <param name="store">Does the work.</param>
/// <param name="time">Tells what is old.</param>
public sealed class PruneJobRunsJob(JobRunStore store, TimeProvider time) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "prune-job-runs";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) => new(await store.PruneAsync(time.GetUtcNow(), ct));
}
