using System.Globalization;
using Deployments.Data.Database;
using Hangfire;
using Hangfire.AspNetCore;
using Hangfire.Common;
using Hangfire.Dashboard;
using Hangfire.Logging;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Hangfire.Server;
using Hangfire.States;
using Hangfire.Storage;

namespace Deployments.Web.Jobs;

/// <summary>
/// Runs the timetable on Hangfire, in the same PostgreSQL: each time, one of the nodes runs the job. See
/// db/decisions/0012.
/// </summary>
/// <remarks>
/// Made of Hangfire's parts by hand, each given what it uses: the ready-made registration keeps storage and activator
/// in static fields, which two programs in one process (the tests) would share.
/// </remarks>
sealed class JobServer(
    JobStorage storage, IServiceScopeFactory scopes, IReadOnlyList<ScheduledJob> timetable, ILoggerFactory logging)
    : IHostedService, IDisposable
{
    const string Schema = "hangfire";
    const int WorkersMax = 4;

    // How often the clock is looked at: the timetable has lines of ten seconds.
    static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);
    // A worker that was killed gives its job back after this time; one that lives prolongs it.
    static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(2);
    // Where PostgreSQL's notice is missed.
    static readonly TimeSpan QueuePollInterval = TimeSpan.FromSeconds(5);
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    BackgroundJobServer? server;

    /// <summary>Registers the engine; the timetable itself is registered already.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="connectionString">The database.</param>
    public static void Add(IServiceCollection services, string connectionString)
    {
        services.AddSingleton<JobStorage>(_ => OpenStorage(connectionString));
        services.AddSingleton<IRecurringJobManager>(provider =>
            new RecurringJobManager(provider.GetRequiredService<JobStorage>()));
        services.AddSingleton<IBackgroundJobClient>(provider =>
            new BackgroundJobClient(provider.GetRequiredService<JobStorage>()));
        // What the dashboard asks for.
        services.AddSingleton<IGlobalConfiguration>(_ => GlobalConfiguration.Configuration);
        services.AddSingleton(_ => DashboardRoutes.Routes);
        services.AddSingleton<JobQueue>();
        services.AddSingleton<JobServer>();
        services.AddHostedService(provider => provider.GetRequiredService<JobServer>());
    }

    /// <summary>Hangfire's storage; makes or upgrades its tables.</summary>
    internal static PostgreSqlStorage OpenStorage(string connectionString)
    {
        var options = new PostgreSqlStorageOptions
        {
            SchemaName = Schema,
            EnableLongPolling = true,
            QueuePollInterval = QueuePollInterval,
            InvisibilityTimeout = LeaseTime,
            UseSlidingInvisibilityTimeout = true,
            JobExpirationCheckInterval = TimeSpan.FromMinutes(5),
        };
        var own = DatabaseSetup.ForWhoWrites(connectionString)
            + ";Maximum Pool Size=15;Application Name=Deployments jobs";
        return new PostgreSqlStorage(new NpgsqlConnectionFactory(own, options), options);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogProvider.SetCurrentLogProvider(new JobLog(new AspNetCoreLogProvider(logging)));
        Announce(new RecurringJobManager(storage));
        Serve();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Begins anew with fresh workers: after an outage those that met it rest for ever longer, up to five minutes.
    /// </summary>
    public async Task RestartAsync(CancellationToken ct)
    {
        await StopAsync(ct);
        Serve();
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (server is null)
            return;
        server.SendStop();
        // Hangfire waits for its statements as long as it is let, also for those to a database that does not answer.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(StopPatience);
        await server.WaitForShutdownAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        server.Dispose();
        server = null;
    }

    /// <inheritdoc/>
    public void Dispose() => server?.Dispose();

    /// <summary>The line's schedule as a cron expression, in UTC, with seconds where it has any.</summary>
    internal static string CronOf(ScheduledJob line) => line switch
    {
        { At: { } at } => string.Create(CultureInfo.InvariantCulture, $"{at.Minute} {at.Hour} * * *"),
        { Every.TotalDays: >= 1 } => "0 0 * * *",
        { Every.TotalHours: >= 1 } =>
            string.Create(CultureInfo.InvariantCulture, $"0 */{(int)line.Every.TotalHours} * * *"),
        { Every.TotalMinutes: >= 1 } =>
            string.Create(CultureInfo.InvariantCulture, $"*/{(int)line.Every.TotalMinutes} * * * *"),
        _ => string.Create(CultureInfo.InvariantCulture, $"*/{(int)line.Every.TotalSeconds} * * * * *"),
    };

    // At each start, since a new version may have another timetable. A time that no node was there for is made up once.
    void Announce(RecurringJobManager recurring)
    {
        List<RecurringJobDto> known;
        using (var connection = storage.GetConnection())
            known = connection.GetRecurringJobs();
        foreach (var old in known.Where(job => timetable.All(line => line.Name != job.Id)))
            recurring.RemoveIfExists(old.Id);

        var options = new RecurringJobOptions
        {
            TimeZone = TimeZoneInfo.Utc,
            MisfireHandling = MisfireHandlingMode.Relaxed,
        };
        foreach (var line in timetable)
        {
            var call = line.Name == DrainInboxJob.Name
                ? Job.FromExpression<JobCall>(job => job.DrainAsync(CancellationToken.None))
                : Job.FromExpression<JobCall>(job => job.RunAsync(line.Name, CancellationToken.None));
            // Each costs a lock and some statements, and at nearly every start nothing has changed.
            if (!known.Exists(job => job.Id == line.Name && job.Cron == CronOf(line) && IsSame(job.Job, call)))
                recurring.AddOrUpdate(line.Name, call, CronOf(line), options);
        }
    }

    static bool IsSame(Job? one, Job other) =>
        one is not null && one.Type == other.Type && one.Method == other.Method
        && one.Args.OfType<string>().SequenceEqual(other.Args.OfType<string>());

    void Serve()
    {
        var activator = new AspNetCoreJobActivator(scopes);
        var filters = JobFilterProviders.Providers;
        // The drain has a worker of its own, for which nothing else can be in the way; and no server of its own, since
        // two servers wait for each other's locks while they start and stop.
        var drain = new Worker(
            [JobCall.DrainQueue], new BackgroundJobPerformer(filters, activator, TaskScheduler.Default),
            new BackgroundJobStateChanger(filters));
        var options = new BackgroundJobServerOptions
        {
            ServerName = string.Create(
                CultureInfo.InvariantCulture, $"{Environment.MachineName}:{Environment.ProcessId}"),
            Queues = ["default"],
            WorkerCount = WorkersMax,
            Activator = activator,
            SchedulePollingInterval = LookInterval,
            ShutdownTimeout = StopPatience,
            StopTimeout = TimeSpan.FromSeconds(1),
        };
        server = new BackgroundJobServer(options, storage, [drain]);
    }

    /// <summary>
    /// Hangfire's log is one for the process, and outlives the program that gave it; then it says nothing.
    /// </summary>
    sealed class JobLog(ILogProvider inner) : ILogProvider
    {
        public ILog GetLogger(string name)
        {
            try
            {
                return inner.GetLogger(name);
            }
            catch (ObjectDisposedException)
            {
                return new Silence();
            }
        }

        sealed class Silence : ILog
        {
            public bool Log(
                Hangfire.Logging.LogLevel logLevel, Func<string>? messageFunc, Exception? exception = null) => false;
        }
    }
}
