using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Deployments.Data.Telemetry;

/// <summary>
/// What this program counts and times of its own work, for whoever scrapes <c>/metrics</c> or collects by OTLP. Names
/// and units keep to OpenTelemetry's conventions. Every label has few values that are known beforehand: a feed's type,
/// an outcome, a job of the timetable; never a name that somebody chose. Adding to one allocates nothing.
/// </summary>
public static class Measures
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Deployments";

    /// <summary>The label of how something ended.</summary>
    public const string Outcome = "deployments.outcome";

    /// <summary>An outcome: it was done.</summary>
    public const string Ok = "ok";

    /// <summary>An outcome: it was not.</summary>
    public const string Failed = "failed";

    const string FeedType = "deployments.feed.type";
    const string JobName = "deployments.job.name";
    const string CacheResult = "deployments.cache.result";

    static readonly Meter Meter = new(MeterName);

    // In seconds. From what a commit or a file in a near cache takes to what a client gives up at.
    static readonly InstrumentAdvice<double> Short = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    // In seconds. Retention and advisories take minutes.
    static readonly InstrumentAdvice<double> Long = new()
    {
        HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600],
    };

    static readonly Counter<long> Captures = Meter.CreateCounter<long>(
        "deployments.captures", "{capture}", "Downloads that were to be recorded, by what became of the record.");

    static readonly Counter<long> InboxWritten = Meter.CreateCounter<long>(
        "deployments.inbox.written", "{entry}", "Entries that were to be made durable, by where they are.");

    static readonly Histogram<double> InboxWriteDuration = Meter.CreateHistogram(
        "deployments.inbox.write.duration", "s", "How long a group of entries took to be durable.", null, Short);

    static readonly Counter<long> JournalDelivered = Meter.CreateCounter<long>(
        "deployments.journal.delivered", "{entry}", "Entries of the journal that were brought to the database.");

    static readonly Counter<long> DrainEntries = Meter.CreateCounter<long>(
        "deployments.drain.entries", "{entry}", "Entries of the inbox that became records or rejections.");

    static readonly Histogram<double> DrainDuration = Meter.CreateHistogram(
        "deployments.drain.duration", "s", "How long the drain of a batch took.", null, Short);

    static readonly Histogram<double> JobDuration = Meter.CreateHistogram(
        "deployments.job.duration", "s", "How long a run of a background job took.", null, Long);

    static readonly Counter<long> CacheRequests = Meter.CreateCounter<long>(
        "deployments.cache.requests", "{request}", "Requests for package files of connectors that may be kept.");

    static readonly Histogram<double> UpstreamDuration = Meter.CreateHistogram(
        "deployments.upstream.duration", "s", "How long upstreams took until their answer began.", null, Short);

    /// <summary>
    /// Says of what may never happen that it has not: what appears with its first value shows no rise then, and an
    /// alarm for it would sleep. For who listens to call.
    /// </summary>
    public static void Announce()
    {
        foreach (var outcome in new[] { "inbox", "journal", Failed })
            InboxWritten.Add(0, new KeyValuePair<string, object?>(Outcome, outcome));
        JournalDelivered.Add(0);
        DrainEntries.Add(0);
        LookedInCacheTimes(0, isHit: true);
        LookedInCacheTimes(0, isHit: false);
    }

    /// <summary>A download was to be recorded.</summary>
    /// <param name="feedType">The type of its feed.</param>
    /// <param name="outcome"><c>recorded</c>, <c>journaled</c>, <c>rejected</c> or <c>failed</c>.</param>
    public static void Captured(string feedType, string outcome) =>
        Captures.Add(1, new(FeedType, feedType), new(Outcome, outcome));

    /// <summary>A group of entries was to be made durable.</summary>
    /// <param name="entries">How many.</param>
    /// <param name="outcome"><c>inbox</c>, <c>journal</c> or <c>failed</c>.</param>
    /// <param name="since">When that began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    public static void Written(int entries, string outcome, long since)
    {
        InboxWritten.Add(entries, new KeyValuePair<string, object?>(Outcome, outcome));
        InboxWriteDuration.Record(Seconds(since), new KeyValuePair<string, object?>(Outcome, outcome));
    }

    /// <summary>Entries of the journal are in the database now.</summary>
    public static void Delivered(long entries) => JournalDelivered.Add(entries);

    /// <summary>A batch of the inbox was drained, or was to be.</summary>
    /// <param name="entries">How many entries it had; 0 when it failed.</param>
    /// <param name="isOk">Whether it was committed.</param>
    /// <param name="since">When that began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    public static void Drained(long entries, bool isOk, long since)
    {
        DrainEntries.Add(entries);
        DrainDuration.Record(Seconds(since), new KeyValuePair<string, object?>(Outcome, isOk ? Ok : Failed));
    }

    /// <summary>A background job ran.</summary>
    /// <param name="name">Its name in the timetable.</param>
    /// <param name="isOk">Whether it did its work.</param>
    /// <param name="since">When it began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    public static void Ran(string name, bool isOk, long since) =>
        JobDuration.Record(Seconds(since), new(JobName, name), new(Outcome, isOk ? Ok : Failed));

    /// <summary>A package file of a connector was looked for among those that are kept.</summary>
    public static void LookedInCache(bool isHit) => LookedInCacheTimes(1, isHit);

    /// <summary>An upstream was asked.</summary>
    /// <param name="status">Its answer's status; null when none came.</param>
    /// <param name="since">When it was asked, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    public static void Asked(int? status, long since) =>
        UpstreamDuration.Record(Seconds(since), new KeyValuePair<string, object?>(Outcome, status switch
        {
            null => Failed,
            < 300 => "2xx",
            < 400 => "3xx",
            < 500 => "4xx",
            _ => "5xx",
        }));

    static void LookedInCacheTimes(int times, bool isHit) =>
        CacheRequests.Add(times, new KeyValuePair<string, object?>(CacheResult, isHit ? "hit" : "miss"));

    static double Seconds(long since) => Stopwatch.GetElapsedTime(since).TotalSeconds;
}
