using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Deployments.Bench;

/// <summary>
/// Advisories over a large history: how long importing takes, how soon a new one says which servers, what the pages
/// cost, and what matching costs a drain. The goals are times, so a ratio is the time allowed by the time taken.
/// </summary>
static class VulnerabilitiesBench
{
    const int Imported = 10_000;

    public static async Task RunAsync(BenchServer server, BenchTable table, int records)
    {
        await HistorySeed.FillAsync(server.Database, records);
        await AdvisorySeed.PrepareAsync(server.Database);
        var latest = await AdvisorySeed.LatestAsync(server.Database);

        await ImportAsync(server, latest, 0, AdvisorySeed.Advisories);
        await AnalyzeAsync(server);
        var importing = await ImportAsync(server, latest, AdvisorySeed.Advisories, Imported);
        table.Add($"10,000 advisories to {AdvisorySeed.Advisories:N0} others within 30 s", "the time it takes",
            [(30, importing.TotalSeconds)], 1, "s");

        var rounds = new List<(double, double)>();
        for (var n = 0; n < 5; n++)
        {
            var started = Stopwatch.GetTimestamp();
            var id = AdvisorySeed.Advisories + Imported + n * 5; // unfixed ones
            await ImportAsync(server, latest, id, 1);
            using var servers = await server.Admin.GetAsync($"/api/vulnerabilities/BENCH-{id:000000}");
            servers.EnsureSuccessStatusCode();
            rounds.Add((1, Stopwatch.GetElapsedTime(started).TotalSeconds));
        }

        table.Add("from a new advisory to its servers within 1 s", "the time it takes", rounds, 1, "s");
        await PagesAsync(server, table, records);
        await DrainAsync(server, table);
    }

    static async Task PagesAsync(BenchServer server, BenchTable table, int records)
    {
        var widest = await WidestAsync(server);
        (string Name, double Milliseconds, Func<int, string> Url)[] pages =
        [
            ("an advisory", 50, n => $"/vulnerabilities/BENCH-{n * 641 % AdvisorySeed.Advisories:000000}"),
            ("the advisory with most servers", 50, _ => $"/vulnerabilities/{widest}"),
            ("all vulnerabilities", 50, _ => "/vulnerabilities"),
            ("vulnerabilities by text", 50, n => $"/vulnerabilities?text=service{n * 31 % 10000}"),
            ("a target", 50, n => $"/targets/{HistorySeed.Target(n * 83 % HistorySeed.Targets + 1)}"),
        ];
        var times = await PagesBench.MeasureAsync(server, [.. pages.Select(page => page.Url)]);
        foreach (var ((name, allowed, _), (_, database)) in pages.Zip(times))
        {
            table.Add(
                string.Create(CultureInfo.InvariantCulture,
                    $"{name}, {records:N0} records, within {allowed} ms of the database"),
                "the time it takes", [(allowed, database)], 1, "ms");
        }
    }

    static async Task DrainAsync(BenchServer server, BenchTable table)
    {
        await server.CreateFeedAsync("matched", feedType: "npm");
        var rounds = new List<(double, double)>();
        for (var round = 0; round < 4; round++)
        {
            await DrainBench.ForgetAsync(server.Database);
            var lines = Enumerable.Range(0, 1_500).Select(n =>
                AdvisorySeed.Make(900_000 + n, $"package-{n % 300}", 50));
            await PostAsync(server, string.Join('\n', lines));
            var matched = await DrainBench.DrainOnceAsync(server, "matched", 2 * round);

            await ExecuteAsync(server, "truncate advisories, findings cascade");
            await DrainBench.ForgetAsync(server.Database);
            var unmatched = await DrainBench.DrainOnceAsync(server, "matched", 2 * round + 1);
            if (round > 0) // the first one warms up
                rounds.Add((matched, unmatched));
        }

        table.Add("drain, 200,000 records with 5 advisories for each package", "the same without advisories", rounds,
            0.85, "rec/s");
    }

    static async Task<TimeSpan> ImportAsync(BenchServer server, int[] latest, int first, int count)
    {
        var lines = new StringBuilder();
        for (var n = first; n < first + count; n++)
        {
            var package = 1 + n % 10_000;
            lines.Append(AdvisorySeed.Make(n, $"acme.service{package}", latest[package])).Append('\n');
        }

        var started = Stopwatch.GetTimestamp();
        await PostAsync(server, lines.ToString());
        return Stopwatch.GetElapsedTime(started);
    }

    static async Task PostAsync(BenchServer server, string lines)
    {
        using var answer = await server.Admin.PostAsync("/api/vulnerabilities/import", new StringContent(lines));
        answer.EnsureSuccessStatusCode();
    }

    static async Task<string> WidestAsync(BenchServer server)
    {
        await using var command = server.Database.CreateCommand(
            """
            select a.osv_id
            from findings f
            join installations i using (version_id)
            join advisories a using (advisory_id)
            group by a.osv_id
            order by count(distinct target_id) desc, a.osv_id
            limit 1
            """);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    static Task AnalyzeAsync(BenchServer server) => ExecuteAsync(server,
        "analyze advisories, advisory_packages, advisory_ranges, advisory_versions, advisory_names, findings");

    static async Task ExecuteAsync(BenchServer server, string sql)
    {
        await using var command = server.Database.CreateCommand(sql);
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }
}
