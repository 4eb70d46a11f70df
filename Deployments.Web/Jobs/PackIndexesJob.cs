using Deployments.Data.Records;

namespace Deployments.Web.Jobs;

/// <summary>Rebuilds the indexes of the records when they have grown loose, so that they fit into memory.</summary>
/// <param name="indexes">Does the work.</param>
public sealed class PackIndexesJob(RecordIndexStore indexes) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "pack-indexes";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) =>
        !await indexes.AreLooseAsync(ct) ? new JobResult(0, "The indexes are small as they are.")
        : await indexes.PackAsync(ct) ? new JobResult(1, "Rebuilt the indexes.")
        : new JobResult(0, "Another node is rebuilding them.");
}
