namespace Deployments.Web.Embedded;

/// <summary>
/// A PostgreSQL of this program's own, in its data directory, for those who bring no database. It is started here,
/// started again when it dies, and stopped on disposal; a killed program's server is stopped by the next start.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    // How long pg_ctl waits before this class takes over the waiting (a long crash recovery), in seconds.
    const string ControlWaitSeconds = "60";

    // A server that was just killed may need a moment to be gone entirely.
    const int StartAttempts = 4;

    static readonly TimeSpan LifeCheckInterval = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan OrphanPatience = TimeSpan.FromSeconds(5);
    static readonly TimeSpan RestartDelayMax = TimeSpan.FromSeconds(10);

    readonly PostgresPrograms _programs;
    readonly PostgresAccount _account;
    readonly PostgresCluster _cluster;
    readonly PostgresSettings _settings;
    readonly PostmasterFile _postmaster;
    readonly string _dataDirectory;
    readonly ILogger _logger;
    readonly CancellationTokenSource _stopping = new();
    Task _supervision = Task.CompletedTask;

    PrivatePostgres(
        string dataDirectory, PostgresPrograms programs, PostgresAccount account, PostgresCluster cluster,
        PostgresSettings settings, string password, ILogger logger)
    {
        (_dataDirectory, _programs, _account, _cluster) = (dataDirectory, programs, account, cluster);
        (_settings, _logger) = (settings, logger);
        _postmaster = new PostmasterFile(cluster.Directory);
        ConnectionString = settings.ConnectionString(password);
    }

    /// <summary>
    /// An Npgsql connection string, password included, for a role that owns the database <c>deployments</c>. It stays
    /// valid until disposal, also across restarts of the server.
    /// </summary>
    public string ConnectionString { get; }

    /// <summary>
    /// Starts the server and returns when it accepts connections. The first start also makes the database cluster,
    /// which takes some seconds; a start after a crash takes as long as PostgreSQL's recovery.
    /// </summary>
    /// <param name="directory">
    /// The locked data directory. The lock must be held until this object is disposed.
    /// </param>
    /// <param name="postgresBin">Folder of PostgreSQL's programs; null to look in the usual places.</param>
    /// <param name="logger">Hears of takeovers, unexpected ends and restarts.</param>
    /// <param name="ct">Gives up the start; whatever was started is stopped again.</param>
    /// <exception cref="CannotStartException">PostgreSQL is missing, or cannot run, with the reason.</exception>
    public static async Task<PrivatePostgres> StartAsync(
        DataDirectoryLock directory, string? postgresBin, ILogger logger, CancellationToken ct)
    {
        var cluster = new PostgresCluster(directory.Path);
        var programs = PostgresPrograms.Find(postgresBin, cluster.Major());
        var account = await PostgresAccount.ChooseAsync(directory.Path);
        await StopOrphanAsync(cluster, programs, account, logger, ct);

        var password = await cluster.PrepareAsync(programs, account);
        var settings = await PostgresSettings.WriteAsync(directory.Path, account);
        var postgres = new PrivatePostgres(directory.Path, programs, account, cluster, settings, password, logger);
        try
        {
            await postgres.StartServerAsync(ct);
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
        postgres._supervision = Task.Run(postgres.SuperviseAsync, CancellationToken.None);
        return postgres;
    }

    /// <summary>
    /// The connection string of a server that another process runs on a data directory; null when none runs there.
    /// </summary>
    public static string? RunningOrNull(string dataDirectory)
    {
        var cluster = new PostgresCluster(dataDirectory);
        return new PostmasterFile(cluster.Directory).IsReady()
            ? PostgresSettings.OfRunning(dataDirectory).ConnectionString(cluster.Password())
            : null;
    }

    /// <summary>The major version of PostgreSQL that made the cluster of a data directory; null without one.</summary>
    public static int? MajorOrNull(string dataDirectory) => new PostgresCluster(dataDirectory).Major();

    /// <summary>Ends every connection and stops the server, which leaves no process behind.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        await _supervision;
        await StopServerAsync(_postmaster, _cluster, _programs, _account, _logger);
        _settings.RemoveSocketDirectory();
        _stopping.Dispose();
    }

    // What a killed program leaves: a living server, or one shutting down, or a file that speaks of a dead one.
    static async Task StopOrphanAsync(
        PostgresCluster cluster, PostgresPrograms programs, PostgresAccount account, ILogger logger,
        CancellationToken ct)
    {
        var postmaster = new PostmasterFile(cluster.Directory);
        if (postmaster.LivingProcess() is { } pid)
        {
            logger.LogWarning(
                "PostgreSQL (process {ProcessId}) was left running by a program that was killed; stopping it", pid);
            await StopServerAsync(postmaster, cluster, programs, account, logger);
        }
        await ClearRemainsAsync(postmaster, account, logger, ct);
    }

    // With the postmaster dead, its server processes must be gone before another one may start.
    static async Task ClearRemainsAsync(
        PostmasterFile postmaster, PostgresAccount account, ILogger logger, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(OrphanPatience);
        IReadOnlyList<int> remaining;
        while ((remaining = postmaster.ServerProcesses()).Count > 0 && !patience.IsCancellationRequested)
            await Task.Delay(LifeCheckInterval, ct);
        foreach (var pid in remaining)
        {
            logger.LogWarning("Ending a PostgreSQL process ({ProcessId}) whose server is dead", pid);
            Kill(pid);
        }
        await postmaster.DisarmAsync(account);
    }

    static async Task StopServerAsync(
        PostmasterFile postmaster, PostgresCluster cluster, PostgresPrograms programs, PostgresAccount account,
        ILogger logger)
    {
        // "fast" disconnects clients and writes everything out; "immediate" leaves that to the next start's recovery.
        foreach (var mode in new[] { "fast", "immediate" })
        {
            if (postmaster.LivingProcess() is null)
                return;
            var outcome = await account.RunAsync(
                Path.GetDirectoryName(cluster.Directory)!,
                [programs["pg_ctl"], "stop", "-D", cluster.Directory, "-m", mode, "-w", "-t", ControlWaitSeconds]);
            if (postmaster.LivingProcess() is null)
                return;
            logger.LogWarning("PostgreSQL did not stop ({Mode}): {Reason}", mode, outcome.Output.Trim());
        }
    }

    // Tries a few times; each failure but the last may have been the remains of a killed server.
    async Task StartServerAsync(CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            await ClearRemainsAsync(_postmaster, _account, _logger, ct);
            _settings.RemoveSocket();
            if (await TryStartServerAsync(ct) is not { } problem)
                return;
            if (attempt == StartAttempts)
            {
                throw new CannotStartException(
                    $"PostgreSQL does not start: {problem} (more in start.log and log/ of {_cluster.Directory})");
            }
            _logger.LogWarning("PostgreSQL did not start, trying again: {Reason}", problem);
            await Task.Delay(TimeSpan.FromSeconds(attempt), ct);
        }
    }

    // Returns null when the server accepts connections, else what went wrong.
    async Task<string?> TryStartServerAsync(CancellationToken ct)
    {
        var log = Path.Combine(_cluster.Directory, "start.log");
        if (File.Exists(log))
            File.Delete(log);
        // pg_ctl detaches the server: a Ctrl+C meant for this program, or its end, does not reach it.
        var outcome = await _account.RunAsync(
            _dataDirectory,
            [_programs["pg_ctl"], "start", "-D", _cluster.Directory, "-l", log, "-w", "-t", ControlWaitSeconds]);
        while (!_postmaster.IsReady())
        {
            if (_postmaster.LivingProcess() is null)
                return LastLines(log) ?? outcome.Output.Trim();
            await Task.Delay(LifeCheckInterval, ct); // Recovering from a crash.
        }
        return null;
    }

    async Task SuperviseAsync()
    {
        try
        {
            while (true)
            {
                while (_postmaster.LivingProcess() is not null)
                    await Task.Delay(LifeCheckInterval, _stopping.Token);
                _logger.LogError("PostgreSQL ended unexpectedly; starting it again");
                await RestartAsync();
                _logger.LogInformation("PostgreSQL is running again");
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    async Task RestartAsync()
    {
        for (var delay = TimeSpan.FromSeconds(1); ; delay *= 2)
        {
            try
            {
                await StartServerAsync(_stopping.Token);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _logger.LogError(e, "PostgreSQL cannot be started again yet");
            }
            delay = delay < RestartDelayMax ? delay : RestartDelayMax;
            await Task.Delay(delay, _stopping.Token);
        }
    }

    // Why the server ended: the last it wrote to its start log and to the log file that it was then told to use.
    string? LastLines(string startLog)
    {
        var folder = new DirectoryInfo(Path.Combine(_cluster.Directory, "log"));
        var newest = folder.Exists ? folder.GetFiles().MaxBy(file => file.LastWriteTimeUtc)?.FullName : null;
        var lines = new[] { startLog, newest }
            .Where(File.Exists)
            .SelectMany(file => File.ReadAllLines(file!).TakeLast(5))
            .ToList();
        var reasons = lines.FindAll(line => line.Contains("FATAL:", StringComparison.Ordinal));
        return lines.Count > 0 ? string.Join(" | ", reasons.Count > 0 ? reasons : lines) : null;
    }

    static void Kill(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException
            or System.ComponentModel.Win32Exception)
        {
            // Gone meanwhile.
        }
    }
}
