using System.Globalization;
using System.Text.Json;
using Deployments.Data.Inbox;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Hangfire.Storage.Monitoring;

namespace Deployments.Web.Jobs;

/// <summary>
/// Asks for runs, and tells from Hangfire's own record when each job ran, how that went and when it is next.
/// </summary>
/// <param name="storage">Where Hangfire keeps it.</param>
/// <param name="recurring">Triggers jobs of the timetable.</param>
/// <param name="client">Queues the drain.</param>
/// <param name="inbox">Keeps two nodes from queuing two.</param>
/// <param name="timetable">Which jobs there are.</param>
public sealed class JobQueue(
    JobStorage storage, IRecurringJobManager recurring, IBackgroundJobClient client,
    InboxStore inbox, IReadOnlyList<ScheduledJob> timetable)
{
    /// <summary>Runs a job now, besides its schedule, on any node.</summary>
    public void RunNow(string name) => recurring.Trigger(name);

    /// <summary>
    /// Has the inbox drained, unless a drain waits already, on whatever node: it will see what this one would.
    /// </summary>
    /// <returns>Whether one was queued.</returns>
    public async Task<bool> DrainAsync(CancellationToken ct)
    {
        var isQueued = false;
        await inbox.OnOneNodeAtATimeAsync(() =>
        {
            if (storage.GetMonitoringApi().EnqueuedCount(JobCall.DrainQueue) > 0)
                return;
            client.Create(
                Job.FromExpression<JobCall>(job => job.DrainAsync(CancellationToken.None)),
                new EnqueuedState(JobCall.DrainQueue));
            isQueued = true;
        }, ct);
        return isQueued;
    }

    /// <summary>The timetable, each line with its last run and its next.</summary>
    public IReadOnlyList<JobRow> Rows()
    {
        using var connection = storage.GetConnection();
        var known = connection.GetRecurringJobs().ToDictionary(job => job.Id, StringComparer.Ordinal);
        var monitoring = storage.GetMonitoringApi();
        return [.. timetable.Select(line => known.TryGetValue(line.Name, out var job)
            ? new JobRow(line, LastRunOrNull(monitoring, job), Utc(job.NextExecution))
            : new JobRow(line, null, null))];
    }

    static JobRun? LastRunOrNull(IMonitoringApi monitoring, RecurringJobDto job)
    {
        if (job.LastJobId is not { Length: > 0 } id || Utc(job.LastExecution) is not { } queuedAt)
            return null;
        var history = monitoring.JobDetails(id)?.History ?? [];
        var end = history.FirstOrDefault();
        var began = history.FirstOrDefault(state => state.StateName == ProcessingState.StateName);
        var run = new JobRun
        {
            Id = id,
            StartedAt = Utc(began?.CreatedAt) ?? queuedAt,
            State = (end?.StateName ?? job.LastJobState) switch
            {
                "Succeeded" => JobRunState.Ok,
                "Failed" or "Deleted" => JobRunState.Failed,
                "Processing" => JobRunState.Running,
                _ => JobRunState.Waiting,
            },
        };
        return run.State is JobRunState.Ok or JobRunState.Failed && end is not null ? Ended(run, end) : run;
    }

    static JobRun Ended(JobRun run, StateHistoryDto end)
    {
        var result = ResultOrNull(end.Data);
        var ended = Utc(end.CreatedAt)!.Value;
        return run with
        {
            EndedAt = ended,
            TookMs = end.Data.TryGetValue("PerformanceDuration", out var text)
                && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var took)
                ? took
                : (long)(ended - run.StartedAt).TotalMilliseconds,
            Items = result?.Items ?? 0,
            Message = run.State == JobRunState.Failed
                ? $"{Text("ExceptionType").Split('.')[^1]}: {Text("ExceptionMessage")}"
                : result?.Said,
        };

        string Text(string name) => end.Data.TryGetValue(name, out var said) ? said : "";
    }

    static JobResult? ResultOrNull(IDictionary<string, string> data)
    {
        try
        {
            return data.TryGetValue("Result", out var json) ? JsonSerializer.Deserialize<JobResult?>(json) : null;
        }
        catch (JsonException)
        {
            return null; // of another version
        }
    }

    static DateTimeOffset? Utc(DateTime? time) =>
        time is { } given ? new DateTimeOffset(DateTime.SpecifyKind(given, DateTimeKind.Utc)) : null;
}

/// <summary>A line of the timetable with what is known of its runs.</summary>
/// <param name="Job">The line.</param>
/// <param name="Last">Its newest run; null when none is known.</param>
/// <param name="Next">When it runs next; null when it is not scheduled.</param>
public sealed record JobRow(ScheduledJob Job, JobRun? Last, DateTimeOffset? Next);

/// <summary>A run of a job.</summary>
public sealed record JobRun
{
    /// <summary>Hangfire's number of it.</summary>
    public string Id { get; init; } = "";

    /// <summary>When it began; while it waits, when it was queued.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How it went.</summary>
    public JobRunState State { get; init; }

    /// <summary>How many things were worked on.</summary>
    public long Items { get; init; }

    /// <summary>Milliseconds it took; 0 while it has not ended.</summary>
    public long TookMs { get; init; }

    /// <summary>What it did, or why it failed; null when there is nothing to say.</summary>
    public string? Message { get; init; }
}

/// <summary>How a run went.</summary>
public enum JobRunState
{
    /// <summary>It waits for a worker.</summary>
    Waiting,

    /// <summary>It is under way.</summary>
    Running,

    /// <summary>It did its work.</summary>
    Ok,

    /// <summary>It failed; the message says why.</summary>
    Failed,
}
