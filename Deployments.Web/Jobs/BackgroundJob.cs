namespace Deployments.Web.Jobs;

/// <summary>Work that runs by the timetable. Knows nothing of the engine that runs it.</summary>
public interface IBackgroundJob
{
    /// <summary>
    /// Does the work once. Nodes may run it at the same time, and a killed run is simply run again at its next time:
    /// it must stand both.
    /// </summary>
    Task RunAsync(CancellationToken ct);
}

/// <summary>One line of the timetable in <c>Startup/JobsSetup.cs</c>.</summary>
/// <param name="Name">Unique, lower case with dashes.</param>
/// <param name="Every">Time between two runs, in the whole cluster.</param>
/// <param name="Job">A class that implements <see cref="IBackgroundJob"/>.</param>
public sealed record ScheduledJob(string Name, TimeSpan Every, Type Job);

/// <summary>What runs the timetable: Quartz, or Hangfire where its packages can be had.</summary>
public interface IJobEngine
{
    /// <summary>Runs a job now, besides its timetable, on any node.</summary>
    Task RunNowAsync(string name, CancellationToken ct);
}
