using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Dapper;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Operation;

/// <summary>
/// The files for nginx and HAProxy, in the real ones: with nothing changed but addresses, ports and the certificate.
/// </summary>
public sealed class ProxyTests : IAsyncLifetime
{
    const string Client = "127.0.0.9"; // the whole of 127/8 is this machine
    readonly string directory = Directory.CreateTempSubdirectory("deployments-proxy-").FullName;
    readonly TaskCompletionSource hasBegun = new();
    readonly int port = ServerProcess.FreePort();
    FakeUpstream upstream = null!;
    TestApp app = null!;
    Process? proxy;

    public async Task InitializeAsync()
    {
        upstream = await FakeUpstream.StartAsync(async context =>
        {
            await context.Response.WriteAsync("the beginning ");
            await context.Response.Body.FlushAsync();
            await hasBegun.Task.WaitAsync(Patience.Limit);
            await context.Response.WriteAsync("and the end");
        });
        app = await TestApp.StartAsync(null, "Deployments:KnownProxies=127.0.0.1");
        await app.CreateFeedAsync("main", "nuget", upstream.Url);
        await app.CreateFeedAsync("files", "asset");
        WriteCertificate();
    }

    public async Task DisposeAsync()
    {
        if (proxy is { HasExited: false })
            proxy.Kill(entireProcessTree: true);
        proxy?.Dispose();
        await app.DisposeAsync();
        await upstream.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData("nginx")]
    [InlineData("haproxy")]
    public async Task A_proxy_tells_who_the_client_is_and_passes_everything_on_as_it_comes(string name)
    {
        await StartAsync(name);
        using var client = NewClient();

        await AssertStreamsDownloadsAsync(client);
        await AssertTellsClientAsync();
        await AssertTellsAddressAsync(client);
        await AssertTakesLargeUploadsAsync(client);
        using var metrics = await client.GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.Forbidden, metrics.StatusCode);
        Assert.DoesNotContain("API key", await metrics.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // The upstream sends the rest only when the client has the beginning, of a tagged download with long texts.
    async Task AssertStreamsDownloadsAsync(HttpClient client)
    {
        using var request = TaggedLoad.Request("/nuget/main/package/Acme%2eWeb/1.0.0");
        request.Headers.Add("X-ProGet-Deployment-Url", "https://ci.example/" + new string('x', 1500));
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", "203.0.113.9");
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", "evil.example");
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("recorded", Assert.Single(answer.Headers.GetValues("X-Deployment-Status")));
        await using var body = await answer.Content.ReadAsStreamAsync();
        var beginning = new byte["the beginning ".Length];
        await body.ReadExactlyAsync(beginning).AsTask().WaitAsync(Patience.Limit);
        Assert.Equal("the beginning ", Encoding.ASCII.GetString(beginning));
        hasBegun.TrySetResult();
        using var rest = new StreamReader(body);
        Assert.Equal("and the end", await rest.ReadToEndAsync());
        Assert.Contains(upstream.Requests, asked => asked.Target.Contains("1.0.0", StringComparison.Ordinal));
    }

    async Task AssertTellsClientAsync()
    {
        await Recorded.DrainedAsync(app.Database);
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        Assert.Equal(Client, await connection.QuerySingleAsync<string>(
            "select host(client_address) from deployments"));
    }

    async Task AssertTellsAddressAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nuget/main/v3/index.json");
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", "evil.example");
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", "http");
        using var answer = await client.SendAsync(request);
        var index = await answer.Content.ReadAsStringAsync();
        Assert.Contains($"https://127.0.0.1:{port}/nuget/main/", index, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.example", index, StringComparison.Ordinal);
    }

    // More than nginx, and Kestrel, take by themselves; of a length that is not told beforehand.
    static async Task AssertTakesLargeUploadsAsync(HttpClient client)
    {
        const int Chunk = 1 << 20, Chunks = 40;
        using var request = new HttpRequestMessage(HttpMethod.Put, "/endpoints/files/content/large.bin")
        {
            Content = new Chunked(Chunk, Chunks),
        };
        request.Headers.Add("X-ApiKey", TestApp.ApiKey);
        using var answer = await client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        using var ask = new HttpRequestMessage(HttpMethod.Get, "/endpoints/files/content/large.bin");
        ask.Headers.Add("X-ApiKey", TestApp.ApiKey);
        using var back = await client.SendAsync(ask);
        Assert.Equal((long)Chunk * Chunks, (await back.Content.ReadAsByteArrayAsync()).LongLength);
    }

    async Task StartAsync(string name)
    {
        var text = Repository.Root + (name == "nginx" ? "/eng/nginx.conf" : "/eng/haproxy.cfg");
        text = (await File.ReadAllTextAsync(text))
            .Replace("127.0.0.1:8624", $"127.0.0.1:{app.Url.Port}", StringComparison.Ordinal)
            .Replace("listen 443", $"listen 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("bind :443", $"bind 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("/etc/ssl/deployments", directory, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{port}", text, StringComparison.Ordinal);
        var file = Path.Combine(directory, name + ".conf");
        await File.WriteAllTextAsync(file, name == "nginx" ? AroundNginx(text) : text);
        var program = Find(name);
        var start = new ProcessStartInfo(program, name == "nginx"
            ? ["-p", directory, "-c", file, "-e", Path.Combine(directory, "error.log"), "-g", "daemon off;"]
            : ["-db", "-f", file])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        proxy = Process.Start(start)!;
        var said = new StringBuilder();
        proxy.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
        proxy.OutputDataReceived += (_, line) => said.AppendLine(line.Data);
        proxy.BeginErrorReadLine();
        proxy.BeginOutputReadLine();
        using var client = NewClient();
        await Patience.UntilAsync(async () =>
        {
            Assert.False(proxy.HasExited, said.ToString());
            try
            {
                using var answer = await client.GetAsync("/health/ready");
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    // What Debian's nginx.conf puts around such a file, for a process that belongs to this test.
    string AroundNginx(string server) =>
        $$"""
        worker_processes 1;
        pid {{directory}}/nginx.pid;
        {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
        events { worker_connections 256; }
        http {
            access_log off;
            client_body_temp_path {{directory}}/body;
            proxy_temp_path {{directory}}/proxy;
            fastcgi_temp_path {{directory}}/fastcgi;
            uwsgi_temp_path {{directory}}/uwsgi;
            scgi_temp_path {{directory}}/scgi;
        {{server}}
        }
        """;

    static string Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"{name} is missing: eng/install.sh test");

    void WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=proxy.example", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var (crt, pem) = (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(directory, "tls.crt"), crt);
        File.WriteAllText(Path.Combine(directory, "tls.key"), pem);
        File.WriteAllText(Path.Combine(directory, "tls.pem"), crt + "\n" + pem);
    }

    // From an address of its own, so that proxy and client can be told apart.
    HttpClient NewClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, ct) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(Client), 0));
            await socket.ConnectAsync(context.DnsEndPoint, ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.Subject == "CN=proxy.example" },
    })
    { BaseAddress = new Uri($"https://127.0.0.1:{port}") };

    sealed class Chunked(int size, int times) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var bytes = new byte[size];
            for (var n = 0; n < times; n++)
                await stream.WriteAsync(bytes);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
