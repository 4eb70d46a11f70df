using Deployments.Data.Notifications;

namespace Deployments.Web.Jobs;

/// <summary>Forgets notifications that ended long ago, with the log of their delivery.</summary>
/// <param name="outbox">Does the work.</param>
/// <param name="time">Tells what is old.</param>
public sealed class PruneNotificationsJob(NotificationOutboxStore outbox, TimeProvider time) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "prune-notifications";

    static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) =>
        new(await outbox.PruneAsync(time.GetUtcNow() - KeptFor, ct));
}
