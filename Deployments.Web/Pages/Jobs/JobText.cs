using System.Globalization;
using Deployments.Web.Jobs;

namespace Deployments.Web.Pages.Jobs;

/// <summary>Schedules, durations and sizes in words.</summary>
static class JobText
{
    /// <summary>When a job runs: <c>every 10 seconds</c>, <c>daily at 02:30 UTC</c>.</summary>
    public static string Schedule(ScheduledJob job) => job switch
    {
        { At: { } at } => string.Create(CultureInfo.InvariantCulture, $"daily at {at:HH:mm} UTC"),
        { Every: { TotalDays: >= 1 } every } when every.Ticks % TimeSpan.TicksPerDay == 0 =>
            Each((long)every.TotalDays, "day"),
        { Every: { TotalHours: >= 1 } every } when every.Ticks % TimeSpan.TicksPerHour == 0 =>
            Each((long)every.TotalHours, "hour"),
        { Every: { TotalMinutes: >= 1 } every } when every.Ticks % TimeSpan.TicksPerMinute == 0 =>
            Each((long)every.TotalMinutes, "minute"),
        var other => Each((long)other.Every.TotalSeconds, "second"),
    };

    /// <summary>A duration as people say it: <c>12 ms</c>, <c>3.4 s</c>, <c>2 min 5 s</c>.</summary>
    /// <param name="milliseconds">0 or more.</param>
    public static string Duration(long milliseconds)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);
        return milliseconds switch
        {
            < 1000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds} ms"),
            < 60_000 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
            < 3_600_000 => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours} h {time.Minutes} min"),
        };
    }

    /// <summary>A size as people say it: <c>0 bytes</c>, <c>1.5 MB</c>.</summary>
    /// <param name="bytes">0 or more.</param>
    public static string Size(long bytes)
    {
        string[] units = ["bytes", "KB", "MB", "GB", "TB", "PB"];
        double size = bytes;
        var unit = 0;
        while (size >= 1024 && unit < units.Length - 1)
        {
            size /= 1024;
            unit++;
        }

        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} {(bytes == 1 ? "byte" : "bytes")}")
            : string.Create(CultureInfo.InvariantCulture, $"{size:0.0} {units[unit]}");
    }

    /// <summary>A count with its noun: <c>1 record</c>, <c>1,204 records</c>.</summary>
    public static string Count(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many ?? one + "s")}");

    static string Each(long count, string unit) => count == 1
        ? $"every {unit}"
        : string.Create(CultureInfo.InvariantCulture, $"every {count} {unit}s");
}
