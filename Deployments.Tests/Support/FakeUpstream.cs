using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Deployments.Tests.Support;

/// <summary>An upstream feed on a real Kestrel: answers as the test says and remembers what it was asked.</summary>
public sealed class FakeUpstream : IAsyncDisposable
{
    readonly WebApplication app;
    readonly ConcurrentQueue<(string Target, IHeaderDictionary Headers)> requests = new();

    FakeUpstream(WebApplication app) => this.app = app;

    public Uri Url { get; private set; } = new("http://localhost/");

    /// <summary>Raw targets and headers, oldest first.</summary>
    public IReadOnlyList<(string Target, IHeaderDictionary Headers)> Requests => [.. requests];

    public static async Task<FakeUpstream> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var upstream = new FakeUpstream(builder.Build());
        upstream.app.Run(context =>
        {
            var target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            upstream.requests.Enqueue((target,
                new HeaderDictionary(context.Request.Headers.ToDictionary(h => h.Key, h => h.Value))));
            return answer(context);
        });
        await upstream.app.StartAsync();
        upstream.Url = new Uri(
            upstream.app.Services.GetRequiredService<IServer>().Features
                .Get<IServerAddressesFeature>()!.Addresses.First());
        return upstream;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}
