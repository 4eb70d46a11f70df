namespace Deployments.Bench;

/// <summary>
/// Packages through a connector, passed on and from its cache, against nginx proxying to and caching the same upstream
/// (further nginx ports that serve files).
/// </summary>
static class ConnectorBench
{
    public static async Task RunAsync(BenchServer server, BenchTable table, int seconds)
    {
        using var nginx = await Nginx.StartAsync();
        await server.CreateFeedAsync("proxied", nginx.UnkeptFilesUrl.AbsoluteUri);
        await server.CreateFeedAsync("cached", nginx.FilesUrl.AbsoluteUri);
        foreach (var (feed, name, goal) in new[]
        {
            ("proxied", "small", 0.55), ("proxied", "large", 1.1), ("cached", "small", 0.8), ("cached", "large", 1.0),
        })
        {
            var isCached = feed == "cached";
            var path = $"download/{name}/1.0.0";
            var ours = new Uri(server.Url, $"/upack/{feed}/{path}");
            var theirs = new Uri(isCached ? nginx.CacheUrl : nginx.ProxyUrl, path);
            await Wrk.RunAsync(ours, 8); // until the runtime has compiled what it will compile
            await Wrk.RunAsync(theirs, 1);
            var rounds = new List<(double, double)>();
            for (var round = 0; round < 3; round++)
                rounds.Add((await Wrk.RunAsync(ours, seconds), await Wrk.RunAsync(theirs, seconds)));
            table.Add(
                $"connector{(isCached ? " with cache" : "")}, {(name == "small" ? "20" : "700")} KB",
                isCached ? "nginx proxy_cache" : "nginx proxy_pass", rounds, goal, "req/s");
        }
    }
}
