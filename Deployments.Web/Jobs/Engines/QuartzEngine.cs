using Quartz;

namespace Deployments.Web.Jobs.Engines;

/// <summary>
/// Runs the timetable on Quartz.NET with its clustered PostgreSQL store: each time, one of the nodes runs the job.
/// </summary>
sealed class QuartzEngine(ISchedulerFactory schedulers) : IJobEngine
{
    /// <inheritdoc/>
    public async Task RunNowAsync(string name, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await scheduler.TriggerJob(new JobKey(name), null, ct);
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
                quartz.AddTrigger(trigger => trigger.ForJob(key).WithIdentity(line.Name)
                    .WithSimpleSchedule(schedule => schedule.WithInterval(line.Every).RepeatForever()
                        .WithMisfireInstruction(SimpleTriggerMisfireInstruction.NextWithRemainingCount)));
            }
        });
        services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
        services.AddSingleton(timetable);
    }
}

/// <summary>What Quartz runs: looks up the line of the timetable and runs its job.</summary>
sealed class QuartzJob(IReadOnlyList<ScheduledJob> timetable, IServiceProvider services, ILogger<QuartzJob> logger)
    : IJob
{
    public const string LineName = "line";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var name = context.MergedJobDataMap.GetString(LineName);
        if (timetable.FirstOrDefault(line => line.Name == name) is not { } line)
            return; // scheduled by another version of this program
        try
        {
            await ((IBackgroundJob)services.GetRequiredService(line.Job)).RunAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogError(exception, "The job {Job} failed; it runs again at its next time", name);
        }
    }
}
