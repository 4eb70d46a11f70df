using Deployments.Data.Vulnerabilities;
using Deployments.Web.Notifications;

namespace Deployments.Web.Jobs;

/// <summary>
/// Notes which assessments have run out, and delivers what is due; at most once at a time in this process (it is a
/// singleton), beside other nodes.
/// </summary>
/// <param name="assessments">Knows what has run out.</param>
/// <param name="delivery">Delivers.</param>
sealed class DeliverNotificationsJob(AssessmentStore assessments, NotificationDelivery delivery) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "deliver-notifications";

    int running;

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct)
    {
        if (Interlocked.Exchange(ref running, 1) == 1)
            return JobResult.Nothing;
        try
        {
            await assessments.NoteExpiredAsync(ct);
            return new JobResult(await delivery.RunOnceAsync(ct));
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }
}
