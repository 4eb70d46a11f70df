using Deployments.Data.Jobs;
using Deployments.Web.Jobs;

namespace Deployments.Web.Pages.Jobs;

/// <summary>A line of the timetable with what is known of its runs.</summary>
/// <param name="Job">The line.</param>
/// <param name="Last">Its newest run; null when none is known.</param>
/// <param name="Next">When it runs next; null when it is not scheduled.</param>
public sealed record JobRow(ScheduledJob Job, JobRun? Last, DateTimeOffset? Next);
