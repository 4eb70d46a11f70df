using System.Data.Common;
using Deployments.Data.Inbox;
using Deployments.Data.Jobs;
using Deployments.Web.Background;
using Deployments.Web.Settings;

namespace Deployments.Web.Jobs;

/// <summary>
/// Tells twice a minute that this node runs and how it is.
/// </summary>
sealed class NodeHeartbeat(
    ThisNode node, NodeStore store, Journal journal, DeploymentsSettings settings, TimeProvider time,
    ILogger<NodeHeartbeat> logger) : PatientService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await BeatAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task WriteLastAsync()
    {
        try
        {
            await store.StopAsync(node, time.GetUtcNow(), CancellationToken.None);
        }
        catch (Exception exception)
            when (exception is DbException or TimeoutException or ObjectDisposedException)
        {
            logger.LogWarning("The end of this node is not written down: {Reason}", exception.Message);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await BeatAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }
    }

    async Task BeatAsync(CancellationToken ct)
    {
        try
        {
            await store.SeeAsync(node, Condition(), time.GetUtcNow(), ct);
        }
        catch (Exception exception)
            when (exception is DbException or TimeoutException or InvalidOperationException)
        {
            logger.LogWarning("This node cannot tell that it runs: {Reason}", exception.Message);
        }
    }

    NodeCondition Condition()
    {
        var (free, all) = Disk(settings.DataDirectory!);
        return new NodeCondition(journal.WaitingBytes, journal.RefusedBytes, free, all);
    }

    static (long? Free, long? All) Disk(string directory)
    {
        try
        {
            var drive = new DriveInfo(directory);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, null); // a file system that does not tell
        }
    }
}
