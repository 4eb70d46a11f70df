using System.Diagnostics;
using System.Globalization;

namespace Deployments.Bench;

/// <summary>
/// The audit CSV of a million rows over HTTP, against psql's <c>\copy</c> of the same records and columns.
/// </summary>
static class CsvBench
{
    const int Rows = 1_000_000;

    public static async Task RunAsync(BenchServer server, BenchTable table)
    {
        var from = await FromAsync(server);
        var rounds = new List<(double, double)>();
        var memory = 0L;
        for (var round = 0; round < 4; round++)
        {
            var before = Process.GetCurrentProcess().WorkingSet64;
            var watch = Stopwatch.StartNew();
            var rows = await DownloadAsync(server, from);
            var ours = rows / watch.Elapsed.TotalSeconds;
            var growth = Process.GetCurrentProcess().WorkingSet64 - before;
            watch.Restart();
            await CopyAsync(server, from);
            var theirs = rows / watch.Elapsed.TotalSeconds;
            if (round == 0) // warms up
                continue;
            rounds.Add((ours, theirs));
            memory = Math.Max(memory, growth);
        }

        table.Add(
            string.Create(CultureInfo.InvariantCulture,
                $"audit CSV, {Rows:N0} rows (memory grew by {memory >> 20} MB)"),
            "psql \\copy", rounds, 0.5, "rows/s");
    }

    static async Task<DateTimeOffset> FromAsync(BenchServer server)
    {
        await using var command = server.Database.CreateCommand(
            $"select deployed_at from deployments order by deployed_at desc, id desc offset {Rows - 1} limit 1");
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync())!, TimeSpan.Zero);
    }

    static async Task<long> DownloadAsync(BenchServer server, DateTimeOffset from)
    {
        await using var body = await server.Admin.GetStreamAsync(new Uri(
            "/admin/export.csv?from=" + Uri.EscapeDataString(from.ToString("O", CultureInfo.InvariantCulture)),
            UriKind.Relative));
        var buffer = new byte[1 << 16];
        var lines = 0L;
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
        return lines - 1;
    }

    static async Task CopyAsync(BenchServer server, DateTimeOffset from)
    {
        var query =
            $"""
            select d.id, d.deployed_at, d.recorded_at, feeds.name, feeds.feed_type, packages.type, packages.group_name,
                   packages.name, package_versions.version, package_versions.qualifier, applications.name,
                   descriptions.name, targets.name, urls.name, users.name, recorders.name, d.road,
                   host(d.client_address), agents.name, d.raw_headers
            from deployments d
            join feeds using (feed_id)
            join packages on packages.package_id = d.package_id
            join package_versions on package_versions.version_id = d.version_id
            join targets on targets.target_id = d.target_id
            join applications on applications.application_id = d.application_id
            join users on users.user_id = d.user_id
            join recorders on recorders.recorder_id = d.recorder_id
            join texts descriptions on descriptions.text_id = d.description_id
            left join texts urls on urls.text_id = d.url_id
            left join texts agents on agents.text_id = d.user_agent_id
            where d.deployed_at >= '{from:O}'
            order by d.deployed_at, d.id
            """.ReplaceLineEndings(" ");
        await server.PsqlAsync($"\\copy ({query}) to '/dev/null' csv");
    }
}
