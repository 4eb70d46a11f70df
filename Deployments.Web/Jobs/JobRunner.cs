using System.Data.Common;
using Deployments.Data.Jobs;

namespace Deployments.Web.Jobs;

/// <summary>
/// Runs the jobs of the timetable, whatever engine says when, and writes down how that went. A job never fails because
/// its run cannot be written down.
/// </summary>
/// <param name="timetable">Which jobs there are.</param>
/// <param name="services">Where their classes are registered.</param>
/// <param name="store">Where runs are written down.</param>
/// <param name="node">Where they run.</param>
/// <param name="time">Tells when and how long.</param>
/// <param name="logger">For jobs that fail.</param>
public sealed class JobRunner(
    IReadOnlyList<ScheduledJob> timetable, IServiceProvider services, JobRunStore store, ThisNode node,
    TimeProvider time, ILogger<JobRunner> logger)
{
    static readonly TimeSpan GatherTime = TimeSpan.FromMinutes(1);
    // The program waits for running jobs when it ends; for their last words only so long.
    static readonly TimeSpan LastWordsPatience = TimeSpan.FromSeconds(3);

    readonly Dictionary<string, GatheredRuns> gathered = timetable.Where(line => line.IsFrequent)
        .ToDictionary(line => line.Name, _ => new GatheredRuns(GatherTime), StringComparer.Ordinal);

    /// <summary>Runs a job; its failure is logged and written down, not thrown.</summary>
    /// <param name="name">Its name in the timetable; a name of another version of this program is passed over.</param>
    /// <param name="ct">Stops it, when the program ends.</param>
    public async Task RunAsync(string name, CancellationToken ct)
    {
        if (timetable.FirstOrDefault(line => line.Name == name) is not { } line)
            return;
        var startedAt = time.GetUtcNow();
        var runId = line.IsFrequent ? null : await TryBeginAsync(name, startedAt, ct);
        var end = await RunAsync(line, ct);
        if (line.IsFrequent)
        {
            if (end.Items > 0 || !end.Ok)
                gathered[name].Add(startedAt, time.GetUtcNow(), end);
            await FlushAsync(name, atOnce: false);
        }
        else if (runId is { } id)
        {
            await TryAsync(token => store.EndAsync(id, time.GetUtcNow(), end, token));
        }
    }

    /// <summary>Writes down the runs that have gathered.</summary>
    /// <param name="atOnce">True: without waiting for their minute to be over, because the program ends.</param>
    public async Task FlushAsync(bool atOnce)
    {
        foreach (var name in gathered.Keys)
            await FlushAsync(name, atOnce);
    }

    async Task<JobRunEnd> RunAsync(ScheduledJob line, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        long Took() => (long)time.GetElapsedTime(began).TotalMilliseconds;
        try
        {
            var result = await ((IBackgroundJob)services.GetRequiredService(line.Job)).RunAsync(ct);
            return new JobRunEnd(true, result.Items, Took(), result.Said);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return new JobRunEnd(true, 0, Took(), null) { Stopped = true };
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "The job {Job} failed; it runs again at its next time", line.Name);
            return new JobRunEnd(false, 0, Took(), $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    async Task FlushAsync(string name, bool atOnce)
    {
        if (gathered[name].TakeOrNull(time.GetUtcNow(), atOnce) is not { } runs)
            return;
        var written = await TryAsync(token =>
            store.AddAsync(name, node, runs.Runs, runs.StartedAt, runs.EndedAt, runs.ToEnd(), token));
        if (!written)
            gathered[name].PutBack(runs);
    }

    async Task<long?> TryBeginAsync(string name, DateTimeOffset at, CancellationToken ct)
    {
        try
        {
            return await store.BeginAsync(name, node, at, ct);
        }
        catch (Exception exception) when (IsOutage(exception) || exception is OperationCanceledException)
        {
            logger.LogWarning("A run of {Job} is not written down: {Reason}", name, exception.Message);
            return null;
        }
    }

    // Not with the job's own token: the end of a run that was stopped is to be known too.
    async Task<bool> TryAsync(Func<CancellationToken, Task> write)
    {
        using var patience = new CancellationTokenSource(LastWordsPatience);
        try
        {
            await write(patience.Token);
            return true;
        }
        catch (Exception exception) when (IsOutage(exception) || exception is OperationCanceledException)
        {
            logger.LogWarning("The end of a run is not written down: {Reason}", exception.Message);
            return false;
        }
    }

    static bool IsOutage(Exception exception) =>
        exception is DbException or TimeoutException or InvalidOperationException;
}
