using Deployments.Data.Database;
using Deployments.Data.Inbox;
using Deployments.Web.Background;

namespace Deployments.Web.Jobs;

/// <summary>
/// Has the inbox drained as soon as something is in it: at PostgreSQL's notice, and by a look each second. A burst is
/// one drain: while one waits, no other is asked for. And sees that the one who should run it is awake.
/// </summary>
sealed class InboxAlarm(
    DatabaseSignals notifications, InboxStore inbox, JobQueue queue, DrainInboxJob drain, JobServer server,
    TimeProvider time, ILogger<InboxAlarm> logger) : PatientService
{
    static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    // One drain for a burst, and still visible at once.
    static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(200);
    // A worker that is awake takes a drain within milliseconds.
    static readonly TimeSpan AsleepTime = TimeSpan.FromSeconds(3);

    long? waitingSince;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        notifications.ListenAsync("deployment_inbox", LookInterval, RingAsync, stoppingToken);

    async Task RingAsync(CancellationToken ct)
    {
        try
        {
            if (!await inbox.HasEntriesAsync(ct))
            {
                waitingSince = null;
                return;
            }

            await Task.Delay(GatherTime, ct);
            if (await queue.DrainAsync(ct) || drain.IsRunning)
                waitingSince = null;
            else
                await WakeAsync(ct);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Also what the engine makes of an outage: this must outlive it, or nothing is drained until a restart.
            logger.LogWarning("The inbox cannot be looked at: {Reason}", exception.Message);
        }
    }

    // A drain waits and nobody here takes it: the worker rests after an outage.
    async Task WakeAsync(CancellationToken ct)
    {
        waitingSince ??= time.GetTimestamp();
        if (time.GetElapsedTime(waitingSince.Value) < AsleepTime)
            return;
        waitingSince = null;
        logger.LogWarning("A drain has waited for {Seconds} s: the job servers begin anew", AsleepTime.TotalSeconds);
        await server.RestartAsync(ct);
    }
}
