using Deployments.Data.Database;
using Deployments.Data.Inbox;

namespace Deployments.Web.Jobs;

/// <summary>
/// Has the inbox drained as soon as something is in it: at PostgreSQL's notice, and by a look each second.
/// </summary>
sealed class InboxAlarm(DatabaseSignals notifications, InboxStore inbox, IJobEngine engine, ILogger<InboxAlarm> logger)
    : BackgroundService
{
    static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    // One drain for a burst, and still visible at once.
    static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        notifications.ListenAsync("deployment_inbox", LookInterval, RingAsync, stoppingToken);

    async Task RingAsync(CancellationToken ct)
    {
        try
        {
            if (!await inbox.HasEntriesAsync(ct))
                return;
            await Task.Delay(GatherTime, ct);
            await engine.RunNowAsync(DrainInboxJob.Name, ct);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Also what the engine makes of an outage: this must outlive it, or nothing is drained until a restart.
            logger.LogWarning("The inbox cannot be looked at: {Reason}", exception.Message);
        }
    }
}
