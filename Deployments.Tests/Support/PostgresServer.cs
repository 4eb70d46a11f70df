using System.Diagnostics;

namespace Deployments.Tests.Support;

/// <summary>The PostgreSQL server of a test run: started on first use, stopped and removed when the run ends.</summary>
static class PostgresServer
{
    static readonly Lazy<Task<string>> Started = new(StartAsync);

    /// <summary>The folder of PostgreSQL's programs.</summary>
    public static string Programs { get; } =
        Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin";

    public static Task<string> ConnectionStringAsync() => Started.Value;

    static async Task<string> StartAsync()
    {
        var directory = Path.Combine(Path.GetTempPath(), $"deployments-test-{Guid.NewGuid():N}"[..30]);
        var bin = Programs;
        var asPostgres = $"runuser -u postgres -- {bin}";
        await RunAsync(
            $"mkdir {directory} && chown postgres {directory} "
            + $"&& {asPostgres}/initdb -D {directory}/d -A peer -N "
            + $"&& {asPostgres}/pg_ctl -D {directory}/d -w -o \"-c listen_addresses= "
            + $"-c unix_socket_directories={directory} -c max_connections=400 -c fsync=off\" start");
        await RunAsync(
            $"echo 'local all all trust' > {directory}/d/pg_hba.conf; {asPostgres}/pg_ctl -D {directory}/d reload");
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
            RunAsync($"{asPostgres}/pg_ctl -D {directory}/d -m immediate stop; rm -rf {directory}").Wait();
        return $"Host={directory};Username=postgres;Database=postgres";
    }

    static async Task RunAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", command + " >/dev/null 2>&1"]))!;
        await process.WaitForExitAsync();
    }
}
