using System.Diagnostics;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Deployments.Bench;

/// <summary>
/// Downloads of a 20 KB package from the local store over 32 connections, untagged, and tagged: durable before the
/// first byte. The first rows of all, so that a program that has just been started is measured, too.
/// </summary>
static class CaptureBench
{
    const int WarmUpSeconds = 8;
    const int FirstDownloads = 1000;
    const int Connections = 32;

    static readonly string[] Tags =
    [
        "X-ProGet-Deployment-Application: BuildMaster", "X-ProGet-Deployment-Description: Release 7 to production",
        "X-ProGet-Deployment-Target: WEB-07", "X-ProGet-Deployment-Url: https://ci.example/applications/12/builds/7",
    ];

    public static async Task RunAsync(BenchServer server, BenchTable table, int seconds)
    {
        await server.CreateFeedAsync("capture");
        var content = await server.UploadAsync("capture", "acme", 20_000);
        await using var naive = await NaiveServer.StartAsync(server.Database, content);
        using var nginx = await Nginx.StartAsync();

        var package = new Uri(server.Url, "/upack/capture/download/acme/1.0.0");
        var fresh = await FirstAsync(package);
        var inserting = new Uri(naive.Url, "/naive/acme/1.0.0");
        var file = new Uri(nginx.FilesUrl, "download/small/1.0.0");
        // Until the runtime has compiled what it will compile; a cold server measures the compiler.
        await Wrk.RunAsync(package, WarmUpSeconds, Tags);
        await Wrk.RunAsync(inserting, WarmUpSeconds, Tags);

        var untaggedAgainstNginx = new List<(double, double)>();
        var againstUntagged = new List<(double, double)>();
        var againstNaive = new List<(double, double)>();
        for (var round = 0; round < 3; round++)
        {
            var untagged = await Wrk.RunAsync(package, seconds);
            untaggedAgainstNginx.Add((untagged, await Wrk.RunAsync(file, seconds)));
            var tagged = await Wrk.RunAsync(package, seconds, Tags);
            await DrainBench.DrainedAsync(server);
            againstUntagged.Add((tagged, untagged));
            againstNaive.Add((tagged, await Wrk.RunAsync(inserting, seconds, Tags)));
        }

        var warm = await FirstAsync(package);
        table.Add("untagged local download, 20 KB, 32 connections", "nginx, a static file", untaggedAgainstNginx, 0.45,
            "req/s");
        table.Add("tagged download, 20 KB, 32 connections", "the same download untagged", againstUntagged, 0.6,
            "req/s");
        table.Add("tagged download, 20 KB, 32 connections", "one Dapper INSERT per request", againstNaive, 2.0,
            "req/s");
        table.Add($"the first {FirstDownloads:N0} tagged downloads after a start", "as many later", [(fresh, warm)],
            0.5, "req/s");
    }

    /// <summary>How many a second of a thousand tagged downloads, over 32 connections.</summary>
    static async Task<double> FirstAsync(Uri url)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections });
        foreach (var tag in Tags)
            client.DefaultRequestHeaders.Add(tag[..tag.IndexOf(':')], tag[(tag.IndexOf(':') + 2)..]);
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, FirstDownloads),
            new ParallelOptions { MaxDegreeOfParallelism = Connections },
            async (_, ct) => await client.GetByteArrayAsync(url, ct));
        return FirstDownloads / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}

/// <summary>
/// The peer of the capture, what people write first: the same file from memory, and one durable row per request.
/// </summary>
sealed class NaiveServer(WebApplication app) : IAsyncDisposable
{
    public Uri Url { get; } = new(app.Urls.First());

    public static async Task<NaiveServer> StartAsync(NpgsqlDataSource database, byte[] package)
    {
        await using (var command = database.CreateCommand(
            """
            create table naive (
                id bigint generated always as identity primary key, received_at timestamptz, name text, version text,
                application text, description text, target text, url text)
            """))
            await command.ExecuteNonQueryAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton(new Package(package));
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/naive/{id}/{version}", ServeAsync);
        await app.StartAsync();
        return new NaiveServer(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    static async Task ServeAsync(
        HttpContext context, string id, string version, NpgsqlDataSource database, Package package)
    {
        var headers = context.Request.Headers;
        await using (var connection = await database.OpenConnectionAsync(context.RequestAborted))
        {
            await connection.ExecuteAsync(
                """
                insert into naive (received_at, name, version, application, description, target, url)
                values (now(), @id, @version, @application, @description, @target, @url)
                """,
                new
                {
                    id,
                    version,
                    application = headers["X-ProGet-Deployment-Application"].ToString(),
                    description = headers["X-ProGet-Deployment-Description"].ToString(),
                    target = headers["X-ProGet-Deployment-Target"].ToString(),
                    url = headers["X-ProGet-Deployment-Url"].ToString(),
                });
        }

        context.Response.ContentLength = package.Content.Length;
        await context.Response.Body.WriteAsync(package.Content, context.RequestAborted);
    }

    sealed record Package(byte[] Content);
}
