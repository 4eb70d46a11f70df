using System.Diagnostics;
using System.Globalization;
using Deployments.Data.Database;
using Deployments.Data.Evidence;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Bench;

/// <summary>
/// From the inbox to records with their dictionaries and what is installed, against a bare COPY of the same finished
/// rows into a copy of the table with the same indexes.
/// </summary>
static class DrainBench
{
    const int Records = 200_000;

    public static async Task RunAsync(BenchServer server, BenchTable table)
    {
        await server.CreateFeedAsync("drain");
        var database = server.Database;
        await ExecuteAsync(database, "create table deployments_copy (like deployments including all)");

        var rounds = new List<(double, double)>();
        for (var round = 0; round < 4; round++)
        {
            await ExecuteAsync(database,
                """
                truncate deployments, installations, deployments_copy, ledger_pending, ledger_entries, ledger_nodes;
                update ledger_sealing set last_id = -9223372036854775808
                """);
            var ours = await DrainOnceAsync(server, "drain", round);

            var rows = await ExportAsync(database);
            var copying = Stopwatch.StartNew();
            await using (var connection = await database.OpenConnectionAsync())
            {
                await using var copy = await connection.BeginRawBinaryCopyAsync(
                    "copy deployments_copy from stdin (format binary)");
                await copy.WriteAsync(rows);
            }

            if (round > 0) // the first one warms up
                rounds.Add((ours, Records / copying.Elapsed.TotalSeconds));
        }

        table.Add("drain, 200,000 records", "COPY of the finished rows", rounds, 0.45, "rec/s");
        await VerifyAsync(server.ConnectionString, table);
    }

    // The ledger of what was drained last: every record is read with its names and hashed.
    static async Task VerifyAsync(string connectionString, BenchTable table)
    {
        await using var database = DatabaseSetup.CreateDataSource(connectionString);
        var ledger = new LedgerVerificationStore(database, new LedgerChainStore(database), TimeProvider.System);
        var export = new CsvExportQueries(new ExportDatabase(database));
        var rounds = new List<(double, double)>();
        for (var round = 0; round < 4; round++)
        {
            var watch = Stopwatch.StartNew();
            var report = await ledger.VerifyAsync(LedgerWitness.None, default);
            if (report.ProblemCount > 0)
                throw new InvalidOperationException(report.Problems[0]);
            var ours = Records / watch.Elapsed.TotalSeconds;
            watch.Restart();
            await export.WriteAsync(null, null, Stream.Null, default);
            if (round > 0)
                rounds.Add((ours, Records / watch.Elapsed.TotalSeconds));
        }

        await using var command = database.CreateCommand(
            "select (pg_total_relation_size('ledger_entries') + pg_total_relation_size('ledger_nodes'))::float8");
        var bytes = (double)(await command.ExecuteScalarAsync())! / Records;
        table.Add(
            string.Create(CultureInfo.InvariantCulture,
                $"verification of the ledger, 200,000 records ({bytes:F1} bytes each)"),
            "the audit CSV of them", rounds, 0.3, "rec/s");
    }

    /// <summary>How many records a second become of a full inbox.</summary>
    public static async Task<double> DrainOnceAsync(BenchServer server, string feed, int round)
    {
        await FillInboxAsync(server.Database, feed, round);
        var draining = Stopwatch.StartNew();
        await ExecuteAsync(server.Database, "notify deployment_inbox");
        await DrainedAsync(server);
        return Records / draining.Elapsed.TotalSeconds;
    }

    /// <summary>Removes every record and what it was made of, so that the next drain meets new names only.</summary>
    public static Task ForgetAsync(NpgsqlDataSource database) => ExecuteAsync(database,
        """
        truncate deployments, installations, findings, package_versions, packages, texts, targets, applications,
            users, recorders, ledger_pending, ledger_entries, ledger_nodes cascade;
        update ledger_sealing set last_id = -9223372036854775808
        """);

    public static async Task DrainedAsync(BenchServer server)
    {
        while (true)
        {
            await using var command = server.Database.CreateCommand("select exists (select from deployment_inbox)");
            if (!(bool)(await command.ExecuteScalarAsync())!)
                return;
            await Task.Delay(10);
        }
    }

    // A release to a fleet: each description and URL repeats for 40 servers and some packages.
    static Task FillInboxAsync(NpgsqlDataSource database, string feed, int round) => ExecuteAsync(database,
        $"""
        alter table deployment_inbox disable trigger deployment_inbox_filled;
        insert into deployment_inbox (
            id, received_at, feed_id, group_name, name, version, qualifier, application, description, target, url,
            user_name,
            deployed_at, recorder, client_address, user_agent, road, raw_path, raw_headers, reason)
        select {round + 1} * 10000000000 + n, now(), (select feed_id from feeds where name = '{feed}'), '',
               'package-' || n % 300,
               '1.' || n / 4000 || '.0', '', 'application-' || n % 20, 'Release ' || n / 200 || ' to production',
               'server-' || n % 1000, 'https://ci.example/builds/' || n / 200, 'user-' || n % 30, null, 'API key "ci"',
               '10.0.' || n % 4 || '.' || n % 250, 'BuildMaster/7.0 InedoCore/1.0', 1,
               '/upack/drain/download/package/1.0.0', null, null
        from generate_series(1, {Records}) as n;
        alter table deployment_inbox enable trigger deployment_inbox_filled;
        """);

    static async Task<byte[]> ExportAsync(NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var copy = await connection.BeginRawBinaryCopyAsync("copy deployments to stdout (format binary)");
        using var rows = new MemoryStream();
        await copy.CopyToAsync(rows);
        return rows.ToArray();
    }

    static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }
}
