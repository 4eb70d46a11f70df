using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Deployments.Bench;

/// <summary>An nginx that serves files, and one before it that passes them on or caches them.</summary>
sealed class Nginx : IDisposable
{
    readonly Process process;
    readonly string directory;

    Nginx(Process process, string directory, int[] ports)
    {
        this.process = process;
        this.directory = directory;
        FilesUrl = new Uri($"http://127.0.0.1:{ports[0]}/");
        UnkeptFilesUrl = new Uri($"http://127.0.0.1:{ports[1]}/");
        ProxyUrl = new Uri($"http://127.0.0.1:{ports[2]}/");
        CacheUrl = new Uri($"http://127.0.0.1:{ports[3]}/");
    }

    /// <summary>Files, served by nginx itself.</summary>
    public Uri FilesUrl { get; }

    /// <summary>The same files, which no cache may keep.</summary>
    public Uri UnkeptFilesUrl { get; }

    public Uri ProxyUrl { get; }

    public Uri CacheUrl { get; }

    /// <param name="hugeBytes">The size of a third file beside the small and the large one; 0: none.</param>
    public static async Task<Nginx> StartAsync(int hugeBytes = 0)
    {
        var directory = Directory.CreateTempSubdirectory("deployments-nginx-").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
        foreach (var (name, bytes) in new[] { ("small", 20_000), ("large", 700_000), ("huge", hugeBytes) })
        {
            Directory.CreateDirectory(Path.Combine(directory, "files/download", name));
            await File.WriteAllBytesAsync(
                Path.Combine(directory, "files/download", name, "1.0.0"), RandomNumberGenerator.GetBytes(bytes));
        }

        int[] ports = [FreePort(), FreePort(), FreePort(), FreePort()];
        var configuration = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(configuration,
            $$"""
            daemon off; pid {{directory}}/nginx.pid; error_log {{directory}}/error.log; worker_processes auto;
            events { worker_connections 4096; }
            http {
              access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
              client_body_temp_path {{directory}}; proxy_temp_path {{directory}}; fastcgi_temp_path {{directory}};
              uwsgi_temp_path {{directory}}; scgi_temp_path {{directory}};
              proxy_cache_path {{directory}}/cache keys_zone=packages:10m;
              proxy_http_version 1.1; proxy_set_header Connection "";
              upstream files { server 127.0.0.1:{{ports[0]}}; keepalive 64; keepalive_requests 1000000; }
              server { listen 127.0.0.1:{{ports[0]}}; root {{directory}}/files; }
              server {
                listen 127.0.0.1:{{ports[1]}}; root {{directory}}/files; add_header Cache-Control no-store;
              }
              server { listen 127.0.0.1:{{ports[2]}}; location / { proxy_pass http://files; } }
              server {
                listen 127.0.0.1:{{ports[3]}};
                location / { proxy_pass http://files; proxy_cache packages; proxy_cache_valid 200 1h; }
              }
            }
            """);
        var process = Process.Start("nginx", ["-c", configuration, "-p", directory]);
        var nginx = new Nginx(process, directory, ports);
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

    /// <summary>A port that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
