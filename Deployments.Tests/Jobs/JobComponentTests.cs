using AngleSharp.Dom;
using Bunit;
using Deployments.Web.Jobs;
using Deployments.Web.Pages.Jobs;

namespace Deployments.Tests.Jobs;

public sealed class JobComponentTests
{
    const string Hostile = "\u202E</td><script>alert(1)</script>'\"&";

    static readonly DateTimeOffset Morning = new(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(10, null, "every 10 seconds")]
    [InlineData(1, null, "every second")]
    [InlineData(60, null, "every minute")]
    [InlineData(90, null, "every 90 seconds")]
    [InlineData(900, null, "every 15 minutes")]
    [InlineData(3600, null, "every hour")]
    [InlineData(5400, null, "every 90 minutes")]
    [InlineData(86400, null, "every day")]
    [InlineData(86400, "02:30", "daily at 02:30 UTC")]
    public void A_schedule_is_said_in_words(int seconds, string? at, string words) =>
        Assert.Equal(words, JobText.Schedule(new ScheduledJob(
            "job", TimeSpan.FromSeconds(seconds), typeof(string), "Does.",
            at is null ? null : TimeOnly.Parse(at, System.Globalization.CultureInfo.InvariantCulture))));

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(999, "999 ms")]
    [InlineData(1500, "1.5 s")]
    [InlineData(125_000, "2 min 5 s")]
    [InlineData(90_000_000, "25 h 0 min")]
    public void A_duration_is_said_in_words(long milliseconds, string words) =>
        Assert.Equal(words, JobText.Duration(milliseconds));

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1, "1 byte")]
    [InlineData(1536, "1.5 KB")]
    [InlineData(long.MaxValue, "8192.0 PB")]
    public void A_size_is_said_in_words(long bytes, string words) => Assert.Equal(words, JobText.Size(bytes));

    [Fact]
    public void The_timetable_shows_what_runs_what_failed_and_what_never_ran()
    {
        using var context = new BunitContext();
        var shown = context.Render<JobTable>(set => set.Add(table => table.Rows,
        [
            Row("never", null, null),
            Row("fine", Run(JobRunState.Ok) with { TookMs = 42 }, Morning.AddHours(1)),
            Row("under-way", Run(JobRunState.Running) with { EndedAt = null }, null),
            Row("broken", Run(JobRunState.Failed) with { Message = Hostile + new string('x', 500) }, null),
            Row("queued", Run(JobRunState.Waiting) with { EndedAt = null }, null),
        ]));

        var rows = shown.FindAll("tbody tr").Select(Text).ToList();
        Assert.Contains("none yet", rows[0], StringComparison.Ordinal);
        Assert.Contains("not scheduled", rows[0], StringComparison.Ordinal);
        Assert.Contains("OK 42 ms 31 Jan 2026, 09:15", rows[1], StringComparison.Ordinal);
        Assert.Contains("running since 31 Jan 2026, 08:15", rows[2], StringComparison.Ordinal);
        Assert.Contains("Failed", rows[3], StringComparison.Ordinal);
        Assert.Contains("waiting since 31 Jan 2026, 08:15", rows[4], StringComparison.Ordinal);
        Assert.Empty(shown.FindAll("script"));
        Assert.InRange(shown.Find("td .message").TextContent.Length, 100, 208);
        Assert.Equal("under-way", shown.FindAll("button[name=job]")[2].GetAttribute("value"));
    }

    [Fact]
    public void A_timetable_without_jobs_has_only_its_head()
    {
        using var context = new BunitContext();
        Assert.Single(context.Render<JobTable>(set => set.Add(table => table.Rows, [])).FindAll("tr"));
    }

    static JobRow Row(string name, JobRun? last, DateTimeOffset? next) =>
        new(new ScheduledJob(name, TimeSpan.FromMinutes(5), typeof(string), "Does something."), last, next);

    static JobRun Run(JobRunState state) => new()
    {
        Id = "71",
        StartedAt = Morning,
        EndedAt = Morning.AddSeconds(1),
        State = state,
    };

    static string Text(IElement element) =>
        string.Join(' ', element.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
