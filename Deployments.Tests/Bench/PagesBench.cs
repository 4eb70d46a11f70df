using System.Diagnostics;
using System.Globalization;
using Deployments.Data.Audit;
using Deployments.Data.Calendar;
using Deployments.Data.Figures;
using Deployments.Data.Records;
using Deployments.Data.TargetGroups;
using Microsoft.Extensions.DependencyInjection;

namespace Deployments.Bench;

/// <summary>
/// Pages over many records against the same pages over ten thousand: the time a server needs for one, and the part of
/// it that is the database's, planning included. And how many bytes a record takes, with everything.
/// </summary>
static class PagesBench
{
    const int Few = 10_000;
    const int Rounds = 60;
    const int Groups = 50;

    static readonly (string Name, Func<int, string> Url)[] Pages =
    [
        ("history", n => $"/feeds/{Feed(n)}/packages/{Package(n)}/history"),
        ("history of one target", n =>
            $"/feeds/{Feed(n)}/packages/{Package(n)}/history?target={HistorySeed.Target(OfPackage(n))}"),
        ("deployments", _ => "/deployments"),
        ("deployments by target", n => $"/deployments?target={HistorySeed.Target(n * 83 % HistorySeed.Targets + 1)}"),
        ("deployments by application and user", n =>
            $"/deployments?application={HistorySeed.Application(n % HistorySeed.Applications + 1)}"
            + $"&user={HistorySeed.User(n % HistorySeed.Applications + 1)}"),
        ("deployments by a ticket", n => $"/deployments?text=OPS-{(n * 4 + 3) * 7}"),
        ("targets", _ => "/targets"),
        ("target", n => $"/targets/{HistorySeed.Target(n * 83 % HistorySeed.Targets + 1)}"),
        ("target a month ago", n => $"/targets/{HistorySeed.Target(n * 83 % HistorySeed.Targets + 1)}?at="
            + MonthAgo),
        ("search", n => $"/search?q=service{n * 31 % 10000}"),
        ("feed", n => $"/feeds/{Feed(n)}"),
        ("dashboard", _ => "/"),
        ("deployments of a group", n => $"/deployments?targetGroup={Group(n)}"),
        ("matrix", n => $"/matrix?package=service{n % 10}"),
        ("matrix of 500 packages, JSON", _ => "/api/matrix?limit=500"),
        ("matrix a month ago", n => $"/matrix?package=service{n % 10}&at={MonthAgo}"),
        ("rollout", n => $"/feeds/{Feed(n)}/packages/{Package(n)}/rollout"),
        ("calendar", _ => "/calendar"),
        ("calendar of a group", n => $"/calendar?targetGroup={Group(n)}"),
        ("figures", _ => "/figures"),
        ("figures by package", _ => "/figures?by=package"),
        ("safe to delete, JSON", n => $"/api/packages/safe-to-delete?feed={Feed(n)}&name={Package(n)}"),
    ];

    static string MonthAgo =>
        TimeProvider.System.GetUtcNow().AddDays(-30).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static async Task RunAsync(BenchServer server, BenchTable table, int records)
    {
        await DefineGroupsAsync(server);
        await FillAsync(server, Few);
        var urls = Pages.Select(page => page.Url).ToArray();
        var few = await MeasureAsync(server, urls);
        await FillAsync(server, records);
        await server.Services.GetRequiredService<RecordIndexStore>().PackAsync(CancellationToken.None);
        var many = await MeasureAsync(server, urls);
        foreach (var ((name, _), (a, b)) in Pages.Zip(few.Zip(many)))
        {
            table.Add(
                string.Create(CultureInfo.InvariantCulture,
                    $"{name}, {records:N0} records ({b.Database:F1} ms of it the database's)"),
                "the same with 10,000", [(1000 / b.Total, 1000 / a.Total)], 1 / 1.5, "req/s");
        }

        await using var command = server.Database.CreateCommand(
            """
            select (sum(pg_total_relation_size(oid)) / (select count(*) from deployments))::float8
            from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
            """);
        table.Add("records in 300 bytes", "the bytes they take", [(300, (double)(await command.ExecuteScalarAsync())!)],
            1, "bytes");
        await CsvBench.RunAsync(server, table);
    }

    /// <summary>Fifty groups of a hundred targets each.</summary>
    static async Task DefineGroupsAsync(BenchServer server) =>
        await server.Services.GetRequiredService<TargetGroupStore>().ReplaceAsync(
            new TargetGroupDefinition(
                [.. Enumerable.Range(0, Groups).Select(n => $"group-{n:00}")],
                [.. Enumerable.Range(0, Groups).Select(n => new TargetGroupRule($"WEB-{n:00}*", $"group-{n:00}"))]),
            null, Actor.Program, CancellationToken.None);

    static async Task FillAsync(BenchServer server, int records)
    {
        await HistorySeed.FillAsync(server.Database, records);
        // The background may have counted while there was nothing yet.
        await using (var command = server.Database.CreateCommand(
            """
            update counted_days set counted_at = '-infinity';
            update counted_packages set counted_at = '-infinity'
            """))
            await command.ExecuteNonQueryAsync();
        var began = Stopwatch.GetTimestamp();
        await server.Services.GetRequiredService<CalendarStore>().CountAsync(
            TimeSpan.FromHours(1), CancellationToken.None);
        var days = Stopwatch.GetElapsedTime(began);
        await server.Services.GetRequiredService<ArrivalStore>().CountAsync(
            TimeSpan.FromHours(1), CancellationToken.None);
        var arrivals = Stopwatch.GetElapsedTime(began) - days;
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{records:N0} records: days counted in {days.TotalSeconds:N1} s, "
            + $"figures in {arrivals.TotalSeconds:N1} s"));
    }

    /// <summary>The median milliseconds that each page takes, and the database's part of it.</summary>
    public static async Task<List<(double Total, double Database)>> MeasureAsync(
        BenchServer server, IReadOnlyList<Func<int, string>> urls)
    {
        using var client = new HttpClient { BaseAddress = server.Url };
        var database = TimeSpan.Zero;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            // What runs in the background has no request above it.
            ActivityStopped = activity =>
            {
                if (activity.Parent is not null)
                    database += activity.Duration;
            },
        };
        ActivitySource.AddActivityListener(listener);

        var times = new List<(double, double)>();
        foreach (var url in urls)
        {
            var totals = new List<double>();
            var databases = new List<double>();
            for (var n = -10; n < Rounds; n++) // the first ten warm up
            {
                database = TimeSpan.Zero;
                var started = Stopwatch.GetTimestamp();
                using var answer = await client.GetAsync(url(Math.Abs(n)));
                await answer.Content.ReadAsByteArrayAsync();
                answer.EnsureSuccessStatusCode();
                if (n < 0)
                    continue;
                totals.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                databases.Add(database.TotalMilliseconds);
            }

            times.Add((totals.Order().ElementAt(Rounds / 2), databases.Order().ElementAt(Rounds / 2)));
        }

        return times;
    }

    static string Group(int n) => $"group-{n * 7 % Groups:00}";

    // Popular packages and others.
    static int PackageOf(int n) => 1 + n * n % 400;

    static string Package(int n) => HistorySeed.Package(PackageOf(n));

    static string Feed(int n) => $"feed-{1 + PackageOf(n) % 8}";

    static int OfPackage(int n) => 1 + (PackageOf(n) * 37 + 7) % HistorySeed.Targets;
}
