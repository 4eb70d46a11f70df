using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Gateway;

/// <summary>Where clients and upstreams may lead the gateway, and who gets a connector's password.</summary>
public sealed class UpstreamTrustTests
{
    static readonly string[] Backslashes =
    [
        @"..\..\other\x", "..%5c..%5cother%5cx", "..%5C..%5Cother", "..%255c..%255cother", "..%25255c..%25255cother",
        @"a\b", "%5c", "a%5c..%5c..",
    ];

    [Fact]
    public void A_backslash_is_no_part_of_a_path_however_it_is_written()
    {
        foreach (var path in Backslashes)
        {
            Assert.Null(FeedRequest.TryRead("GET", path));
            Assert.Null(FeedRequest.TryRead("GET", $"content/{path}"));
        }

        Assert.NotNull(FeedRequest.TryRead("GET", "100%25/50%255/a%2fb"));
    }

    [Fact]
    public async Task A_backslash_leads_out_of_no_connector()
    {
        await using var upstream = await FakeUpstream.StartAsync(context => context.Response.WriteAsync("secret"));
        await using var app = await TestApp.StartAsync();
        foreach (var (feed, type, root) in new[]
        {
            ("files", "asset", "endpoints/files/content"), ("js", "npm", "npm/js"), ("java", "maven", "maven2/java"),
            ("apps", "universal", "upack/apps/download"), ("nu", "nuget", "nuget/nu/package"),
            ("deb", "debian", "debian/deb"), ("charts", "helm", "helm/charts"), ("mods", "go", "go/mods"),
        })
        {
            await app.CreateFeedAsync(feed, type, new Uri(upstream.Url, "base/feed"));
            foreach (var path in Backslashes)
                Assert.StartsWith("HTTP/1.1 400", await RawAsync(app, $"/{root}/{path}"), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(
            upstream.Requests, request => !request.Target.StartsWith("/base/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_a_registry_redirects_to_gets_no_password()
    {
        await using var thief = await FakeUpstream.StartAsync(context =>
        {
            if (context.Request.Path == "/token")
                return context.Response.WriteAsJsonAsync(new { token = "t" });
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate =
                $"Bearer realm=\"http://{context.Request.Host}/token\",service=\"x\"";
            return Task.CompletedTask;
        });
        await using var upstream = await FakeUpstream.StartAsync(context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = new Uri(thief.Url, "/v2/app/manifests/1.0").AbsoluteUri;
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync();
        await PostAsync(app, "/api/management/connectors/create", new
        {
            name = "reg",
            feedType = "docker",
            url = upstream.Url,
            username = "ci",
            password = "geheim",
        });
        await PostAsync(app, "/api/management/feeds/create", new
        {
            name = "images",
            feedType = "docker",
            connectors = new[] { "reg" },
        });

        using var answer = await app.Client.GetAsync(new Uri("/v2/images/app/manifests/1.0", UriKind.Relative));

        Assert.False(answer.IsSuccessStatusCode);
        Assert.NotEmpty(upstream.Requests);
        Assert.DoesNotContain(thief.Requests, request => request.Headers.ContainsKey("Authorization"));
    }

    [Theory]
    [InlineData("/other/file", true)]
    [InlineData("{here}/other/file", true)]
    [InlineData("{elsewhere}/file", false)]
    [InlineData("{elsewhere}/back", false)] // there and back: whoever led us may have chosen the address
    public async Task A_redirect_keeps_the_password_within_its_own_server(string location, bool isKept)
    {
        FakeUpstream? upstream = null;
        await using var elsewhere = await FakeUpstream.StartAsync(context =>
        {
            if (context.Request.Path == "/back")
                context.Response.Redirect(new Uri(upstream!.Url, "/other/file").AbsoluteUri);
            return Task.CompletedTask;
        });
        await using var here = upstream = await FakeUpstream.StartAsync(context =>
        {
            var from = context.Request.Path.StartsWithSegments("/base");
            if (from)
                context.Response.Redirect(location
                    .Replace("{here}", upstream!.Url.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal)
                    .Replace("{elsewhere}", elsewhere.Url.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal));
            else if (context.Request.Headers.Authorization.Count == 0)
                context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync();
        await PostAsync(app, "/api/management/connectors/create", new
        {
            name = "files",
            feedType = "asset",
            url = new Uri(upstream.Url, "base/"),
            username = "ci",
            password = "geheim",
        });
        await PostAsync(app, "/api/management/feeds/create", new
        {
            name = "files",
            feedType = "asset",
            connectors = new[] { "files" },
        });

        using var answer = await app.Client.GetAsync(new Uri("/endpoints/files/content/file", UriKind.Relative));

        Assert.Equal(isKept || location.EndsWith("/file", StringComparison.Ordinal), answer.IsSuccessStatusCode);
        Assert.Equal(isKept, here.Requests.Any(request =>
            request.Target == "/other/file" && request.Headers.ContainsKey("Authorization")));
        Assert.DoesNotContain(elsewhere.Requests, request => request.Headers.ContainsKey("Authorization"));
    }

    [Theory]
    [InlineData("https://a.example/x", "https://A.example/y", true)]
    [InlineData("http://a.example/x", "https://a.example/x", true)]
    [InlineData("https://a.example/x", "http://a.example/x", false)]
    [InlineData("https://a.example/x", "https://a.example:8443/x", false)]
    [InlineData("http://a.example:8080/x", "https://a.example/x", false)]
    [InlineData("https://a.example/x", "https://b.a.example/x", false)]
    [InlineData("https://a.example/x", "https://a.example.evil/x", false)]
    public void Who_may_know_a_password(string from, string to, bool isTrue) =>
        Assert.Equal(isTrue, RedirectHandler.MayKnowPassword(new Uri(from), new Uri(to)));

    [Fact]
    public async Task What_an_upstream_says_of_itself_reaches_no_client()
    {
        string[] itsOwn =
        [
            "Clear-Site-Data", "Refresh", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
            "Set-Cookie", "Set-Cookie2", "Strict-Transport-Security", "Public-Key-Pins", "Content-Security-Policy",
            "Link", "NEL", "Report-To", "Reporting-Endpoints", "Alt-Svc", "Service-Worker-Allowed", "SourceMap",
            "Server", "X-Powered-By", "X-Deployment-Status", "X-Deployment-Id", "X-ProGet-Version", "WWW-Authenticate",
            "Proxy-Authenticate", "Authentication-Info", "Cross-Origin-Opener-Policy", "Origin-Agent-Cluster",
            "X-Anything", "Location",
        ];
        await using var upstream = await FakeUpstream.StartAsync(context =>
        {
            foreach (var name in itsOwn)
                context.Response.Headers[name] = "theirs";
            context.Response.Headers.ETag = "\"v1\"";
            context.Response.Headers.CacheControl = "max-age=60";
            context.Response.Headers["Docker-Content-Digest"] = "sha256:1";
            context.Response.ContentType = "application/x-theirs";
            return context.Response.WriteAsync("file");
        });
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("files", "asset", upstream.Url);
        await app.CreateFeedAsync("java", "maven", upstream.Url);
        // Passed on, fetched into the cache, and out of it.
        foreach (var path in new[]
            {
                "/endpoints/files/content/a", "/endpoints/files/content/a", "/maven2/java/g/l/1.0/l-1.0.jar",
                "/maven2/java/g/l/1.0/l-1.0.jar", "/maven2/java/g/l/maven-metadata.xml",
            })
        {
            using var answer = await app.Client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal("file", await answer.Content.ReadAsStringAsync());
            Assert.Equal("application/x-theirs", answer.Content.Headers.ContentType!.MediaType);
            Assert.Equal("\"v1\"", answer.Headers.ETag!.Tag);
            Assert.True(answer.Headers.Contains("Docker-Content-Digest"));
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
                Assert.False(values.Contains("theirs"), $"{path} answers with {name}.");
        }
    }

    static async Task PostAsync(TestApp app, string path, object body)
    {
        using var answer = await app.Admin.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    static async Task<string> RawAsync(TestApp app, string path)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(app.Url.Host, app.Url.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }
}
