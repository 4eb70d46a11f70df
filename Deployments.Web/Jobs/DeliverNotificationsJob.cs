using Deployments.Web.Notifications;

namespace Deployments.Web.Jobs;

/// <summary>
/// Delivers what is due; at most once at a time in this process (it is a singleton), beside other nodes.
/// </summary>
/// <param name="delivery">Does the work.</param>
sealed class DeliverNotificationsJob(NotificationDelivery delivery) : IBackgroundJob
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
            return new JobResult(await delivery.RunOnceAsync(ct));
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }
}
