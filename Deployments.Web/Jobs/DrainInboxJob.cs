namespace Deployments.Web.Jobs;

/// <summary>
/// Empties the inbox; at most once at a time in this process (it is a singleton), beside other nodes.
/// </summary>
/// <param name="drainer">Does the work.</param>
public sealed class DrainInboxJob(InboxDrainer drainer) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "drain-inbox";

    int running;

    /// <summary>Whether this node drains at this moment.</summary>
    public bool IsRunning => Volatile.Read(ref running) == 1;

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct)
    {
        if (Interlocked.Exchange(ref running, 1) == 1)
            return JobResult.Nothing; // what is left, the next wake-up sees
        try
        {
            return new JobResult(await drainer.RunOnceAsync(ct));
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }
}
