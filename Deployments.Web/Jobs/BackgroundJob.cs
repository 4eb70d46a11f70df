namespace Deployments.Web.Jobs;

/// <summary>Work that runs by the timetable, on Hangfire. It knows nothing of that: tests call it directly.</summary>
public interface IBackgroundJob
{
    /// <summary>
    /// Does the work once. Nodes may run it at the same time, and a killed run is simply run again at its next time:
    /// it must stand both.
    /// </summary>
    /// <returns>What it did, for the page of jobs.</returns>
    Task<JobResult> RunAsync(CancellationToken ct);
}

/// <summary>What a run did.</summary>
/// <param name="Items">How many things were worked on; 0: there was nothing to do.</param>
/// <param name="Said">One short sentence for administrators; null when the number says it all.</param>
public sealed record JobResult(long Items, string? Said = null)
{
    /// <summary>There was nothing to do.</summary>
    public static JobResult Nothing { get; } = new(0);
}

/// <summary>One line of the timetable in <see cref="Timetable"/>.</summary>
/// <param name="Name">Unique, lower case with dashes.</param>
/// <param name="Every">Time between two runs, in the whole cluster; a day where <paramref name="At"/> is given.</param>
/// <param name="Job">A class that implements <see cref="IBackgroundJob"/>.</param>
/// <param name="Does">What it does, in one sentence for administrators.</param>
/// <param name="At">The time of day, UTC, of a daily job; null: whenever it comes to it.</param>
public sealed record ScheduledJob(string Name, TimeSpan Every, Type Job, string Does = "", TimeOnly? At = null)
{
    /// <summary>Runs so often that its runs are forgotten after minutes; of others they are kept for months.</summary>
    public bool IsFrequent => Every < TimeSpan.FromMinutes(1);
}
