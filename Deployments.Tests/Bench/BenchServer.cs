using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Deployments.Bench;

/// <summary>
/// The whole program with its private PostgreSQL, fully durable, in a directory that goes afterwards: as people run it,
/// or within this process where a row looks into it.
/// </summary>
sealed class BenchServer : IAsyncDisposable
{
    const string Key = "bench-bootstrap-key";

    static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(10); // it may have to be built

    readonly string dataDirectory;
    readonly WebApplication? app;
    readonly Lazy<NpgsqlDataSource> database; // its password is made at the first start
    Process? process;

    BenchServer(string dataDirectory, Uri url, WebApplication? app)
    {
        this.dataDirectory = dataDirectory;
        this.app = app;
        Url = url;
        Admin = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromMinutes(10) };
        Admin.DefaultRequestHeaders.Add("X-ApiKey", Key);
        database = new Lazy<NpgsqlDataSource>(() => NpgsqlDataSource.Create(ConnectionString));
    }

    public Uri Url { get; }

    /// <summary>A client with a key that may do everything.</summary>
    public HttpClient Admin { get; }

    /// <summary>A way into the private database, beside the program's own.</summary>
    public NpgsqlDataSource Database => database.Value;

    /// <summary>The way into it.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = Path.Combine(dataDirectory, "socket"),
        Database = "deployments",
        Username = "deployments",
        Password = Password,
    }.ConnectionString;

    /// <summary>The parts of the program.</summary>
    /// <exception cref="InvalidOperationException">It is a process of its own.</exception>
    public IServiceProvider Services => app?.Services ?? throw new InvalidOperationException("Not in this process.");

    string Password => File.ReadAllText(Path.Combine(dataDirectory, "postgres.password")).Trim();

    /// <summary>Starts the program by <c>run.sh</c>, with its default settings but that pages are open.</summary>
    public static async Task<BenchServer> StartAsync()
    {
        var url = new Uri($"http://127.0.0.1:{Nginx.FreePort()}/");
        var server = new BenchServer(NewDirectory(), url, app: null);
        await server.StartAgainAsync("/health");
        return server;
    }

    /// <summary>Starts the program, and waits until it answers with this page.</summary>
    public async Task StartAgainAsync(string page)
    {
        process = Process.Start(Path.GetFullPath("run.sh"), Settings(dataDirectory, Url.AbsoluteUri));
        var started = Stopwatch.StartNew();
        while (!await AnswersAsync(page))
        {
            if (process.HasExited || started.Elapsed > StartPatience)
                throw new InvalidOperationException("The program does not start.");
            await Task.Delay(10);
        }
    }

    /// <summary>Asks the program to stop, and waits until it has.</summary>
    public async Task StopAsync()
    {
        if (process is null)
            return;
        using (var ask = Process.Start("kill", [process.Id.ToString(CultureInfo.InvariantCulture)]))
            await ask.WaitForExitAsync();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    /// <summary>Starts the program within this process.</summary>
    public static async Task<BenchServer> StartHereAsync()
    {
        var directory = NewDirectory();
        var app = await Web.Program.BuildAsync(
            [.. Settings(directory, "http://127.0.0.1:0"), "--Logging:LogLevel:Default=Error"]);
        await app.StartAsync();
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new BenchServer(directory, new Uri(url), app);
    }

    /// <summary>What the program has in memory, in bytes.</summary>
    public long ResidentBytes()
    {
        using var observed = Process.GetProcessById(process?.Id ?? Environment.ProcessId);
        return observed.WorkingSet64;
    }

    public async Task CreateFeedAsync(string name, string? upstream = null, string feedType = "universal")
    {
        var connectors = upstream is null ? Array.Empty<string>() : [name];
        if (upstream is not null)
            await PostAsync("/api/management/connectors/create", new { name, feedType, url = upstream });
        await PostAsync("/api/management/feeds/create", new { name, feedType, connectors });
    }

    /// <summary>Uploads a universal package with that many random bytes in it.</summary>
    /// <returns>The package file as stored.</returns>
    public async Task<byte[]> UploadAsync(string feed, string name, int bytes)
    {
        using var package = new MemoryStream();
        using (var archive = new ZipArchive(package, ZipArchiveMode.Create, leaveOpen: true))
        {
            await using (var manifest = archive.CreateEntry("upack.json").Open())
                await manifest.WriteAsync(
                    System.Text.Encoding.UTF8.GetBytes($$"""{"name":"{{name}}","version":"1.0.0"}"""));
            await using var content = archive.CreateEntry("package/content.bin", CompressionLevel.NoCompression).Open();
            await content.WriteAsync(RandomNumberGenerator.GetBytes(bytes - 400));
        }

        using var answer = await Admin.PutAsync($"/upack/{feed}/upload", new ByteArrayContent(package.ToArray()));
        answer.EnsureSuccessStatusCode();
        return package.ToArray();
    }

    /// <summary>Runs psql against the private PostgreSQL.</summary>
    public async Task PsqlAsync(string command)
    {
        var start = new ProcessStartInfo("psql",
        [
            "-X", "-q", "-h", Path.Combine(dataDirectory, "socket"), "-U", "deployments", "-d", "deployments",
            "-v", "ON_ERROR_STOP=1", "-c", command,
        ]);
        start.Environment["PGPASSWORD"] = Password;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"psql ended with {process.ExitCode}");
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        if (database.IsValueCreated)
            await Database.DisposeAsync();
        await StopAsync();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        Directory.Delete(dataDirectory, recursive: true);
    }

    static string NewDirectory() => Directory.CreateTempSubdirectory("deployments-bench-").FullName;

    static string[] Settings(string directory, string url) =>
    [
        "--urls=" + url, "--Deployments:DataDirectory=" + directory, "--Deployments:Bootstrap:ApiKey=" + Key,
        "--Deployments:AnonymousView=true",
    ];

    async Task<bool> AnswersAsync(string page)
    {
        try
        {
            using var answer = await Admin.GetAsync(new Uri(page, UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    async Task PostAsync(string path, object body)
    {
        using var answer = await Admin.PostAsJsonAsync(path, body);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {await answer.Content.ReadAsStringAsync()}");
    }
}
