using Deployments.Data.Jobs;

namespace Deployments.Web.Jobs;

/// <summary>Forgets nodes that are long gone.</summary>
/// <param name="nodes">Where they are.</param>
/// <param name="time">The time to count from.</param>
sealed class PruneNodesJob(NodeStore nodes, TimeProvider time) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "prune-nodes";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) =>
        new(await nodes.PruneAsync(time.GetUtcNow(), ct));
}
