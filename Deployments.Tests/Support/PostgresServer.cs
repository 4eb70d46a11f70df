using System.Diagnostics;

namespace Deployments.Tests.Support;

/// <summary>The PostgreSQL server of a test run: started on first use, stopped and removed when the run ends.</summary>
static class PostgresServer
{
    const string Memory = "/dev/shm";
    const long MemoryBytesMin = 4L << 30; // of many clones at once, with what their tests write

    // Nothing of it outlives the run, so nothing is written for that; a clone is a copy of files.
    const string Options =
        "-c listen_addresses= -c max_connections=400 -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        + " -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=8GB -c checkpoint_timeout=1h"
        + " -c shared_buffers=512MB";

    static readonly Lazy<Task<string>> Started = new(StartAsync);

    /// <summary>The folder of PostgreSQL's programs: the newest installed, or the one that a variable names.</summary>
    public static string Programs { get; } =
        Environment.GetEnvironmentVariable("TEST_POSTGRES_BIN") is { Length: > 0 } chosen ? chosen : Installed;

    static string Installed =>
        Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin";

    public static Task<string> ConnectionStringAsync() => Started.Value;

    static async Task<string> StartAsync()
    {
        var directory = Path.Combine(Place(), $"deployments-test-{Guid.NewGuid():N}"[..30]);
        var bin = Programs;
        var asPostgres = $"runuser -u postgres -- {bin}";
        await RunAsync(
            $"mkdir {directory} && chown postgres {directory} "
            + $"&& {asPostgres}/initdb -D {directory}/d -A peer -N "
            + $"&& {asPostgres}/pg_ctl -D {directory}/d -w "
            + $"-o \"{Options} -c unix_socket_directories={directory}\" start");
        await RunAsync(
            $"echo 'local all all trust' > {directory}/d/pg_hba.conf; {asPostgres}/pg_ctl -D {directory}/d reload");
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
            RunAsync($"{asPostgres}/pg_ctl -D {directory}/d -m immediate stop; rm -rf {directory}").Wait();
        return $"Host={directory};Username=postgres;Database=postgres";
    }

    // In memory where there is enough: each clone is hundreds of small files.
    static string Place() =>
        Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace > MemoryBytesMin
            ? Memory
            : Path.GetTempPath();

    static async Task RunAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", command + " >/dev/null 2>&1"]))!;
        await process.WaitForExitAsync();
    }
}
