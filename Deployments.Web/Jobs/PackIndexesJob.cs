using Deployments.Data.Records;

namespace Deployments.Web.Jobs;

/// <summary>Rebuilds the indexes of the records, so that they stay small and in memory.</summary>
/// <param name="indexes">Does the work.</param>
public sealed class PackIndexesJob(RecordIndexStore indexes) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "pack-indexes";

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken ct) => indexes.PackAsync(ct);
}
