using System.Data.Common;
using Deployments.Data.Jobs;

namespace Deployments.Web.Jobs;

/// <summary>
/// Makes up at the start for the runs of daily jobs that no node was there for: a server that is switched off at night
/// would never run them.
/// </summary>
sealed class MissedRuns(
    IReadOnlyList<ScheduledJob> timetable, JobRunQueries runs, IJobEngine engine, TimeProvider time,
    ILogger<MissedRuns> logger) : BackgroundService
{
    // Past the time at which it would have run, and long enough for another node to have run it.
    static readonly TimeSpan Overdue = TimeSpan.FromHours(25);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var daily = timetable.Where(line => line.At is not null).Select(line => line.Name).ToList();
            var newest = await runs.NewestAsync(daily, time.GetUtcNow(), stoppingToken);
            foreach (var run in newest.Values.Where(run => run.StartedAt < time.GetUtcNow() - Overdue))
                await engine.RunNowAsync(run.Job, stoppingToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Also what the engine makes of an outage; they run at their next time.
            logger.LogWarning("Missed runs are not made up for: {Reason}", exception.Message);
        }
    }
}
