using System.Diagnostics;
using Deployments.Data.Telemetry;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;

namespace Deployments.Web.Jobs;

/// <summary>
/// What Hangfire keeps of a job and calls. Never rename it or its methods: a version before, or after, has queued them.
/// </summary>
/// <param name="timetable">Which jobs there are.</param>
/// <param name="services">Where their classes are registered.</param>
public sealed class JobCall(IReadOnlyList<ScheduledJob> timetable, IServiceProvider services)
{
    /// <summary>The queue of the drain: what takes long elsewhere must not hold it up.</summary>
    public const string DrainQueue = "drain";

    /// <summary>Runs a job of the timetable. It is not tried again when it fails: its next time does.</summary>
    /// <param name="name">Its name; one of another version of this program is passed over.</param>
    /// <param name="ct">Hangfire hands in the token that ends with the server; the job is then queued again.</param>
    /// <returns>What it did, which Hangfire keeps.</returns>
    [AutomaticRetry(Attempts = 0)]
    [KeepRuns]
    public async Task<JobResult?> RunAsync(string name, CancellationToken ct)
    {
        if (timetable.FirstOrDefault(line => line.Name == name) is not { } line)
            return null;
        var (began, isOk) = (Stopwatch.GetTimestamp(), false);
        try
        {
            var result = await ((IBackgroundJob)services.GetRequiredService(line.Job)).RunAsync(ct);
            isOk = true;
            return result;
        }
        finally
        {
            Measures.Ran(line.Name, isOk, began);
        }
    }

    /// <summary>Drains the inbox.</summary>
    [AutomaticRetry(Attempts = 0)]
    [KeepRuns]
    [Queue(DrainQueue)]
    public Task<JobResult?> DrainAsync(CancellationToken ct) => RunAsync(DrainInboxJob.Name, ct);

    /// <summary>
    /// How long Hangfire keeps a run: of a job that runs all day for minutes, or its table would grow by more rows than
    /// there are records; of others for months. A failed one it would keep for ever; of what runs all day a day of
    /// failures tells enough.
    /// </summary>
    sealed class KeepRunsAttribute : JobFilterAttribute, IApplyStateFilter
    {
        static readonly TimeSpan Often = TimeSpan.FromMinutes(10);
        static readonly TimeSpan OftenFailed = TimeSpan.FromDays(1);
        static readonly TimeSpan Rarely = TimeSpan.FromDays(90);

        public void OnStateApplied(ApplyStateContext context, IWriteOnlyTransaction transaction)
        {
            var isRare = context.BackgroundJob.Job.Args is [string name, ..]
                && Timetable.Lines.Any(line => line.Name == name && !line.IsFrequent);
            context.JobExpirationTimeout = isRare ? Rarely : Often;
            if (context.NewState is FailedState)
                transaction.ExpireJob(context.BackgroundJob.Id, isRare ? Rarely : OftenFailed);
        }

        public void OnStateUnapplied(ApplyStateContext context, IWriteOnlyTransaction transaction)
        {
        }
    }
}
