using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Gateway;

/// <summary>What connectors have fetched once is served again, whole, recorded, and without the upstream.</summary>
public sealed class ConnectorCacheTests : IAsyncLifetime
{
    const string Package = "/upack/main/download/app/1.0.0";
    static readonly byte[] Content = RandomNumberGenerator.GetBytes(300_000);

    readonly string dataDirectory = Directory.CreateTempSubdirectory("deployments-cache-").FullName;
    TestDatabase database = null!;
    TestApp app = null!;
    FakeUpstream upstream = null!;
    RequestDelegate answer = ContentAsync;

    public async Task InitializeAsync()
    {
        upstream = await FakeUpstream.StartAsync(context => answer(context));
        database = await TestDatabase.CreateAsync();
        await StartAsync();
        await app.Admin.JsonAsync("POST", "/api/management/connectors/create",
            new { name = "one", feedType = "universal", url = upstream.Url, timeout = 10 });
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
    public async Task What_the_protocol_does_not_know_in_a_query_makes_no_other_file_of_it()
    {
        foreach (var query in new[] { "", "?x=1", "?x=2", "?X&y=%20", "?", "?latst", "?x=1&x=2" })
        {
            using var response = await app.Client.GetAsync(new Uri(Package + query, UriKind.Relative));
            Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        }

        Assert.Equal("/download/app/1.0.0", Assert.Single(upstream.Requests).Target);

        foreach (var query in new[] { "?contentOnly=zip", "?x=1&contentOnly=zip&contentOnly=tgz", "?CONTENTONLY=zip" })
            (await app.Client.GetAsync(new Uri(Package + query, UriKind.Relative))).Dispose();
        Assert.Contains(
            upstream.Requests, request => request.Target.EndsWith("?contentOnly=zip", StringComparison.Ordinal));
        Assert.DoesNotContain(upstream.Requests, request => request.Target.Contains("x=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_second_download_does_not_ask_the_upstream_and_is_recorded_too()
    {
        using var first = await GetTaggedAsync();
        using var second = await GetTaggedAsync();

        foreach (var response in new[] { first, second })
        {
            Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
            Assert.Equal("application/x-package", response.Content.Headers.ContentType!.ToString());
            Assert.Equal("\"v1\"", response.Headers.ETag!.ToString());
            Assert.Equal("recorded", Assert.Single(response.Headers.GetValues("X-Deployment-Status")));
        }

        Assert.Single(upstream.Requests);
        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(2, (await Recorded.AllAsync(app.Database)).Count);
    }

    [Fact]
    public async Task What_was_fetched_is_served_when_the_upstream_is_away_and_after_a_restart()
    {
        (await GetTaggedAsync()).Dispose();
        await KeptAsync(1);
        await upstream.DisposeAsync();

        using (var response = await app.Client.GetAsync(Package))
            Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        using (var other = await app.Client.GetAsync("/upack/main/download/app/2.0.0"))
            Assert.Equal(HttpStatusCode.BadGateway, other.StatusCode);

        await app.DisposeAsync();
        await StartAsync();
        using (var response = await app.Client.GetAsync(Package))
            Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Ranges_tags_and_heads_are_answered_from_the_kept_file()
    {
        (await GetTaggedAsync()).Dispose();
        await KeptAsync(1);

        using var part = new HttpRequestMessage(HttpMethod.Get, Package);
        part.Headers.Range = new RangeHeaderValue(10, 19);
        using var partial = await app.Client.SendAsync(part);
        Assert.Equal(HttpStatusCode.PartialContent, partial.StatusCode);
        Assert.Equal(Content[10..20], await partial.Content.ReadAsByteArrayAsync());

        using var known = new HttpRequestMessage(HttpMethod.Get, Package);
        known.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"v1\""));
        using var unchanged = await app.Client.SendAsync(known);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);

        using var head = await app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, Package));
        Assert.Equal(Content.Length, head.Content.Headers.ContentLength);
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Small_files_are_answered_from_memory()
    {
        answer = context =>
        {
            context.Response.ContentType = "application/x-package";
            context.Response.Headers.LastModified = "Sat, 31 Jan 2026 08:15:00 GMT";
            return context.Response.Body.WriteAsync(Content.AsMemory(0, 1000)).AsTask();
        };
        (await GetTaggedAsync()).Dispose();
        await KeptAsync(1);
        (await GetTaggedAsync()).Dispose();
        File.Delete(Assert.Single(KeptFiles()));

        using var whole = await GetTaggedAsync();
        Assert.Equal(Content[..1000], await whole.Content.ReadAsByteArrayAsync());
        Assert.Equal("application/x-package", whole.Content.Headers.ContentType!.ToString());
        Assert.Equal("recorded", Assert.Single(whole.Headers.GetValues("X-Deployment-Status")));

        using var part = new HttpRequestMessage(HttpMethod.Get, Package);
        part.Headers.Range = new RangeHeaderValue(10, 19);
        using var partial = await app.Client.SendAsync(part);
        Assert.Equal(HttpStatusCode.PartialContent, partial.StatusCode);
        Assert.Equal(Content[10..20], await partial.Content.ReadAsByteArrayAsync());

        using var known = new HttpRequestMessage(HttpMethod.Get, Package);
        known.Headers.IfNoneMatch.Add(whole.Headers.ETag!);
        using var unchanged = await app.Client.SendAsync(known);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);

        using var head = await app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, Package));
        Assert.Equal(1000, head.Content.Headers.ContentLength);
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Many_at_once_share_one_fetch()
    {
        var mayEnd = new TaskCompletionSource();
        answer = async context =>
        {
            context.Response.ContentLength = Content.Length;
            await context.Response.Body.WriteAsync(Content.AsMemory(0, 1000));
            await context.Response.Body.FlushAsync();
            await mayEnd.Task;
            await context.Response.Body.WriteAsync(Content.AsMemory(1000));
        };

        // Each has begun to read before the upstream has sent everything.
        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => GetTaggedAsync()));
        mayEnd.SetResult();
        foreach (var response in responses)
        {
            Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
            response.Dispose();
        }

        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Fetching_goes_on_when_the_client_leaves()
    {
        var mayEnd = new TaskCompletionSource();
        answer = async context =>
        {
            context.Response.ContentLength = Content.Length;
            await context.Response.Body.WriteAsync(Content.AsMemory(0, 1000));
            await context.Response.Body.FlushAsync();
            await mayEnd.Task;
            await context.Response.Body.WriteAsync(Content.AsMemory(1000));
        };
        (await GetTaggedAsync()).Dispose();
        mayEnd.SetResult();
        await KeptAsync(1);

        using var response = await app.Client.GetAsync(Package);

        Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Half_a_file_is_neither_served_as_whole_nor_kept()
    {
        answer = async context =>
        {
            context.Response.ContentLength = Content.Length;
            await context.Response.Body.WriteAsync(Content.AsMemory(0, 1000));
            await context.Response.Body.FlushAsync();
            context.Abort();
        };
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var response = await app.Client.GetAsync(Package);
            response.EnsureSuccessStatusCode();
        });

        answer = ContentAsync;
        using var again = await app.Client.GetAsync(Package);
        Assert.Equal(Content, await again.Content.ReadAsByteArrayAsync());
        await KeptAsync(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_changed_on_disk_is_fetched_again(bool isTruncated)
    {
        (await GetTaggedAsync()).Dispose();
        await KeptAsync(1);
        await app.DisposeAsync();
        var file = Assert.Single(KeptFiles());
        if (isTruncated)
            await File.WriteAllBytesAsync(file, Content[..1000]);
        else
            await File.WriteAllBytesAsync(file, [.. Content[..^1], (byte)~Content[^1]]);
        await StartAsync();

        using var response = await app.Client.GetAsync(Package);

        Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(2, upstream.Requests.Count);
    }

    [Fact]
    public async Task The_least_recently_used_files_go_when_the_limit_is_reached()
    {
        await app.DisposeAsync();
        await StartAsync("Deployments:ConnectorCacheBytesMax=1000000"); // three files and a bit
        for (var version = 1; version <= 4; version++)
        {
            var kept = KeptFiles().ToHashSet();
            (await app.Client.GetAsync($"/upack/main/download/app/{version}.0.0")).Dispose();
            await Patience.UntilAsync(() => !kept.SetEquals(KeptFiles()) && KeptFiles().Count <= 3);
            (await app.Client.GetAsync(Package)).Dispose(); // 1.0.0 stays in use
        }

        Assert.InRange(KeptFiles().Sum(file => new FileInfo(file).Length), 1, 1_000_000);
        var before = upstream.Requests.Count;
        (await app.Client.GetAsync(Package)).Dispose();
        Assert.Equal(before, upstream.Requests.Count);
        (await app.Client.GetAsync("/upack/main/download/app/2.0.0")).Dispose();
        Assert.Equal(before + 1, upstream.Requests.Count);
    }

    [Theory]
    [InlineData("no-store", null)]
    [InlineData(null, "gzip")]
    public async Task What_may_not_be_kept_is_passed_on(string? cacheControl, string? encoding)
    {
        answer = context =>
        {
            if (cacheControl is not null)
                context.Response.Headers.CacheControl = cacheControl;
            if (encoding is not null)
                context.Response.Headers.ContentEncoding = encoding;
            return ContentAsync(context);
        };

        for (var i = 0; i < 3; i++)
        {
            using var response = await app.Client.GetAsync(Package);
            Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        }

        Assert.Empty(KeptFiles());
        Assert.Equal(4, upstream.Requests.Count); // once to learn that it may not be kept
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_fails_no_download()
    {
        var unfinished = Path.Combine(dataDirectory, "cache", "unfinished");
        Directory.Delete(unfinished);

        using var response = await app.Client.GetAsync(Package);

        Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        Assert.Empty(KeptFiles());
    }

    [Fact]
    public async Task A_file_that_proves_too_large_for_the_cache_is_passed_on_to_all_who_wait_for_it()
    {
        await app.DisposeAsync();
        await StartAsync("Deployments:ConnectorCacheBytesMax=100000");
        var mayEnd = new TaskCompletionSource();
        answer = async context => // its length unknown
        {
            await context.Response.Body.WriteAsync(Content.AsMemory(0, 1000));
            await context.Response.Body.FlushAsync();
            await mayEnd.Task;
            await context.Response.Body.WriteAsync(Content.AsMemory(1000));
        };
        var responses = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => GetTaggedAsync()));
        mayEnd.SetResult();

        var bodies = await Task.WhenAll(responses.Select(response => response.Content.ReadAsByteArrayAsync()));

        Assert.All(bodies, body => Assert.Equal(Content, body));
        Assert.Single(upstream.Requests);
        Assert.Empty(KeptFiles());
        foreach (var response in responses)
            response.Dispose();
    }

    [Fact]
    public async Task Nothing_is_kept_when_the_limit_is_zero()
    {
        await app.DisposeAsync();
        await StartAsync("Deployments:ConnectorCacheBytesMax=0");

        (await app.Client.GetAsync(Package)).Dispose();
        (await app.Client.GetAsync(Package)).Dispose();

        Assert.Equal(2, upstream.Requests.Count);
        Assert.Empty(KeptFiles());
    }

    [Fact]
    public async Task Leftovers_of_a_kill_are_removed_at_the_start()
    {
        await app.DisposeAsync();
        var unfinished = Path.Combine(dataDirectory, "cache", "unfinished", "leftover");
        await File.WriteAllTextAsync(unfinished, "half");
        await StartAsync();
        (await app.Client.GetAsync(Package)).Dispose();

        Assert.False(File.Exists(unfinished));
    }

    async Task StartAsync(params string[] settings) => app = await TestApp.StartAsync(
        database, ["Deployments:DataDirectory=" + dataDirectory, .. settings]);

    /// <summary>Waits until so many files are kept: the last one is put in its place after its client has it.</summary>
    Task KeptAsync(int count) =>
        Patience.UntilAsync(() => KeptFiles().Count == count, () => $"{KeptFiles().Count} files are kept");

    List<string> KeptFiles()
    {
        var directory = Path.Combine(dataDirectory, "cache");
        return !Directory.Exists(directory)
            ? []
            : [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(file).Length == 64)];
    }

    Task<HttpResponseMessage> GetTaggedAsync() =>
        app.Client.SendAsync(TaggedLoad.Request(Package), HttpCompletionOption.ResponseHeadersRead);

    static Task ContentAsync(HttpContext context)
    {
        context.Response.Headers.ETag = "\"v1\"";
        context.Response.ContentType = "application/x-package";
        context.Response.ContentLength = Content.Length;
        return context.Response.Body.WriteAsync(Content).AsTask();
    }
}
