using System.Reflection;
using Deployments.Data.Accounts;
using Deployments.Data.Jobs;
using Deployments.Web.Accounts;
using Deployments.Web.Jobs;
using Hangfire;

namespace Deployments.Web.Startup;

/// <summary>Adds what runs in the background.</summary>
static class JobsSetup
{
    /// <summary>Where Hangfire's own pages are.</summary>
    internal const string DashboardPath = "/admin/jobs/dashboard";

    const int CommitDigits = 7;

    public static void AddJobs(this WebApplicationBuilder builder, string connectionString)
    {
        var services = builder.Services;
        services.AddSingleton<InboxDrainer>();
        services.AddSingleton<IReadOnlyList<ScheduledJob>>(Timetable.Lines);
        foreach (var line in Timetable.Lines)
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
