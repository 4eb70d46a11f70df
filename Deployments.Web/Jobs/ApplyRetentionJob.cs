using System.Globalization;
using Deployments.Data.Retention;

namespace Deployments.Web.Jobs;

/// <summary>Applies the active retention rules.</summary>
/// <param name="store">Does the work.</param>
/// <param name="time">Tells what is old enough.</param>
public sealed class ApplyRetentionJob(RetentionRunStore store, TimeProvider time) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "apply-retention";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) =>
        await store.ApplyAsync(time.GetUtcNow(), ct) switch
        {
            null => new JobResult(0, "Another node is applying the rules."),
            { Rules: 0 } => new JobResult(0, "No rule is active."),
            var run => new JobResult(run.Records, string.Create(CultureInfo.InvariantCulture,
                $"Removed {run.Records:N0} records and observations; active rules: {run.Rules}.")),
        };
}
