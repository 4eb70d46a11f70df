using System.Diagnostics;
using Npgsql;

namespace Deployments.Tests.Support;

/// <summary>
/// Two PostgreSQL servers: a primary, and a standby without which nothing is committed. Removed at the end.
/// </summary>
sealed class PostgresPair : IAsyncDisposable
{
    const string Database = "deployments";
    const string Options =
        "-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c shared_buffers=32MB"
        + " -c max_connections=60 -c wal_retrieve_retry_interval=100ms";

    readonly string directory = $"/tmp/deployments-pair-{Guid.NewGuid():N}"[..28];
    readonly int port = ServerProcess.FreePort();
    readonly int otherPort = ServerProcess.FreePort();

    /// <summary>The server that was the primary at first, alone.</summary>
    public string First => Of($"127.0.0.1:{port}");

    /// <summary>The server that was the standby at first, alone.</summary>
    public string Second => Of(SecondHost);

    /// <summary>Where the standby is, as <c>Deployments__StandbyHosts</c> says it.</summary>
    public string SecondHost => $"127.0.0.1:{otherPort}";

    /// <summary>Both, the standby first.</summary>
    public string Both => Of($"{SecondHost},127.0.0.1:{port}");

    public static async Task<PostgresPair> StartAsync()
    {
        var pair = new PostgresPair();
        try
        {
            await pair.MakeAsync();
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the standby, for good or until it is started again.</summary>
    public Task StopStandbyAsync() => ProgramAsync($"pg_ctl -D {directory}/2 -m fast stop");

    /// <summary>Starts it again.</summary>
    public Task StartStandbyAsync() => SwitchOnAsync(2, otherPort);

    /// <summary>Kills the primary and makes the standby one, which waits for no other.</summary>
    public async Task FailOverAsync()
    {
        await ProgramAsync($"pg_ctl -D {directory}/1 -m immediate stop");
        await ProgramAsync($"pg_ctl -D {directory}/2 -w promote");
        await using var second = NpgsqlDataSource.Create(Second);
        foreach (var step in new[] { "alter system set synchronous_standby_names = ''", "select pg_reload_conf()" })
        {
            await using var command = second.CreateCommand(step);
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>The first server comes back, as a standby of the second.</summary>
    public async Task FirstReturnsAsStandbyAsync()
    {
        await RunAsync($"rm -rf {directory}/1");
        await ProgramAsync($"pg_basebackup -D {directory}/1 -h {directory} -p {otherPort} -R -c fast --no-sync");
        await SwitchOnAsync(1, port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in new[] { 1, 2 })
            await RunAsync($"{AsPostgres($"pg_ctl -D {directory}/{server} -m immediate stop")} || true");
        await RunAsync($"rm -rf {directory}");
    }

    async Task MakeAsync()
    {
        await RunAsync($"mkdir {directory} && chown postgres {directory}");
        await ProgramAsync($"initdb -D {directory}/1 -A trust -N");
        await RunAsync($"echo \"synchronous_standby_names = '*'\" >> {directory}/1/postgresql.auto.conf");
        await SwitchOnAsync(1, port);
        await ProgramAsync($"pg_basebackup -D {directory}/2 -h {directory} -p {port} -R -c fast --no-sync");
        await SwitchOnAsync(2, otherPort);
        await using var first = NpgsqlDataSource.Create(First.Replace(Database, "postgres", StringComparison.Ordinal));
        await using var made = first.CreateCommand($"create database {Database}");
        await made.ExecuteNonQueryAsync();
        // Committed is what the standby has received; a moment later it has done it, too.
        await using var second = NpgsqlDataSource.Create(Second);
        await Patience.UntilAsync(async () =>
        {
            await using var connection = await second.OpenConnectionAsync();
            return true;
        });
    }

    static string Of(string hosts) => $"Host={hosts};Username=postgres;Database={Database};Timeout=5";

    Task SwitchOnAsync(int server, int at) => ProgramAsync(
        $"pg_ctl -D {directory}/{server} -w -l {directory}/log-{server} "
        + $"-o \"{Options} -c unix_socket_directories={directory} -c port={at}\" start");

    static Task ProgramAsync(string command) => RunAsync(AsPostgres(command));

    static string AsPostgres(string command) => $"cd / && runuser -u postgres -- {PostgresServer.Programs}/{command}";

    static async Task RunAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", $"({command}) >/dev/null 2>&1"]))!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, command);
    }
}
