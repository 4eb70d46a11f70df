using System.Diagnostics;
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
/// The whole program with its private PostgreSQL, fully durable, in a directory that goes afterwards.
/// </summary>
sealed class BenchServer : IAsyncDisposable
{
    const string Key = "bench-bootstrap-key";

    readonly string dataDirectory;

    BenchServer(WebApplication app, string dataDirectory)
    {
        App = app;
        this.dataDirectory = dataDirectory;
        Url = new Uri(app.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First());
        Admin = new HttpClient { BaseAddress = Url };
        Admin.DefaultRequestHeaders.Add("X-ApiKey", Key);
    }

    public WebApplication App { get; }

    public Uri Url { get; }

    /// <summary>A client with a key that may do everything.</summary>
    public HttpClient Admin { get; }

    public NpgsqlDataSource Database => App.Services.GetRequiredService<NpgsqlDataSource>();

    public static async Task<BenchServer> StartAsync()
    {
        var dataDirectory = Path.Combine(Path.GetTempPath(), $"deployments-bench-{Environment.ProcessId}");
        var app = await Web.Program.BuildAsync([
            "--urls=http://127.0.0.1:0", "--Deployments:DataDirectory=" + dataDirectory,
            "--Deployments:Bootstrap:ApiKey=" + Key,
            "--Logging:LogLevel:Default=Error", "--Deployments:AnonymousView=true"]);
        // What people write first: one row per request.
        app.MapGet("/naive/{id}/{version}", NaiveEndpoint.ServeAsync);
        await app.StartAsync();
        return new BenchServer(app, dataDirectory);
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
        start.Environment["PGPASSWORD"] = (await File.ReadAllTextAsync(
            Path.Combine(dataDirectory, "postgres.password"))).Trim();
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"psql ended with {process.ExitCode}");
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        Directory.Delete(dataDirectory, recursive: true);
    }

    async Task PostAsync(string path, object body)
    {
        using var answer = await Admin.PostAsJsonAsync(path, body);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {await answer.Content.ReadAsStringAsync()}");
    }
}
