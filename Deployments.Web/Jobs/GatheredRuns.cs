using System.Globalization;
using Deployments.Data.Jobs;

namespace Deployments.Web.Jobs;

/// <summary>
/// Runs of a job that runs all day, gathered into at most one row per minute: writing down each would cost more than
/// what the job does. Safe from several threads.
/// </summary>
/// <param name="gatherTime">The time between two rows.</param>
sealed class GatheredRuns(TimeSpan gatherTime)
{
    readonly Lock gate = new();
    Sum? sum;
    DateTimeOffset takenAt = DateTimeOffset.MinValue;

    /// <summary>Adds a run.</summary>
    public void Add(DateTimeOffset startedAt, DateTimeOffset endedAt, JobRunEnd end)
    {
        lock (gate)
            sum = Join(sum, new Sum(startedAt, endedAt, 1, end.Ok ? 0 : 1, end.Items, end.TookMs, end.Message));
    }

    /// <summary>What has gathered, when a row may be written; null when not, or when nothing has.</summary>
    public Sum? TakeOrNull(DateTimeOffset now, bool atOnce)
    {
        lock (gate)
        {
            if (sum is null || (!atOnce && now - takenAt < gatherTime))
                return null;
            var taken = sum;
            (sum, takenAt) = (null, now);
            return taken;
        }
    }

    /// <summary>Takes back what could not be written; it goes with the next row.</summary>
    public void PutBack(Sum taken)
    {
        lock (gate)
            sum = Join(taken, sum);
    }

    static Sum Join(Sum? earlier, Sum? later) => earlier is null ? later! : later is null ? earlier : new Sum(
        earlier.StartedAt, later.EndedAt, earlier.Runs + later.Runs, earlier.Failures + later.Failures,
        earlier.Items + later.Items, earlier.TookMs + later.TookMs, later.Message ?? earlier.Message);

    /// <summary>Several runs.</summary>
    internal sealed record Sum(
        DateTimeOffset StartedAt, DateTimeOffset EndedAt, int Runs, int Failures, long Items, long TookMs,
        string? Message)
    {
        public JobRunEnd ToEnd() => new(Failures == 0, Items, TookMs, Failures > 0 && Runs > 1
            ? string.Create(CultureInfo.InvariantCulture, $"{Failures} of {Runs} runs failed. {Message}")
            : Message);
    }
}
