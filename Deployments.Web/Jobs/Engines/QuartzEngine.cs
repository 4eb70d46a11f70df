using System.Globalization;
using Quartz;

namespace Deployments.Web.Jobs.Engines;

/// <summary>
/// Runs the timetable on Quartz.NET with its clustered PostgreSQL store: each time, one of the nodes runs the job.
/// </summary>
sealed class QuartzEngine(ISchedulerFactory schedulers, IReadOnlyList<ScheduledJob> timetable) : IJobEngine
{
    /// <inheritdoc/>
    public async Task RunNowAsync(string name, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await scheduler.TriggerJob(new JobKey(name), null, ct);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> NextRunsAsync(CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        var next = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var line in timetable)
        {
            if (await scheduler.GetTrigger(new TriggerKey(line.Name), ct) is { NextFireTimeUtc: { } at })
                next[line.Name] = at;
        }

        return next;
    }

    /// <summary>Registers the engine and its timetable.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="connectionString">The database; Quartz keeps its tables in the schema <c>quartz</c>.</param>
    /// <param name="timetable">What to run.</param>
    public static void Add(IServiceCollection services, string connectionString, IReadOnlyList<ScheduledJob> timetable)
    {
        services.AddSingleton<IJobEngine, QuartzEngine>();
        services.AddQuartz(quartz =>
        {
            quartz.UseDefaultThreadPool(4);
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(connectionString +
                    ";Search Path=quartz;Maximum Pool Size=10;Application Name=Deployments jobs");
                store.UseClustering();
                store.ProvisionSchema();
            });
            foreach (var line in timetable)
            {
                var key = new JobKey(line.Name);
                quartz.AddJob<QuartzJob>(job =>
                    job.WithIdentity(key).StoreDurably().UsingJobData(QuartzJob.LineName, line.Name));
                quartz.AddTrigger(trigger => Schedule(trigger.ForJob(key).WithIdentity(line.Name), line));
            }
        });
        services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
    }

    // A daily job that every node was too busy for runs once when one is not (MissedRuns sees to those that no node was
    // there for); a job that runs all day has nothing to make up for.
    static void Schedule(ITriggerConfigurator trigger, ScheduledJob line)
    {
        if (line.At is { } at)
            trigger.WithCronSchedule(
                string.Create(CultureInfo.InvariantCulture, $"{at.Second} {at.Minute} {at.Hour} * * ?"),
                cron => cron.InTimeZone(TimeZoneInfo.Utc)
                    .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed));
        else
            trigger.WithSimpleSchedule(schedule => schedule.WithInterval(line.Every).RepeatForever()
                .WithMisfireInstruction(SimpleTriggerMisfireInstruction.NextWithRemainingCount));
    }
}

/// <summary>What Quartz runs.</summary>
sealed class QuartzJob(JobRunner runner) : IJob
{
    public const string LineName = "line";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        if (context.MergedJobDataMap.GetString(LineName) is { } name)
            await runner.RunAsync(name, cancellationToken);
    }
}
