using System.Net.Sockets;
using System.Text;
using Deployments.Tests.Support;

namespace Deployments.Tests.Gateway;

/// <summary>
/// Every answer that names this server, with every host that a request may claim: none fails, and the setting wins.
/// </summary>
public sealed class HostTests(HostTests.Fixture shared) : IClassFixture<HostTests.Fixture>
{
    // Each makes an address of the host in its own way.
    static readonly string[] Answers =
    [
        "/nuget/main/v3/index.json", "/nuget/main/", "/npm/js/acme", "/v2/", "/upack/files/packages",
        "/pypi/py/simple/", "/cargo/rust/config.json", "/composer/php/packages.json", "/helm/charts/index.yaml",
        "/api/management/feeds/list", "/feeds", "/feeds/main", "/connect", "/api-docs", "/health", "/",
    ];

    [Theory]
    [InlineData("HTTP/1.0")]
    [InlineData("HTTP/1.0\r\nHost:")]
    [InlineData("HTTP/1.1\r\nHost:")]
    [InlineData("HTTP/1.1\r\nHost: feeds.example.com")]
    [InlineData("HTTP/1.1\r\nHost: feeds_of-team.example:8624")]
    [InlineData("HTTP/1.1\r\nHost: xn--mnchen-3ya.example.")]
    [InlineData("HTTP/1.1\r\nHost: [::1]:8624")]
    [InlineData("HTTP/1.1\r\nHost: 127.0.0.1:1")]
    [InlineData("HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: a..b\r\nX-Forwarded-Proto: javascript")]
    public async Task A_request_is_served_whatever_sound_host_it_names_or_none(string host)
    {
        foreach (var path in Answers)
            Assert.Matches("^HTTP/1.1 (200|302|401|403|404) ", await StatusAsync(shared.App, path, host));
    }

    [Theory]
    [InlineData("feeds.example.com:99999")]
    [InlineData("feeds..example.com")]
    [InlineData(".")]
    [InlineData("a:b")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a@b")]
    [InlineData("[::1")]
    [InlineData("[::g]")]
    [InlineData("a%00b")]
    [InlineData(":80")]
    [InlineData("a\r\nHost: b")]
    public async Task A_malformed_host_is_the_clients_mistake(string host)
    {
        foreach (var path in Answers)
            Assert.StartsWith("HTTP/1.1 400 ", await StatusAsync(shared.App, path, "HTTP/1.1\r\nHost: " + host),
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_is_known_may_be_wrong_too()
    {
        await using var app = await StartAsync("Deployments:KnownProxies=127.0.0.1");

        Assert.Contains("https://feeds.example.com/nuget/main/v3/", await SendAsync(app, "/nuget/main/v3/index.json",
            "HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
            + "X-Forwarded-Host: feeds.example.com"), StringComparison.Ordinal);
        foreach (var host in new[] { "a..b", "a:99999", "a/b", "[::1", " " })
            Assert.Matches("^HTTP/1.1 (200|400) ", await StatusAsync(app, "/nuget/main/v3/index.json",
                "HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
                + "X-Forwarded-Host: " + host));
    }

    [Theory]
    [InlineData("/nuget/main/v3/index.json", "https://feeds.example.com/sub/nuget/main/v3/")]
    [InlineData("/api/management/feeds/list?key=" + TestApp.ApiKey, "https://feeds.example.com/sub/nuget/main/")]
    [InlineData("/cargo/rust/config.json", "https://feeds.example.com/sub/cargo/rust/")]
    [InlineData("/feeds/main", "https://feeds.example.com/sub/nuget/main/v3/index.json")]
    [InlineData("/connect", "https://feeds.example.com/sub/")]
    public async Task The_public_address_wins(string path, string expected)
    {
        await using var app = await StartAsync("Deployments:PublicUrl=https://feeds.example.com/sub/");

        var answer = await SendAsync(app, path, "HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example");

        Assert.Contains(expected, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.example", answer, StringComparison.Ordinal);
    }

    static async Task<TestApp> StartAsync(params string[] settings)
    {
        var app = await TestApp.StartAsync(null, settings);
        foreach (var (name, type) in new[]
        {
            ("main", "nuget"), ("js", "npm"), ("files", "universal"), ("py", "pypi"), ("rust", "cargo"),
            ("php", "composer"), ("charts", "helm"),
        })
            await app.CreateFeedAsync(name, type);
        return app;
    }

    static async Task<string> StatusAsync(TestApp app, string path, string host) =>
        $"{(await SendAsync(app, path, host)).Split('\r')[0]} {path}";

    static async Task<string> SendAsync(TestApp app, string path, string host)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(app.Url.Host, app.Url.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"GET {path} {host}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public TestApp App { get; private set; } = null!;

        public async Task InitializeAsync() => App = await StartAsync();

        public Task DisposeAsync() => App.DisposeAsync().AsTask();
    }
}
