using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Deployments.Data.Feeds;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Deployments.Web.Gateway;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Gateway;

/// <summary>Serving from upstreams that redirect, fail, hang, lie, and lead elsewhere.</summary>
public sealed class ConnectorTests : IAsyncLifetime
{
    const string Package = "/upack/main/download/app/1.0.0";
    const int LargeBytes = 50 << 20;
    static readonly byte[] Content = RandomNumberGenerator.GetBytes(100_000);

    TestApp app = null!;
    FakeUpstream upstream = null!;
    FakeUpstream elsewhere = null!;
    RequestDelegate answer = NotFoundAsync;
    StrongBox<long> produced = new(); // of the newest answer

    public async Task InitializeAsync()
    {
        upstream = await FakeUpstream.StartAsync(context => answer(context));
        elsewhere = await FakeUpstream.StartAsync(ContentAsync);
        app = await TestApp.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await upstream.DisposeAsync();
        await elsewhere.DisposeAsync();
    }

    [Theory]
    [InlineData(301, "127.0.0.1")]
    [InlineData(302, "localhost")]
    [InlineData(303, "localhost")]
    [InlineData(307, "127.0.0.1")]
    [InlineData(308, "localhost")]
    public async Task Redirects_are_followed_here_and_the_credentials_stay_with_the_connector(int status, string host)
    {
        await FeedAsync("main", Connector("one", upstream.Url) with { Username = "reader", Password = "secret" });
        answer = context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = $"http://{host}:{elsewhere.Url.Port}/files/app.upack?signature=a%2Fb";
            return Task.CompletedTask;
        };

        using var response = await GetTaggedAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("Basic " + Convert.ToBase64String("reader:secret"u8),
            Assert.Single(upstream.Requests).Headers.Authorization.ToString());
        var (target, headers) = Assert.Single(elsewhere.Requests);
        Assert.Equal("/files/app.upack?signature=a%2Fb", target);
        Assert.DoesNotContain("Authorization", headers.Keys);
        await AssertRecordsAsync(1);
    }

    [Fact]
    public async Task An_endless_redirect_is_a_502()
    {
        await FeedAsync("main", Connector("one", upstream.Url));
        answer = context =>
        {
            context.Response.Redirect(context.Request.Path);
            return Task.CompletedTask;
        };

        await AssertFailsAsync(HttpStatusCode.BadGateway, "redirects too often");
    }

    [Fact]
    public async Task What_one_connector_has_not_the_next_one_is_asked_for()
    {
        await FeedAsync("main", Connector("one", upstream.Url), Connector("two", elsewhere.Url));
        using (var response = await GetTaggedAsync())
            Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        Assert.Single(upstream.Requests);
        await AssertRecordsAsync(1);

        await FeedAsync("other", Connector("three", upstream.Url));
        using (var response = await GetTaggedAsync("/upack/other/download/app/1.0.0"))
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        await AssertRecordsAsync(1);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task An_error_of_the_upstream_is_an_error_and_no_deployment(int status)
    {
        await FeedAsync("main", Connector("one", upstream.Url));
        answer = context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };

        using var response = await GetTaggedAsync();
        Assert.Contains((int)response.StatusCode, new[] { status, 502 });
        Assert.False(response.Headers.Contains("X-Deployment-Status"));
        await AssertRecordsAsync(0);
    }

    [Fact]
    public async Task An_upstream_that_is_away_is_a_502_that_says_so()
    {
        await FeedAsync("main", Connector("one", elsewhere.Url));
        await elsewhere.DisposeAsync();

        await AssertFailsAsync(HttpStatusCode.BadGateway, "The connector one cannot answer");
    }

    [Fact]
    public async Task An_upstream_slower_than_the_timeout_is_a_502()
    {
        await FeedAsync("main", Connector("one", upstream.Url) with { Timeout = 1 });
        answer = context => Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted);

        await AssertFailsAsync(HttpStatusCode.BadGateway, "The connector one cannot answer");
    }

    [Fact]
    public async Task An_upstream_cut_off_in_the_middle_is_no_short_package()
    {
        await FeedAsync("main", Connector("one", upstream.Url));
        answer = async context =>
        {
            if (context.Request.Path.Value!.EndsWith("1.0.0", StringComparison.Ordinal))
                context.Response.ContentLength = Content.Length;
            await context.Response.Body.WriteAsync(Content.AsMemory(0, 50_000));
            await context.Response.Body.FlushAsync();
            await Task.Delay(200); // aborting discards what is not yet sent
            context.Abort();
        };

        foreach (var version in new[] { "1.0.0", "2.0.0" }) // with a length, and in chunks
        {
            try
            {
                using var response = await GetTaggedAsync($"/upack/main/download/app/{version}");
                var body = await response.Content.ReadAsByteArrayAsync();
                Assert.True(response.StatusCode == HttpStatusCode.BadGateway,
                    $"{version}: {response.StatusCode} with {body.Length} bytes looks like a whole package");
            }
            catch (HttpRequestException)
            {
                // Cut off here too, as it must be.
            }
        }
    }

    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_is_recorded_once_and_harms_nobody()
    {
        await FeedAsync("main", Connector("one", upstream.Url));
        answer = LargeAsync;
        using (var response = await GetTaggedAsync())
        {
            await using var body = await response.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[1000]);
        }

        answer = ContentAsync;
        using (var response = await GetTaggedAsync())
            Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        await AssertRecordsAsync(2);
    }

    [Fact]
    public async Task A_large_package_streams_at_the_pace_of_its_reader()
    {
        await FeedAsync("main", Connector("one", upstream.Url));
        answer = LargeAsync;
        using var response = await GetTaggedAsync();
        await using var body = await response.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[1000]);
        await Task.Delay(500);
        var read = 1000L;

        // Whatever is produced and not read is in memory somewhere; the sockets' own buffers have some megabytes.
        Assert.InRange(Interlocked.Read(ref produced.Value), 1, LargeBytes - (10 << 20));
        var buffer = new byte[1 << 16];
        for (int count; (count = await body.ReadAsync(buffer)) > 0;)
            read += count;
        Assert.Equal(LargeBytes, read);
    }

    [Fact]
    public async Task The_path_goes_upstream_byte_for_byte()
    {
        await FeedAsync("main", Connector("one", new Uri(upstream.Url, "/base/")));

        (await GetTaggedAsync("/upack/main/search/a%2fb/app/1.0.0%2Bx?v=%2f%20+~&w")).Dispose();

        Assert.Equal("/base/search/a%2fb/app/1.0.0%2Bx?v=%2f%20+~&w", Assert.Single(upstream.Requests).Target);
    }

    [Fact]
    public async Task Cookies_and_policies_of_the_upstream_stop_here()
    {
        await FeedAsync("main", Connector("one", upstream.Url));
        answer = context =>
        {
            context.Response.Headers.SetCookie = "session=1";
            context.Response.Headers.StrictTransportSecurity = "max-age=1";
            context.Response.Headers.ContentSecurityPolicy = "default-src *";
            context.Response.Headers["X-Deployment-Id"] = "42";
            context.Response.Headers["X-Deployment-Status"] = "recorded";
            return ContentAsync(context);
        };

        using var response = await app.Client.GetAsync(Package);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.False(response.Headers.Contains("Strict-Transport-Security"));
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.DoesNotContain("*", policy, StringComparison.Ordinal);
        // Only this server says what it has recorded.
        Assert.False(response.Headers.Contains("X-Deployment-Status"));
        Assert.False(response.Headers.Contains("X-Deployment-Id"));
    }

    [Fact]
    public async Task A_sealed_address_is_fetched_without_the_password_and_a_forged_one_not_at_all()
    {
        await FeedAsync("main", Connector("one", upstream.Url) with { Username = "reader", Password = "secret" });
        answer = ContentAsync;
        var connector = (await app.Service<FeedQueries>().ConnectorByNameOrNullAsync("one", default))!;
        var seals = app.Service<SealedAddresses>();
        var token = seals.Seal(connector.ConnectorId, new Uri(elsewhere.Url, "/files/app.upack"));

        foreach (var forged in new[]
        {
            "x", "", token[..^4], (token[0] == 'A' ? 'B' : 'A') + token[1..], token + "AAAA", new string('A', 4000),
            seals.Seal(connector.ConnectorId + 1, new Uri(elsewhere.Url, "/files/app.upack")),
        })
        {
            foreach (var path in new[] { "/download/app/1.0.0", "/", "" })
            {
                using var refused = await GetTaggedAsync($"/upack/main/~{forged}{path}");
                Assert.True(refused.StatusCode == HttpStatusCode.NotFound, $"~{forged}{path}: {refused.StatusCode}");
            }
        }

        Assert.Empty(upstream.Requests);
        Assert.Empty(elsewhere.Requests);

        using var response = await GetTaggedAsync($"/upack/main/~{token}/download/app/1.0.0");
        Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        Assert.Empty(upstream.Requests);
        Assert.DoesNotContain("Authorization", Assert.Single(elsewhere.Requests).Headers.Keys);
    }

    async Task AssertFailsAsync(HttpStatusCode status, string reason)
    {
        using var response = await GetTaggedAsync();
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains(reason, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await AssertRecordsAsync(0);
    }

    async Task AssertRecordsAsync(int count)
    {
        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(count, (await Recorded.AllAsync(app.Database)).Count);
        Assert.Empty(await Recorded.RejectedAsync(app.Database));
    }

    async Task FeedAsync(string name, params ConnectorBody[] connectors)
    {
        foreach (var connector in connectors)
            await app.Admin.JsonAsync("POST", "/api/management/connectors/create", connector);
        var names = connectors.Select(connector => connector.Name).ToArray();
        await app.Admin.JsonAsync(
            "POST", "/api/management/feeds/create", new { name, feedType = "universal", connectors = names });
    }

    static ConnectorBody Connector(string name, Uri url) => new(name, "universal", url);

    Task<HttpResponseMessage> GetTaggedAsync(string path = Package) =>
        app.Client.SendAsync(TaggedLoad.Request(path), HttpCompletionOption.ResponseHeadersRead);

    static Task NotFoundAsync(HttpContext context) => TypedResults.NotFound().ExecuteAsync(context);

    static Task ContentAsync(HttpContext context) =>
        TypedResults.Bytes(Content, "application/zip").ExecuteAsync(context);

    async Task LargeAsync(HttpContext context)
    {
        context.Response.ContentLength = LargeBytes;
        context.Response.Headers.CacheControl = "no-store";
        var chunk = new byte[1 << 16];
        // One that turned out not to be kept is asked for again.
        var mine = produced = new StrongBox<long>();
        for (var sent = 0; sent < LargeBytes; sent += chunk.Length)
        {
            await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            Interlocked.Add(ref mine.Value, chunk.Length);
        }
    }

    sealed record ConnectorBody(string Name, string FeedType, Uri Url)
    {
        public int Timeout { get; init; } = 10;

        public string? Username { get; init; }

        public string? Password { get; init; }
    }
}
