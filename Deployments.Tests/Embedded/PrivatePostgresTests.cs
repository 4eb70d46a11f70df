using System.Diagnostics;
using System.Globalization;
using Deployments.Web.Embedded;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Deployments.Tests.Embedded;

/// <summary>The private PostgreSQL against the real programs: first start, stop, and every kind of crash.</summary>
public sealed class PrivatePostgresTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly string _root = Directory.CreateTempSubdirectory("deployments-test-").FullName;
    readonly CollectingLogger _log = new();
    readonly CancellationTokenSource _timeout = new(Patience);

    string DataPath => Path.Combine(_root, "data");

    string ClusterPath => Path.Combine(DataPath, "postgres");

    CancellationToken Ct => _timeout.Token;

    public PrivatePostgresTests()
    {
        // As root, PostgreSQL runs as another user, who must be able to pass through.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_root, File.GetUnixFileMode(_root) | UnixFileMode.OtherExecute);
    }

    public void Dispose()
    {
        _timeout.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task A_stopped_server_leaves_no_process_and_the_next_start_sees_the_data()
    {
        int pid;
        using (var directory = DataDirectoryLock.Acquire(DataPath))
        {
            await using var postgres = await StartAsync(directory);
            pid = Postmaster();
            await AssertSettingsAsync(postgres);
            AssertLockIsNotInherited(pid);
            await ExecuteAsync(postgres, "create table kept (note text); insert into kept values ('here')");
        }
        Assert.False(IsRunning(pid));
        Assert.Empty(Directory.GetFiles(Path.Combine(DataPath, "socket")));

        // A lost password file is no loss: the role gets a new password.
        File.Delete(Path.Combine(DataPath, "postgres.password"));
        using (var directory = DataDirectoryLock.Acquire(DataPath))
        {
            await using var postgres = await StartAsync(directory);
            Assert.Equal("here", await ScalarAsync(postgres, "select note from kept"));
        }
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task A_killed_server_is_started_again_and_has_what_was_committed()
    {
        using var directory = DataDirectoryLock.Acquire(DataPath);
        await using var postgres = await StartAsync(directory);
        await ExecuteAsync(postgres, "create table kept (note text)");
        // A server process busy with a query does not notice that its postmaster is dead.
        var busy = ExecuteAsync(postgres, "select count(*) from generate_series(1, 100000000000)");
        await ExecuteAsync(postgres, "insert into kept values ('here')");
        var killed = Postmaster();
        Kill(killed);

        Assert.Equal("here", await ScalarEventuallyAsync(postgres, "select note from kept"));
        Assert.NotEqual(killed, Postmaster());
        Assert.Contains(_log.Lines, line => line.Contains("ended unexpectedly", StringComparison.Ordinal));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => busy);
    }

    [Fact]
    public async Task What_a_killed_program_leaves_behind_is_taken_over()
    {
        using (var directory = DataDirectoryLock.Acquire(DataPath))
        {
            await using var first = await StartAsync(directory);
            await ExecuteAsync(first, "create table kept (note text); insert into kept values ('here')");
        }

        // A living server without its program.
        var orphan = await StartOrphanAsync();
        using (var directory = DataDirectoryLock.Acquire(DataPath))
        {
            await using var second = await StartAsync(directory);
            Assert.Equal("here", await ScalarAsync(second, "select note from kept"));
            Assert.False(IsRunning(orphan));
        }

        // A killed server whose process number now belongs to a stranger of the same account.
        Kill(await StartOrphanAsync());
        using var stranger = await StartStrangerAsync();
        foreach (var file in new[]
            { Path.Combine(ClusterPath, "postmaster.pid"), Path.Combine(DataPath, "socket", ".s.PGSQL.5432.lock") })
        {
            var lines = await File.ReadAllLinesAsync(file, Ct);
            lines[0] = stranger.Id.ToString(CultureInfo.InvariantCulture);
            await File.WriteAllLinesAsync(file, lines, Ct);
        }
        using (var directory = DataDirectoryLock.Acquire(DataPath))
        {
            await using var third = await StartAsync(directory);
            Assert.Equal("here", await ScalarAsync(third, "select note from kept"));
            Assert.False(stranger.HasExited);
        }
        stranger.Kill();
    }

    [Fact]
    public async Task A_creation_cut_short_is_begun_again_also_below_a_very_long_path()
    {
        var path = Path.Combine(DataPath, new string('x', 120), "it's");
        var unfinished = Path.Combine(path, "postgres.unfinished");
        Directory.CreateDirectory(Path.Combine(unfinished, "base"));
        await File.WriteAllTextAsync(Path.Combine(unfinished, "PG_VERSION"), "15\n", Ct);
        await File.WriteAllTextAsync(Path.Combine(path, "postgres.password"), "", Ct);
        string socketDirectory;
        using (var directory = DataDirectoryLock.Acquire(path))
        {
            await using var postgres = await StartAsync(directory);
            socketDirectory = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;
            Assert.Equal("deployments", await ScalarAsync(postgres, "select current_user"));
            if (!OperatingSystem.IsWindows())
            {
                const UnixFileMode ownerOnly =
                    UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
                Assert.Equal(ownerOnly, File.GetUnixFileMode(socketDirectory));
            }
        }
        Assert.False(Directory.Exists(unfinished));
        Assert.False(Directory.Exists(socketDirectory));
    }

    [Fact]
    public async Task Nobody_else_comes_near_the_server_its_files_or_its_password()
    {
        if (!OperatingSystem.IsLinux())
            return;
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        using var directory = DataDirectoryLock.Acquire(DataPath);
        await using var postgres = await StartAsync(directory);

        foreach (var closed in new[] { ClusterPath, Path.Combine(DataPath, "socket"),
            Path.Combine(DataPath, "postgres.password") })
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(closed) & others);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(DataPath, "postgres.password")));

        // Of everything that listens on TCP, by the number of its socket, nothing is the server's.
        var sockets = Directory.GetFiles($"/proc/{Postmaster()}/fd")
            .Select(file => new FileInfo(file).LinkTarget ?? "")
            .Where(target => target.StartsWith("socket:[", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(sockets);
        const string listens = "0A";
        var listening = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words[3] == listens).Select(words => $"socket:[{words[9]}]");
        Assert.Empty(sockets.Intersect(listening));

        // The superuser has no password; ours is asked for.
        foreach (var (user, password) in new[] { ("postgres", ""), ("postgres", "postgres"), ("deployments", "") })
        {
            var guess = new NpgsqlConnectionStringBuilder(postgres.ConnectionString)
            {
                Username = user,
                Password = password,
                Pooling = false,
            };
            await using var connection = new NpgsqlConnection(guess.ConnectionString);
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => connection.OpenAsync(Ct));
        }
    }

    [Fact]
    public void A_data_directory_has_one_owner_at_a_time()
    {
        using (DataDirectoryLock.Acquire(DataPath))
        {
            var refusal = Assert.Throws<CannotStartException>(() => DataDirectoryLock.Acquire(DataPath + "/"));
            Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", refusal.Message,
                StringComparison.Ordinal);
        }
        DataDirectoryLock.Acquire(DataPath).Dispose();
    }

    [Fact]
    public async Task A_directory_closed_to_the_user_postgres_is_refused_with_the_remedy()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return; // Only root runs PostgreSQL as another user.
        File.SetUnixFileMode(_root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var directory = DataDirectoryLock.Acquire(DataPath);
        var refusal = await Assert.ThrowsAsync<CannotStartException>(() => StartAsync(directory));
        Assert.Contains($"'chmod o+x {_root}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_PostgreSQL_and_an_absent_version_are_refused_with_the_remedy()
    {
        var refusal = Assert.Throws<CannotStartException>(() => PostgresPrograms.Find(_root, null));
        Assert.StartsWith($"Deployments__PostgresBin is '{_root}'; it must be", refusal.Message,
            StringComparison.Ordinal);
        Assert.EndsWith("there is no PostgreSQL.", refusal.Message, StringComparison.Ordinal);
        var other = Assert.Throws<CannotStartException>(() => PostgresPrograms.Find(null, 99));
        Assert.Contains("version 99, which made the existing data", other.Message, StringComparison.Ordinal);
        Assert.True(PostgresPrograms.Find(null, null).Major >= PostgresPrograms.OldestMajor);
    }

    static async Task AssertSettingsAsync(PrivatePostgres postgres)
    {
        foreach (var durable in new[] { "fsync", "synchronous_commit", "full_page_writes", "data_checksums" })
            Assert.Equal("on", await ScalarAsync(postgres, $"show {durable}"));
        Assert.Equal("UTF8", await ScalarAsync(postgres, "show server_encoding"));
        Assert.Equal("ä", await ScalarAsync(postgres, "select lower('Ä')"));
        Assert.Equal(false, await ScalarAsync(postgres, "select rolsuper from pg_roles where rolname = current_user"));
        if (!OperatingSystem.IsWindows())
            Assert.Equal("", await ScalarAsync(postgres, "show listen_addresses"));

        await using var connection = new NpgsqlConnection(postgres.ConnectionString + ";Password=guess;Pooling=false");
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    void AssertLockIsNotInherited(int pid)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var open = Directory.GetFiles($"/proc/{pid}/fd").Select(file => new FileInfo(file).LinkTarget);
        Assert.DoesNotContain(Path.Combine(DataPath, "deployments.lock"), open);
    }

    Task<PrivatePostgres> StartAsync(DataDirectoryLock directory) =>
        PrivatePostgres.StartAsync(directory, null, _log, Ct);

    // The state after a kill of the program alone: the server runs on, and nobody watches it.
    async Task<int> StartOrphanAsync()
    {
        var programs = PostgresPrograms.Find(null, null);
        var account = await PostgresAccount.ChooseAsync(DataPath);
        var log = Path.Combine(ClusterPath, "orphan.log");
        await account.RequireAsync(DataPath, [programs["pg_ctl"], "start", "-w", "-D", ClusterPath, "-l", log]);
        return Postmaster();
    }

    async Task<Process> StartStrangerAsync()
    {
        var account = await PostgresAccount.ChooseAsync(DataPath);
        var outcome = await account.RunAsync("/", ["sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!"]);
        return Process.GetProcessById(int.Parse(outcome.Output, CultureInfo.InvariantCulture));
    }

    int Postmaster() => new PostmasterFile(ClusterPath).LivingProcess() ?? throw new InvalidOperationException("dead");

    // The process takes its file away a moment before it ends, and is listed without a command line until reaped.
    static bool IsRunning(int pid) => !SpinWait.SpinUntil(() => CommandLine(pid).Length == 0, TimeSpan.FromSeconds(5));

    static string CommandLine(int pid)
    {
        try
        {
            return OperatingSystem.IsLinux()
                ? File.ReadAllText($"/proc/{pid}/cmdline")
                : Process.GetProcessById(pid).ProcessName;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            return "";
        }
    }

    static void Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
        process.WaitForExit();
    }

    static async Task ExecuteAsync(PrivatePostgres postgres, string sql) => await ScalarAsync(postgres, sql);

    static async Task<object?> ScalarAsync(PrivatePostgres postgres, string sql)
    {
        var address = postgres.ConnectionString + ";Pooling=false;Command Timeout=60";
        await using var source = NpgsqlDataSource.Create(address);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    async Task<object?> ScalarEventuallyAsync(PrivatePostgres postgres, string sql)
    {
        while (true)
        {
            try
            {
                return await ScalarAsync(postgres, sql);
            }
            catch (NpgsqlException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), Ct);
            }
        }
    }

    sealed class CollectingLogger : ILogger
    {
        readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                    return [.. _lines];
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
                _lines.Add(formatter(state, exception));
        }
    }
}
