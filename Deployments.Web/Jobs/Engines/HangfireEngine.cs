using System.Globalization;
using Hangfire;
using Hangfire.PostgreSql;
using Hangfire.Storage;

namespace Deployments.Web.Jobs.Engines;

/// <summary>
/// Runs the timetable on Hangfire with its PostgreSQL storage, in builds with <c>-p:JobEngine=Hangfire</c>: each time,
/// one of the nodes runs the job.
/// </summary>
/// <remarks>
/// Its recurring jobs are looked at four times a minute: a job that is to run more often is run every minute, and woken
/// in between by whoever has work for it. See <c>db/decisions/0003</c>.
/// </remarks>
sealed class HangfireEngine(IRecurringJobManager recurring, JobStorage storage) : IJobEngine
{
    /// <inheritdoc/>
    public Task RunNowAsync(string name, CancellationToken ct)
    {
        recurring.Trigger(name);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, DateTimeOffset>> NextRunsAsync(CancellationToken ct)
    {
        using var connection = storage.GetConnection();
        IReadOnlyDictionary<string, DateTimeOffset> next = connection.GetRecurringJobs()
            .Where(job => job.NextExecution is not null)
            .ToDictionary(
                job => job.Id,
                job => new DateTimeOffset(DateTime.SpecifyKind(job.NextExecution!.Value, DateTimeKind.Utc)),
                StringComparer.Ordinal);
        return Task.FromResult(next);
    }

    /// <summary>Registers the engine; the timetable itself is registered already.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="connectionString">The database; Hangfire keeps its tables in the schema <c>hangfire</c>.</param>
    public static void Add(IServiceCollection services, string connectionString)
    {
        services.AddSingleton<IJobEngine, HangfireEngine>();
        services.AddHangfire(hangfire => hangfire
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings()
            .UsePostgreSqlStorage(postgres => postgres.UseNpgsqlConnection(
                connectionString + ";Maximum Pool Size=10;Application Name=Deployments jobs")));
        // Before the server, so that it finds the timetable.
        services.AddHostedService<HangfireTimetable>();
        services.AddHangfireServer(server => server.WorkerCount = 4);
    }

    /// <summary>The line's schedule as a cron expression of five fields, in UTC.</summary>
    internal static string CronOf(ScheduledJob line) => line switch
    {
        { At: { } at } => string.Create(CultureInfo.InvariantCulture, $"{at.Minute} {at.Hour} * * *"),
        { Every.TotalDays: >= 1 } => "0 0 * * *",
        { Every.TotalHours: >= 1 } =>
            string.Create(CultureInfo.InvariantCulture, $"0 */{(int)line.Every.TotalHours} * * *"),
        { Every.TotalMinutes: >= 1 } =>
            string.Create(CultureInfo.InvariantCulture, $"*/{(int)line.Every.TotalMinutes} * * * *"),
        _ => "* * * * *",
    };
}

/// <summary>Tells Hangfire the timetable at each start, since a new version may have another one.</summary>
sealed class HangfireTimetable(
    IRecurringJobManager recurring, JobStorage storage, IReadOnlyList<ScheduledJob> timetable) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        using (var connection = storage.GetConnection())
        {
            foreach (var old in connection.GetRecurringJobs().Where(job => timetable.All(line => line.Name != job.Id)))
                recurring.RemoveIfExists(old.Id);
        }

        foreach (var line in timetable)
            recurring.AddOrUpdate<HangfireJob>(
                line.Name, job => job.RunAsync(line.Name, CancellationToken.None), HangfireEngine.CronOf(line),
                new RecurringJobOptions { TimeZone = TimeZoneInfo.Utc, MisfireHandling = MisfireHandlingMode.Relaxed });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>What Hangfire runs. It hands in the token that ends with the server; it retries nothing itself.</summary>
public sealed class HangfireJob(JobRunner runner)
{
    /// <summary>Runs a job of the timetable.</summary>
    [AutomaticRetry(Attempts = 0)]
    public Task RunAsync(string name, CancellationToken ct) => runner.RunAsync(name, ct);
}
