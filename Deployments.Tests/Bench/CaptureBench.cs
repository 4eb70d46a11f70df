using Dapper;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Deployments.Bench;

/// <summary>
/// Tagged downloads of a 20 KB package from the local store, 32 connections, durable before the first byte.
/// </summary>
static class CaptureBench
{
    const int WarmUpSeconds = 8;

    static readonly string[] Tags =
    [
        "X-ProGet-Deployment-Application: BuildMaster", "X-ProGet-Deployment-Description: Release 7 to production",
        "X-ProGet-Deployment-Target: WEB-07", "X-ProGet-Deployment-Url: https://ci.example/applications/12/builds/7",
    ];

    public static async Task RunAsync(BenchServer server, BenchTable table, int seconds)
    {
        await server.CreateFeedAsync("capture");
        NaiveEndpoint.Package = await server.UploadAsync("capture", "acme", 20_000);
        await using (var command = server.Database.CreateCommand(
            "create table naive (id bigint generated always as identity primary key, received_at timestamptz,"
            + " name text, version text,"
            + " application text, description text, target text, url text)"))
            await command.ExecuteNonQueryAsync();

        var package = new Uri(server.Url, "/upack/capture/download/acme/1.0.0");
        var naive = new Uri(server.Url, "/naive/acme/1.0.0");
        // Until the runtime has compiled what it will compile; a cold server measures the compiler.
        await Wrk.RunAsync(package, WarmUpSeconds, Tags);
        await Wrk.RunAsync(naive, WarmUpSeconds, Tags);

        var againstUntagged = new List<(double, double)>();
        var againstNaive = new List<(double, double)>();
        for (var round = 0; round < 3; round++)
        {
            var untagged = await Wrk.RunAsync(package, seconds);
            var tagged = await Wrk.RunAsync(package, seconds, Tags);
            await DrainBench.DrainedAsync(server);
            var inserted = await Wrk.RunAsync(naive, seconds, Tags);
            againstUntagged.Add((tagged, untagged));
            againstNaive.Add((tagged, inserted));
        }

        table.Add("capture, 20 KB, 32 connections", "the same download untagged", againstUntagged, 0.6, "req/s");
        table.Add("capture, 20 KB, 32 connections", "one Dapper INSERT per request", againstNaive, 2.5, "req/s");
    }
}

/// <summary>The peer of the capture: the same file from memory, and one durable row per request.</summary>
static class NaiveEndpoint
{
    public static byte[] Package { get; set; } = [];

    public static async Task ServeAsync(HttpContext context, string id, string version, NpgsqlDataSource database)
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

        context.Response.ContentLength = Package.Length;
        await context.Response.Body.WriteAsync(Package, context.RequestAborted);
    }
}
