using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Telemetry;

/// <summary>
/// One process, whose numbers are its own, after some traffic: through a connector and its cache, tagged, rejected,
/// drained. It sends to a collector besides.
/// </summary>
public sealed class MeasuredServer : IAsyncLifetime
{
    public const string MetricsKey = "scrape-this-and-nothing-else";

    /// <summary>In every name that somebody chose.</summary>
    public const string Name = "secretname";

    readonly ConcurrentQueue<string> sent = new();
    TestDatabase database = null!;
    FakeUpstream upstream = null!;
    FakeUpstream collector = null!;

    public ServerProcess Server { get; private set; } = null!;

    /// <summary>What the collector was sent, each as text with the bytes of its protocol between the words.</summary>
    public IReadOnlyCollection<string> Sent => sent;

    public async Task InitializeAsync()
    {
        upstream = await FakeUpstream.StartAsync(context => context.Response.WriteAsync("a package"));
        collector = await FakeUpstream.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            sent.Enqueue(Encoding.Latin1.GetString(body.ToArray()));
        });
        database = await TestDatabase.CreateStartedAsync();
        Server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + database.ConnectionString,
            "Deployments:MetricsKey=" + MetricsKey,
            "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Url.AbsoluteUri,
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
            "OTEL_METRIC_EXPORT_INTERVAL=500");
        await CreateFeedAsync();
        await DownloadAsync("1.0.0", "web-" + Name, 2);
        await DownloadAsync("2.0.0", "", 1); // a target is missing: rejected
        await Recorded.DrainedAsync(database);
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        await database.DisposeAsync();
        await upstream.DisposeAsync();
        await collector.DisposeAsync();
    }

    /// <summary>What a scraper reads.</summary>
    public async Task<string> ReadAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Authorization = new("Bearer", MetricsKey);
        using var answer = await Server.Client.SendAsync(request);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsStringAsync();
    }

    async Task CreateFeedAsync()
    {
        object[] bodies =
        [
            new { name = Name, feedType = "nuget", url = upstream.Url },
            new { name = Name, feedType = "nuget", connectors = new[] { Name } },
        ];
        foreach (var (path, body) in new[] { "connectors", "feeds" }.Zip(bodies))
        {
            using var made = await Server.Admin.PostAsJsonAsync($"/api/management/{path}/create", body);
            Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        }
    }

    async Task DownloadAsync(string version, string target, int times)
    {
        for (var n = 0; n < times; n++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/nuget/{Name}/package/{Name}/{version}");
            foreach (var (field, value) in new[] { ("Application", Name), ("Description", Name), ("Target", target) })
                request.Headers.TryAddWithoutValidation("X-ProGet-Deployment-" + field, value);
            using var answer = await Server.Admin.SendAsync(request);
            Assert.Equal("a package", await answer.Content.ReadAsStringAsync());
        }
    }
}
