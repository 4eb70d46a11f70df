using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Deployments.Bench;

/// <summary>
/// Packages through a connector, against nginx proxying to the same upstream (a third nginx port serving files).
/// </summary>
static class ConnectorBench
{
    public static async Task RunAsync(BenchServer server, BenchTable table, int seconds)
    {
        using var nginx = await Nginx.StartAsync();
        await server.CreateFeedAsync("proxied", nginx.FilesUrl.AbsoluteUri);
        foreach (var (name, goal) in new[] { ("small", 0.55), ("large", 1.0) })
        {
            var path = $"download/{name}/1.0.0";
            var ours = new Uri(server.Url, "/upack/proxied/" + path);
            var theirs = new Uri(nginx.ProxyUrl, path);
            await Wrk.RunAsync(ours, 8); // until the runtime has compiled what it will compile
            await Wrk.RunAsync(theirs, 1);
            var rounds = new List<(double, double)>();
            for (var round = 0; round < 3; round++)
                rounds.Add((await Wrk.RunAsync(ours, seconds), await Wrk.RunAsync(theirs, seconds)));
            table.Add($"connector, {(name == "small" ? "20" : "700")} KB", "nginx proxy_pass", rounds, goal, "req/s");
        }
    }

    sealed class Nginx : IDisposable
    {
        readonly Process process;
        readonly string directory;

        Nginx(Process process, string directory, int filesPort, int proxyPort)
        {
            this.process = process;
            this.directory = directory;
            FilesUrl = new Uri($"http://127.0.0.1:{filesPort}/");
            ProxyUrl = new Uri($"http://127.0.0.1:{proxyPort}/");
        }

        public Uri FilesUrl { get; }

        public Uri ProxyUrl { get; }

        public static async Task<Nginx> StartAsync()
        {
            var directory = Directory.CreateTempSubdirectory("deployments-nginx-").FullName;
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
            foreach (var (name, bytes) in new[] { ("small", 20_000), ("large", 700_000) })
            {
                Directory.CreateDirectory(Path.Combine(directory, "files/download", name));
                await File.WriteAllBytesAsync(
                    Path.Combine(directory, "files/download", name, "1.0.0"), RandomNumberGenerator.GetBytes(bytes));
            }

            var (filesPort, proxyPort) = (FreePort(), FreePort());
            var configuration = Path.Combine(directory, "nginx.conf");
            await File.WriteAllTextAsync(configuration,
                $$"""
                daemon off; pid {{directory}}/nginx.pid; error_log {{directory}}/error.log; worker_processes auto;
                events { worker_connections 1024; }
                http {
                  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
                  client_body_temp_path {{directory}}; proxy_temp_path {{directory}}; fastcgi_temp_path {{directory}};
                  uwsgi_temp_path {{directory}}; scgi_temp_path {{directory}};
                  upstream files { server 127.0.0.1:{{filesPort}}; keepalive 64; keepalive_requests 1000000; }
                  server { listen 127.0.0.1:{{filesPort}}; root {{directory}}/files; }
                  server {
                    listen 127.0.0.1:{{proxyPort}};
                    location / { proxy_pass http://files; proxy_http_version 1.1; proxy_set_header Connection ""; }
                  }
                }
                """);
            var process = Process.Start("nginx", ["-c", configuration, "-p", directory]);
            var nginx = new Nginx(process, directory, filesPort, proxyPort);
            await nginx.WaitAsync();
            return nginx;
        }

        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
            Directory.Delete(directory, recursive: true);
        }

        async Task WaitAsync()
        {
            using var client = new HttpClient();
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    (await client.GetAsync(new Uri(ProxyUrl, "download/small/1.0.0"))).EnsureSuccessStatusCode();
                    return;
                }
                catch (HttpRequestException) when (attempt < 50)
                {
                    await Task.Delay(100);
                }
            }
        }

        static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
