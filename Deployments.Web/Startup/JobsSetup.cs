using System.Reflection;
using Deployments.Data.Accounts;
using Deployments.Data.Jobs;
using Deployments.Web.Accounts;
using Deployments.Web.Jobs;
using Hangfire;

namespace Deployments.Web.Startup;

/// <summary>The timetable: everything that runs in the background, and when.</summary>
static class JobsSetup
{
    /// <summary>Where Hangfire's own pages are.</summary>
    internal const string DashboardPath = "/admin/jobs/dashboard";

    const int CommitDigits = 7;

    internal static readonly ScheduledJob[] Timetable =
    [
        // The alarm calls it as soon as something is in the inbox; the timetable is the safety net.
        new(DrainInboxJob.Name, Every: TimeSpan.FromSeconds(10), typeof(DrainInboxJob),
            Does: "Turns tagged downloads that wait in the inbox into deployment records; woken as soon as one waits."),
        new(ApplyRetentionJob.Name, Every: TimeSpan.FromDays(1), typeof(ApplyRetentionJob),
            Does: "Removes the deployment records that an active retention rule says are old enough.",
            At: new TimeOnly(2, 30)),
        new(PruneNodesJob.Name, Every: TimeSpan.FromDays(1), typeof(PruneNodesJob),
            Does: "Forgets nodes that have not been seen for a month.",
            At: new TimeOnly(3, 0)),
        new(PackIndexesJob.Name, Every: TimeSpan.FromDays(1), typeof(PackIndexesJob),
            Does: "Rebuilds the indexes of the deployment records, beside the traffic, when they have grown loose.",
            At: new TimeOnly(4, 0)),
        new(FetchAdvisoriesJob.Name, Every: TimeSpan.FromHours(1), typeof(FetchAdvisoriesJob),
            Does: "Fetches advisories from the sources that administrators have set, and finds out what they affect."),
        new(DeliverNotificationsJob.Name, Every: TimeSpan.FromSeconds(10), typeof(DeliverNotificationsJob),
            Does: "Sends the webhooks and mails that notification rules ask for, and those that failed again."),
        new(PruneNotificationsJob.Name, Every: TimeSpan.FromDays(1), typeof(PruneNotificationsJob),
            Does: "Forgets notifications that were delivered or given up 90 days ago.",
            At: new TimeOnly(3, 15)),
    ];

    public static void AddJobs(this WebApplicationBuilder builder, string connectionString)
    {
        var services = builder.Services;
        services.AddSingleton<InboxDrainer>();
        services.AddSingleton<IReadOnlyList<ScheduledJob>>(Timetable);
        foreach (var line in Timetable)
            services.AddSingleton(line.Job);
        services.AddSingleton(provider => new ThisNode(
            Guid.NewGuid(), Environment.MachineName, Environment.ProcessId, ProgramVersion,
            provider.GetRequiredService<TimeProvider>().GetUtcNow()));
        services.AddHostedService<NodeHeartbeat>();
        JobServer.Add(services, connectionString);
        services.AddHostedService<InboxAlarm>();
    }

    /// <summary>
    /// Makes or upgrades Hangfire's tables, on one node at a time, and maps its dashboard for administrators.
    /// </summary>
    public static async Task MapJobsAsync(this WebApplication app)
    {
        await app.Services.GetRequiredService<KeyRingStore>().OnOneNodeAtATimeAsync(
            () => Task.FromResult(app.Services.GetRequiredService<JobStorage>()), CancellationToken.None);
        app.MapHangfireDashboard(DashboardPath, new DashboardOptions
        {
            // The policy below decides; Hangfire's own rule, "from this machine only", is none.
            Authorization = [],
            AppPath = "/admin/jobs",
            DashboardTitle = "Background jobs",
            DisplayStorageConnectionString = false,
        }).RequireAuthorization(PageAccess.Manage).WithMetadata(new SecurityHeaders.ShownAsPage());
    }

    /// <summary>The version of this program, as its build was told: <c>1.2.0+0ceb56b</c>.</summary>
    internal static string ProgramVersion
    {
        get
        {
            var version = typeof(JobsSetup).Assembly
                .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
            var commit = version.IndexOf('+', StringComparison.Ordinal);
            return commit < 0 ? version : version[..Math.Min(version.Length, commit + 1 + CommitDigits)];
        }
    }
}
