using Deployments.Data.Calendar;

namespace Deployments.Web.Jobs;

/// <summary>Counts the deployments of days, for the calendar.</summary>
/// <param name="calendar">Does the work.</param>
public sealed class CountDaysJob(CalendarStore calendar) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "count-days";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) => new(await calendar.CountAsync(Patience, ct));
}
