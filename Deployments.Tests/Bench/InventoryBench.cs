using System.Diagnostics;
using System.Globalization;
using System.Text;
using Npgsql;

namespace Deployments.Bench;

/// <summary>
/// Lines of dpkg into observations, against COPY of the same lines into a table without an index; then what a fleet
/// that sends its inventories every day for three months takes: bytes for an unchanged one, and the time of pages.
/// </summary>
static class InventoryBench
{
    const int Lines = 200_000;
    const int Targets = 500;
    const int Packages = 800;
    const int Days = 90;
    const int DaysSent = 6; // what the others leave behind is written

    public static async Task RunAsync(BenchServer server, BenchTable table)
    {
        await server.CreateFeedAsync("inventory", feedType: "debian");
        await ReadAsync(server, table);
        await FleetAsync(server, table);
    }

    static async Task ReadAsync(BenchServer server, BenchTable table)
    {
        await ExecuteAsync(
            server.Database, "create table lines_copy (a text, b text, c text, d text, e text, f text, g text)");
        List<(double, double)> first = [], again = [];
        for (var round = 0; round < 4; round++)
        {
            var body = Dpkg(Lines, 0);
            var (fresh, known) = (await SendAsync(server, $"reading-{round}", body), await SendAsync(
                server, $"reading-{round}", body));
            await ExecuteAsync(server.Database, "truncate lines_copy");
            var copying = Stopwatch.StartNew();
            await using (var connection = await server.Database.OpenConnectionAsync())
            await using (var copy = await connection.BeginTextImportAsync("copy lines_copy from stdin"))
                await copy.WriteAsync(Encoding.UTF8.GetString(body));
            var theirs = Lines / copying.Elapsed.TotalSeconds;
            if (round == 0) // every name is new: warms up
                continue;
            first.Add((Lines / fresh.TotalSeconds, theirs));
            again.Add((Lines / known.TotalSeconds, theirs));
        }

        table.Add("inventory, 200,000 lines", "COPY of the same lines", first, 0.05, "lines/s");
        table.Add("the same inventory again", "COPY of the same lines", again, 0.5, "lines/s");
    }

    static async Task FleetAsync(BenchServer server, BenchTable table)
    {
        var start = TimeProvider.System.GetUtcNow().AddDays(-Days);
        await RecordAsync(server.Database, start);
        for (var target = 0; target < Targets; target++)
            await SendAsync(server, Name(target), Dpkg(Packages, target), start);
        await ExecuteAsync(server.Database, "vacuum analyze");
        var before = await BytesAsync(server.Database);
        for (var day = 1; day < DaysSent; day++)
        {
            for (var target = 0; target < Targets; target++)
                await SendAsync(server, Name(target), Dpkg(Packages, target), start.AddDays(day));
        }

        await ExecuteAsync(server.Database, "vacuum analyze");
        var bytes = (await BytesAsync(server.Database) - before) / ((DaysSent - 1.0) * Targets);
        table.Add(
            "an unchanged inventory of 800 packages in 250 bytes", "the bytes it takes", [(250, bytes)], 1, "bytes");
        await ExecuteAsync(server.Database,
            $"""
            insert into inventory_uploads (
                scope_id, at, received_at, recorder_id, format, content_hash, bytes, packages,
                ignored, errors, is_complete)
            select u.scope_id, u.at - n * interval '1 second', u.received_at, u.recorder_id, u.format, u.content_hash,
                   u.bytes, u.packages, 0, 0, true
            from inventory_uploads u
            join inventory_scopes s on s.scope_id = u.scope_id and s.seen_at = u.at
            cross join generate_series(1, {Days - DaysSent}) n
            """);
        await ExecuteAsync(server.Database, "vacuum analyze");
        (string Name, Func<int, string> Url)[] pages =
        [
            ("deployments", _ => "/deployments"), ("drift", _ => "/drift"),
            ("drift of a target", n => $"/drift?target={Name(n)}"),
            ("drift of a package", n => $"/drift?package=pkg-{n}"),
            ("target", n => $"/targets/{Name(n)}"), ("dashboard", _ => "/"),
        ];
        var times = await PagesBench.MeasureAsync(server, [.. pages.Select(page => page.Url)]);
        foreach (var (page, time) in pages.Zip(times).Skip(1))
            table.Add(
                string.Create(CultureInfo.InvariantCulture,
                    $"{page.Name}, {Targets} targets of {Packages} packages ({time.Database:F1} ms the database's)"),
                "in 100 ms", [(1000 / time.Total, 10)], 1, "req/s");
    }

    static string Name(int target) => string.Create(CultureInfo.InvariantCulture, $"fleet-{target:000}");

    // One in forty packages is of another version on each target.
    static byte[] Dpkg(int count, int target)
    {
        var text = new StringBuilder();
        for (var n = 0; n < count; n++)
            text.Append(CultureInfo.InvariantCulture,
                $"ii \tpkg-{n}\t{((n + target) % 40 == 0 ? 2 : 1)}.{n % 50}-1\tamd64\tpkg-{n}\t1.0-1\t1700000000\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // Every target has had every package deployed, before anybody looked.
    static async Task RecordAsync(NpgsqlDataSource database, DateTimeOffset start)
    {
        await ExecuteAsync(database,
            $"""
            insert into targets (name, name_key)
            select 'fleet-' || to_char(n, 'FM000'), 'fleet-' || to_char(n, 'FM000')
            from generate_series(0, {Targets - 1}) n
            on conflict do nothing;
            insert into applications (name, name_key) values ('bench', 'bench') on conflict do nothing;
            insert into users (name, name_key) values ('bench', 'bench') on conflict do nothing;
            insert into recorders (name, name_key) values ('bench', 'bench') on conflict do nothing;
            insert into texts (name_key, name) values (md5('')::uuid, '') on conflict do nothing;
            create temp table made as
            select nextval('deployment_ids') + row_number() over () as id, p.package_id, v.version_id, t.target_id
            from targets t
            cross join packages p
            join package_versions v on v.package_id = p.package_id and v.version like '1.%'
            where t.name like 'fleet-%' and p.name like 'pkg-%' and substr(p.name, 5)::int < {Packages};
            insert into deployments (
                id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
                description_id, feed_id, road)
            select m.id, '{start.AddDays(-1):O}', '{start.AddDays(-1):O}', m.package_id, m.version_id, m.target_id,
                   a.application_id, u.user_id, r.recorder_id, x.text_id, f.feed_id, 2
            from made m, applications a, users u, recorders r, texts x, feeds f
            where a.name = 'bench' and u.name = 'bench' and r.name = 'bench' and x.name = '' and f.name = 'inventory';
            insert into installations (target_id, package_id, version_id, deployment_id, deployed_at)
            select m.target_id, m.package_id, m.version_id, m.id, '{start.AddDays(-1):O}' from made m;
            insert into feed_packages (feed_id, package_id)
            select distinct f.feed_id, m.package_id from made m, feeds f where f.name = 'inventory'
            on conflict do nothing;
            """);
        await ExecuteAsync(database, "analyze");
    }

    static async Task<TimeSpan> SendAsync(BenchServer server, string target, byte[] body, DateTimeOffset? at = null)
    {
        var watch = Stopwatch.StartNew();
        using var content = new ByteArrayContent(body);
        var query = at is { } time
            ? "?at=" + Uri.EscapeDataString(time.ToString("O", CultureInfo.InvariantCulture))
            : "";
        using var answer = await server.Admin.PostAsync(
            new Uri($"/api/inventory/{target}{query}", UriKind.Relative), content);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        return watch.Elapsed;
    }

    static async Task<double> BytesAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            """
            select sum(pg_total_relation_size(oid))::float8
            from pg_class
            where relname in ('observations', 'inventory_uploads', 'inventory_scopes', 'inventory_targets')
            """);
        return (double)(await command.ExecuteScalarAsync())!;
    }

    static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync();
    }
}
