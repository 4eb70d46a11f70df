using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Deployments.Web.Embedded;
using Npgsql;

namespace Deployments.Tests.Support;

/// <summary>
/// The program as people run it, compiled in advance: a process of its own on a data directory, which can be killed and
/// started again. What it leaves behind, a killed one's PostgreSQL too, goes when this is disposed or the test run
/// ends.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90); // a first start makes a database cluster
    static readonly TimeSpan BuildPatience = TimeSpan.FromMinutes(15);
    static readonly string[] Built =
        ["dotnet", Path.Combine(Repository.Root, "Deployments.Web", "bin", "run", "Deployments.Web.dll")];
    static readonly Lazy<Task> Build = new(BuildAsync);
    static readonly ConcurrentDictionary<ServerProcess, bool> Living = new();

    readonly StringBuilder output = new();
    readonly string[] command;
    readonly string[] settings;
    readonly bool ownsDirectory;
    bool isGuest; // beside another on its directory, whose PostgreSQL is not this one's
    Process? process;

    static ServerProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var server in Living.Keys)
            server.Remove();
    };

    ServerProcess(string[] command, string dataDirectory, bool ownsDirectory, string[] settings)
    {
        this.command = command;
        DataDirectory = dataDirectory;
        this.ownsDirectory = ownsDirectory;
        this.settings = settings;
        Url = new Uri($"http://127.0.0.1:{FreePort()}");
        Client = NewClient();
        Admin = NewClient();
        Admin.DefaultRequestHeaders.Add("X-ApiKey", TestApp.ApiKey);
        Living[this] = true;
    }

    public string DataDirectory { get; }

    /// <summary>The same after every start.</summary>
    public Uri Url { get; }

    /// <summary>An anonymous client.</summary>
    public HttpClient Client { get; }

    /// <summary>A client with the bootstrap key.</summary>
    public HttpClient Admin { get; }

    /// <summary>What it wrote so far, to standard output and standard error.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Its number while it runs.</summary>
    public int ProcessId => process!.Id;

    string Cluster => Path.Combine(DataDirectory, "postgres");

    /// <summary>Starts a server with its private PostgreSQL, or with the database that the settings name.</summary>
    /// <param name="settings">
    /// Further settings as <c>Key=value</c>, with colons between sections; those of the runtime begin with
    /// <c>DOTNET_</c>, those of OpenTelemetry with <c>OTEL_</c>. <c>{url}</c> stands for the server's address.
    /// </param>
    public static Task<ServerProcess> StartAsync(params string[] settings) => StartAsync(Built, settings);

    /// <summary>Starts a server as the README tells people to.</summary>
    public static Task<ServerProcess> StartByScriptAsync() => StartAsync([Path.Combine(Repository.Root, "run.sh")], []);

    /// <summary>Starts a server on a data directory that is there already, and stays.</summary>
    public static Task<ServerProcess> StartInAsync(string dataDirectory, params string[] settings) =>
        StartAsync(new ServerProcess(Built, dataDirectory, ownsDirectory: false, settings));

    static Task<ServerProcess> StartAsync(string[] command, string[] settings) =>
        StartAsync(new ServerProcess(command, NewDirectory(), ownsDirectory: true, settings));

    static async Task<ServerProcess> StartAsync(ServerProcess server)
    {
        try
        {
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the program until it ends by itself.</summary>
    /// <returns>Exit code, standard output, standard error.</returns>
    public static async Task<(int ExitCode, string Output, string Errors)> RunToEndAsync(
        string? dataDirectory, params string[] arguments)
    {
        var directory = dataDirectory ?? NewDirectory();
        var run = new ServerProcess(Built, directory, ownsDirectory: dataDirectory is null, [])
        {
            isGuest = dataDirectory is not null,
        };
        await Build.Value;
        await using (run)
        {
            using var process = Process.Start(run.StartInfo(arguments))!;
            var outputs = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            using var patience = new CancellationTokenSource(StartPatience);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            finally
            {
                process.Kill();
            }

            return (process.ExitCode, await outputs, await errors);
        }
    }

    /// <summary>Starts the killed server again on its data directory and its address.</summary>
    public async Task StartAgainAsync()
    {
        await Build.Value;
        process?.Dispose();
        process = Process.Start(StartInfo([]))!;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var started = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (process.HasExited || started.Elapsed > StartPatience)
                Assert.Fail($"The server does not answer. It said:\n{Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>As <c>kill -9</c> does: it has no time for anything. Its PostgreSQL goes on.</summary>
    public void Kill()
    {
        if (process is null)
            return;
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>As a service manager does: asks it to stop, and waits until it has.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        using (var ask = Process.Start("kill", ["-TERM", ProcessId.ToString(CultureInfo.InvariantCulture)]))
            await ask.WaitForExitAsync();
        await process!.WaitForExitAsync().WaitAsync(Patience.Limit);
        return process.ExitCode;
    }

    /// <summary>Kills the private PostgreSQL, every process of it at once.</summary>
    public void KillPostgres()
    {
        foreach (var pid in new PostmasterFile(Cluster).ServerProcesses())
        {
            try
            {
                using var server = Process.GetProcessById(pid);
                server.Kill();
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
            {
                // Gone meanwhile.
            }
        }
    }

    /// <summary>A way into the private database, beside the program.</summary>
    public NpgsqlDataSource OpenDatabase()
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = Path.Combine(DataDirectory, "socket"),
            Database = PostgresCluster.ApplicationName,
            Username = PostgresCluster.ApplicationName,
            Password = File.ReadAllText(Path.Combine(DataDirectory, "postgres.password")).Trim(),
            Pooling = false,
        };
        return NpgsqlDataSource.Create(settings);
    }

    public HttpClient NewClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = Url,
        Timeout = TimeSpan.FromSeconds(30),
    };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Admin.Dispose();
        await Task.Run(Remove);
    }

    static async Task BuildAsync()
    {
        using var build = Process.Start(Path.Combine(Repository.Root, "eng", "build.sh"));
        await build.WaitForExitAsync().WaitAsync(BuildPatience);
        Assert.Equal(0, build.ExitCode);
    }

    static string NewDirectory() => Directory.CreateTempSubdirectory("deployments-test-").FullName;

    /// <summary>A port that nobody listens at.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    ProcessStartInfo StartInfo(string[] arguments)
    {
        var start = new ProcessStartInfo(command[0],
        [
            .. command[1..],
            string.Create(CultureInfo.InvariantCulture, $"--urls={Url}"),
            "--Deployments:DataDirectory=" + DataDirectory,
            "--Deployments:Bootstrap:ApiKey=" + TestApp.ApiKey,
            "--Logging:LogLevel:Default=Warning",
            OpenPages.Argument,
            .. settings.Where(setting => !IsOfRuntime(setting)).Select(setting => "--" + setting.Replace(
                "{url}", Url.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal)),
            .. arguments,
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["DOTNET_gcServer"] = "0"; // many of these run beside each other
        foreach (var setting in settings.Where(IsOfRuntime))
            start.Environment[setting.Split('=')[0]] = setting.Split('=')[1];
        return start;
    }

    static bool IsOfRuntime(string setting) =>
        setting.StartsWith("DOTNET_", StringComparison.Ordinal)
        || setting.StartsWith("OTEL_", StringComparison.Ordinal);

    async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await Client.GetAsync("/health");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    void Note(string? line)
    {
        lock (output)
            output.AppendLine(line);
    }

    void Remove()
    {
        if (!Living.TryRemove(this, out _))
            return;
        Kill();
        process?.Dispose();
        // Twice: a process may be born while the others die.
        if (!isGuest)
        {
            KillPostgres();
            KillPostgres();
        }

        if (ownsDirectory)
            Directory.Delete(DataDirectory, recursive: true);
    }
}
