using Deployments.Web.Jobs;
using Deployments.Web.Jobs.Engines;

namespace Deployments.Web.Startup;

/// <summary>The timetable: everything that runs in the background, and when.</summary>
static class JobsSetup
{
    static readonly ScheduledJob[] Timetable =
    [
        // The alarm calls it as soon as something is in the inbox; the timetable is the safety net.
        new(DrainInboxJob.Name, Every: TimeSpan.FromSeconds(10), typeof(DrainInboxJob)),
        new(FetchAdvisoriesJob.Name, Every: TimeSpan.FromHours(1), typeof(FetchAdvisoriesJob)),
    ];

    public static void AddJobs(this WebApplicationBuilder builder, string connectionString)
    {
        builder.Services.AddSingleton<InboxDrainer>();
        foreach (var line in Timetable)
            builder.Services.AddSingleton(line.Job);
        QuartzEngine.Add(builder.Services, connectionString, Timetable);
        builder.Services.AddHostedService<InboxAlarm>();
    }
}
