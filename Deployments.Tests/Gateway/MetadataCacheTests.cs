using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Deployments.Web.Gateway;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Gateway;

/// <summary>
/// What connectors were told that may change is asked about every time, and stands in while the upstream is away.
/// </summary>
public sealed class MetadataCacheTests : IAsyncLifetime
{
    const string List = "/upack/main/packages";

    readonly string dataDirectory = Directory.CreateTempSubdirectory("deployments-metadata-").FullName;
    TestDatabase database = null!;
    TestApp app = null!;
    FakeUpstream upstream = null!;
    RequestDelegate answer = context => TextAsync(context, "one", "\"v1\"");

    public async Task InitializeAsync()
    {
        upstream = await FakeUpstream.StartAsync(context => answer(context));
        database = await TestDatabase.CreateAsync();
        await StartAsync();
        await app.Admin.JsonAsync("POST", "/api/management/connectors/create", new
        {
            name = "one",
            feedType = "universal",
            url = upstream.Url,
            timeout = 10,
            username = "ada",
            password = "first",
        });
        await app.Admin.JsonAsync("POST", "/api/management/feeds/create",
            new { name = "main", feedType = "universal", connectors = new[] { "one" } });
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
        await upstream.DisposeAsync();
        Directory.Delete(dataDirectory, recursive: true);
    }

    [Fact]
    public async Task What_is_kept_is_asked_about_each_time_and_sent_by_the_upstream_once()
    {
        var sent = 0;
        answer = context =>
        {
            sent += context.Request.Headers.IfNoneMatch == "\"v1\"" ? 0 : 1;
            return TextAsync(context, "one", "\"v1\"");
        };

        for (var i = 0; i < 3; i++)
            Assert.Equal("one", await TextOfAsync(List));

        Assert.Equal(3, upstream.Requests.Count);
        Assert.Equal(1, sent);
    }

    [Fact]
    public async Task A_changed_upstream_is_seen_at_once()
    {
        Assert.Equal("one", await TextOfAsync(List));
        answer = context => TextAsync(context, "two", "\"v2\"");

        Assert.Equal("two", await TextOfAsync(List));
        answer = Unavailable;
        Assert.Equal("two", await TextOfAsync(List, isStale: true));
    }

    [Theory]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task An_upstream_that_says_it_is_away_is_stood_in_for(int status)
    {
        Assert.Equal("one", await TextOfAsync(List));
        answer = context => StatusAsync(context, status);

        Assert.Equal("one", await TextOfAsync(List, isStale: true));
        using var other = await app.Client.GetAsync("/upack/main/versions?name=other");
        Assert.Equal(status, (int)other.StatusCode);
    }

    [Fact]
    public async Task An_upstream_that_is_gone_is_stood_in_for_also_after_a_restart()
    {
        Assert.Equal("one", await TextOfAsync(List));
        await upstream.DisposeAsync();

        Assert.Equal("one", await TextOfAsync(List, isStale: true));
        await app.DisposeAsync();
        await StartAsync();
        Assert.Equal("one", await TextOfAsync(List, isStale: true));
        using var head = await app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, List));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(3, head.Content.Headers.ContentLength);
        using var other = await app.Client.GetAsync("/upack/main/versions?name=other");
        Assert.Equal(HttpStatusCode.BadGateway, other.StatusCode);
    }

    [Fact]
    public async Task An_upstream_that_keeps_silent_is_waited_for_once()
    {
        Assert.Equal("one", await TextOfAsync(List));
        await app.Admin.JsonAsync("POST", "/api/management/connectors/update/one", new { timeout = 4 });
        await app.Service<FeedDirectory>().ReloadAsync(CancellationToken.None);
        using var end = new CancellationTokenSource();
        answer = context => Task.Delay(Timeout.Infinite, end.Token);

        for (var i = 0; i < 5; i++)
            Assert.Equal("one", await TextOfAsync(List, isStale: true));

        Assert.Equal(2, upstream.Requests.Count);
        await end.CancelAsync();
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task Not_found_is_not_covered_up_and_forgets_what_was_there(int status)
    {
        const string Document = "/upack/main/document"; // for lists, none is an empty one
        Assert.Equal("one", await TextOfAsync(Document));
        answer = context => StatusAsync(context, status);
        using (var gone = await app.Client.GetAsync(Document))
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        answer = Unavailable;
        using var away = await app.Client.GetAsync(Document);
        Assert.Equal(HttpStatusCode.NotFound, away.StatusCode); // which is what it said
    }

    [Fact]
    public async Task A_server_error_is_passed_on_and_forgets_nothing()
    {
        Assert.Equal("one", await TextOfAsync(List));
        answer = context => StatusAsync(context, 500);
        using (var failed = await app.Client.GetAsync(List))
            Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);

        answer = Unavailable;
        Assert.Equal("one", await TextOfAsync(List, isStale: true));
    }

    [Fact]
    public async Task Changed_credentials_drop_what_was_kept()
    {
        Assert.Equal("one", await TextOfAsync(List));
        await app.Admin.JsonAsync("POST", "/api/management/connectors/update/one", new { password = "second" });
        await app.Service<FeedDirectory>().ReloadAsync(CancellationToken.None);
        answer = Unavailable;

        using var away = await app.Client.GetAsync(List);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
    }

    [Theory]
    [InlineData("Cache-Control", "no-store")]
    [InlineData("Vary", "*")]
    [InlineData("Vary", "Accept, X-Mood")]
    public async Task What_may_not_be_kept_is_passed_on(string header, string value)
    {
        answer = context =>
        {
            context.Response.Headers[header] = value;
            return TextAsync(context, "one", "\"v1\"");
        };
        Assert.Equal("one", await TextOfAsync(List));
        using (var unchanged = await GetAsync(List, tag: "\"v1\""))
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);

        Assert.Empty(KeptFiles());
        answer = Unavailable;
        using var away = await app.Client.GetAsync(List);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
    }

    [Fact]
    public async Task An_answer_that_has_become_private_is_forgotten()
    {
        Assert.Equal("one", await TextOfAsync(List));
        answer = context =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return TextAsync(context, "two", "\"v2\"");
        };

        Assert.Equal("two", await TextOfAsync(List));

        Assert.Empty(KeptFiles());
    }

    [Fact]
    public async Task Variants_are_kept_apart()
    {
        answer = context => TextAsync(context, context.Request.Headers.Accept.ToString(), tag: null);
        foreach (var accept in new[] { "text/a", "text/b" })
        {
            using var response = await GetAsync(List, accept);
            Assert.Equal(accept, await response.Content.ReadAsStringAsync());
        }

        answer = Unavailable;
        foreach (var accept in new[] { "text/a", "text/b" })
        {
            using var response = await GetAsync(List, accept);
            Assert.Equal(accept, await response.Content.ReadAsStringAsync());
        }

        using var third = await GetAsync(List, "text/c");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
    }

    [Fact]
    public async Task A_client_that_holds_it_is_told_so_whether_or_not_the_upstream_is_there()
    {
        using (var first = await GetAsync(List, tag: "\"v1\"")) // fills the cache, so it is sent
            Assert.Equal("one", await first.Content.ReadAsStringAsync());
        using (var second = await GetAsync(List, tag: "W/\"v1\""))
            Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        answer = Unavailable;

        using (var third = await GetAsync(List, tag: "\"v1\""))
        {
            Assert.Equal(HttpStatusCode.NotModified, third.StatusCode);
            Assert.Equal("\"v1\"", third.Headers.ETag!.ToString());
        }

        using var other = await GetAsync(List, tag: "\"v0\"");
        Assert.Equal("one", await other.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Dates_serve_where_there_is_no_tag()
    {
        var modified = new DateTimeOffset(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);
        var sent = 0;
        answer = context =>
        {
            context.Response.Headers.LastModified = modified.ToString("R");
            if (context.Request.Headers.IfModifiedSince == modified.ToString("R"))
                return StatusAsync(context, 304);
            sent++;
            return TextAsync(context, "one", tag: null);
        };
        Assert.Equal("one", await TextOfAsync(List));
        Assert.Equal("one", await TextOfAsync(List));
        Assert.Equal(1, sent);

        using var request = new HttpRequestMessage(HttpMethod.Get, List);
        request.Headers.IfModifiedSince = modified;
        using var unchanged = await app.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public async Task A_part_is_asked_of_the_upstream_and_the_whole_stands_in_for_it()
    {
        Assert.Equal("one", await TextOfAsync(List));
        answer = context =>
        {
            Assert.Equal("bytes=1-1", context.Request.Headers.Range);
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = "bytes 1-1/3";
            return context.Response.WriteAsync("n");
        };
        using (var part = await GetPartAsync())
            Assert.Equal("n", await part.Content.ReadAsStringAsync());
        answer = Unavailable;

        using var whole = await GetPartAsync();

        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal("one", await whole.Content.ReadAsStringAsync());

        async Task<HttpResponseMessage> GetPartAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, List);
            request.Headers.Range = new RangeHeaderValue(1, 1);
            return await app.Client.SendAsync(request);
        }
    }

    [Fact]
    public async Task Compressed_answers_stay_compressed()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync("one"u8.ToArray());
        answer = async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync(packed.ToArray());
        };
        for (var i = 0; i < 2; i++)
        {
            using var response = await app.Client.GetAsync(List);
            Assert.Equal("gzip", Assert.Single(response.Content.Headers.ContentEncoding));
            Assert.Equal(packed.ToArray(), await response.Content.ReadAsByteArrayAsync());
            answer = Unavailable;
        }
    }

    [Theory]
    [InlineData(0)] // in the body
    [InlineData(3)] // in the headers
    [InlineData(-1)] // in what tells their length
    [InlineData(null)] // cut off
    public async Task An_answer_changed_on_disk_is_fetched_again(int? at)
    {
        Assert.Equal("one", await TextOfAsync(List));
        await app.DisposeAsync();
        var file = Assert.Single(KeptFiles());
        var content = await File.ReadAllBytesAsync(file);
        if (at is { } index)
            content[(index + content.Length) % content.Length] ^= 0x40;
        await File.WriteAllBytesAsync(file, at is null ? content[..^9] : content);
        await StartAsync();
        var tags = upstream.Requests.Count;

        Assert.Equal("one", await TextOfAsync(List));

        Assert.Equal(0, upstream.Requests[tags].Headers.IfNoneMatch.Count);
    }

    [Fact]
    public async Task Half_an_answer_is_not_kept_and_leftovers_of_a_kill_are_removed_at_the_start()
    {
        Assert.Equal("one", await TextOfAsync(List));
        var hasBegun = new TaskCompletionSource();
        answer = async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            await hasBegun.Task;
            context.Abort();
        };
        using (var half = await app.Client.GetAsync(List, HttpCompletionOption.ResponseHeadersRead))
        {
            hasBegun.SetResult();
            await Assert.ThrowsAnyAsync<Exception>(() => half.Content.ReadAsStringAsync());
        }

        answer = Unavailable;
        Assert.Equal("one", await TextOfAsync(List, isStale: true));

        await app.DisposeAsync();
        var leftover = Path.Combine(dataDirectory, "cache-metadata", "unfinished", "leftover");
        await File.WriteAllTextAsync(leftover, "half");
        await StartAsync();
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task The_least_recently_used_answers_go_when_their_share_is_reached()
    {
        await app.DisposeAsync();
        await StartAsync("Deployments:ConnectorCacheBytesMax=100000"); // of which answers have 10,000 bytes
        answer = context => TextAsync(context, new string('x', 2000), "\"v1\"");
        for (var i = 0; i < 6; i++)
        {
            await TextOfAsync($"{List}?name={i}");
            await TextOfAsync($"{List}?name=0"); // stays in use
        }

        await TextOfAsync($"{List}?name=large"); // as large as the others
        answer = context => TextAsync(context, new string('x', 3000), "\"v1\"");
        await TextOfAsync($"{List}?name=larger"); // more than a quarter of their share
        answer = Unavailable;

        Assert.InRange(KeptFiles().Sum(file => new FileInfo(file).Length), 1, 10_000);
        Assert.Equal(2000, (await TextOfAsync($"{List}?name=0", isStale: true)).Length);
        foreach (var name in new[] { "1", "larger" })
        {
            using var gone = await app.Client.GetAsync($"{List}?name={name}");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, gone.StatusCode);
        }
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_fails_no_answer()
    {
        Directory.Delete(Path.Combine(dataDirectory, "cache-metadata", "unfinished"));

        Assert.Equal("one", await TextOfAsync(List));

        Assert.Empty(KeptFiles());
    }

    [Fact]
    public async Task Nothing_is_kept_when_the_limit_is_zero()
    {
        await app.DisposeAsync();
        await StartAsync("Deployments:ConnectorCacheBytesMax=0");
        Assert.Equal("one", await TextOfAsync(List));
        using (var unchanged = await GetAsync(List, tag: "\"v1\""))
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);

        Assert.Empty(KeptFiles());
    }

    async Task StartAsync(params string[] settings) => app = await TestApp.StartAsync(
        database, ["Deployments:DataDirectory=" + dataDirectory, .. settings]);

    async Task<string> TextOfAsync(string path, bool isStale = false)
    {
        using var response = await app.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(isStale, response.Headers.Contains(RevalidationHandler.StaleHeader));
        return await response.Content.ReadAsStringAsync();
    }

    async Task<HttpResponseMessage> GetAsync(string path, string? accept = null, string? tag = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return await app.Client.SendAsync(request);
    }

    List<string> KeptFiles() =>
    [
        .. Directory.EnumerateFiles(
            Path.Combine(dataDirectory, "cache-metadata"), "*", SearchOption.AllDirectories),
    ];

    static Task TextAsync(HttpContext context, string text, string? tag)
    {
        if (tag is not null)
            context.Response.Headers.ETag = tag;
        if (tag is not null && context.Request.Headers.IfNoneMatch == tag)
            return StatusAsync(context, 304);
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = Encoding.UTF8.GetByteCount(text);
        return context.Response.WriteAsync(text);
    }

    static Task Unavailable(HttpContext context) => StatusAsync(context, 503);

    static Task StatusAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
