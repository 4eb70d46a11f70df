using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deployments.Data.Accounts;
using Deployments.Tests.Clients;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Gateway;

/// <summary>
/// Container registries: the requests of Docker, containerd and Kubernetes as these clients make them, replayed; and an
/// upstream that wants a token.
/// </summary>
public sealed class RegistryTests : IAsyncLifetime
{
    static readonly (string, string)[] Tags =
    [
        ("X-ProGet-Deployment-Application", "a"), ("X-ProGet-Deployment-Description", "d"),
        ("X-ProGet-Deployment-Target", "t"),
    ];

    const string Child = """{"schemaVersion":2,"layers":[]}""";

    static readonly string Index =
        $$"""{"schemaVersion":2,"manifests":[{"digest":"{{Digest(Child)}}","platform":{"os":"linux"} }]}""";

    TestApp app = null!;
    FakeUpstream upstream = null!;
    FakeUpstream tokens = null!;
    bool asksForToken;

    public async Task InitializeAsync()
    {
        tokens = await FakeUpstream.StartAsync(context => context.Response.WriteAsJsonAsync(
            new { token = $"for {context.Request.Query["scope"]}".Replace(' ', '-'), expires_in = 300 }));
        upstream = await FakeUpstream.StartAsync(AnswerAsync);
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("images", "docker", upstream.Url);
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await upstream.DisposeAsync();
        await tokens.DisposeAsync();
    }

    /// <summary>The Docker engine of old: the tag, then the manifest of its platform, then blobs.</summary>
    [Fact]
    public async Task An_index_is_counted_once_and_its_platforms_and_blobs_never()
    {
        await GetAsync("app/manifests/1.0");
        await GetAsync($"app/manifests/{Digest(Child)}");
        await GetAsync($"app/blobs/{Digest("blob")}");
        Assert.Equal([$"app@1.0?digest={Uri.EscapeDataString(Digest(Index))}"], await RecordsAsync());
    }

    /// <summary>As well when it is the key that says what to record.</summary>
    [Fact]
    public async Task An_index_is_counted_once_for_a_key_that_records_every_download()
    {
        var key = await PolicyKey.AddAsync(app, new RecordingPolicy("docker", "", "WEB-07"));
        foreach (var path in new[] { "app/manifests/1.0", $"app/manifests/{Digest(Child)}" })
            (await app.Client.AskAsync("/v2/images/" + path, ("X-ApiKey", key))).Dispose();
        Assert.Equal([$"app@1.0?digest={Uri.EscapeDataString(Digest(Index))}"], await RecordsAsync());
    }

    /// <summary>containerd: HEAD of the tag, then everything by digest.</summary>
    [Fact]
    public async Task A_tag_resolved_with_HEAD_is_what_is_recorded()
    {
        using (var head = new HttpRequestMessage(HttpMethod.Head, "/v2/images/app/manifests/1.0"))
        using (var resolved = await app.Client.SendAsync(head))
            Assert.Equal(Digest(Index), resolved.Headers.GetValues("Docker-Content-Digest").Single());
        await GetAsync($"app/manifests/{Digest(Index)}");
        await GetAsync($"app/manifests/{Digest(Child)}");
        Assert.Equal([$"app@1.0?digest={Uri.EscapeDataString(Digest(Index))}"], await RecordsAsync());
    }

    /// <summary>Kubernetes with a pinned image.</summary>
    [Fact]
    public async Task A_manifest_asked_for_by_digest_alone_is_recorded_by_it()
    {
        await GetAsync($"app/manifests/{Digest(Child)}");
        Assert.Equal([$"app@{Digest(Child)}?"], await RecordsAsync());
    }

    [Fact]
    public async Task The_headers_that_the_Docker_engine_forwards_are_read()
    {
        using var answer = await app.Client.AskAsync("/v2/images/app/manifests/1.0",
            [.. Tags.Select(tag => ("X-Meta-" + tag.Item1[2..], tag.Item2))]);
        Assert.Equal("recorded", answer.Headers.GetValues("X-Deployment-Status").Single());
        Assert.Single(await RecordsAsync());
        Assert.DoesNotContain(upstream.Requests, request =>
            request.Headers.Keys.Any(name => name.Contains("ProGet", StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public async Task An_upstreams_token_is_fetched_once_and_used()
    {
        asksForToken = true;
        await GetAsync("app/manifests/1.0");
        await GetAsync($"app/blobs/{Digest("blob")}");
        var (target, headers) = Assert.Single(tokens.Requests);
        Assert.Equal("/token?service=registry&scope=repository%3Aapp%3Apull", target);
        Assert.DoesNotContain("Authorization", headers.Keys);
        Assert.Equal(
            ["", "Bearer for-repository:app:pull", "Bearer for-repository:app:pull"],
            upstream.Requests.Select(request => request.Headers.Authorization.ToString()));
    }

    [Fact]
    public async Task An_image_pulled_before_is_pulled_again_while_the_registry_is_away()
    {
        asksForToken = true;
        await PullAsync();
        await upstream.DisposeAsync();
        await tokens.DisposeAsync();

        await PullAsync();

        async Task PullAsync()
        {
            using (var head = new HttpRequestMessage(HttpMethod.Head, "/v2/images/app/manifests/1.0"))
            using (var resolved = await app.Client.SendAsync(head))
                Assert.Equal(Digest(Index), resolved.Headers.GetValues("Docker-Content-Digest").Single());
            await GetAsync("app/manifests/1.0");
            await GetAsync($"app/manifests/{Digest(Child)}");
            await GetAsync($"app/blobs/{Digest("blob")}");
        }
    }

    [Fact]
    public async Task Clients_are_told_where_tokens_are_and_exchange_their_credentials()
    {
        using (var ping = await app.Client.GetAsync("/v2/"))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, ping.StatusCode);
            Assert.Equal(
                $"Bearer realm=\"{app.Url}v2/_auth\",service=\"{app.Url.Authority}\"",
                ping.Headers.WwwAuthenticate.ToString());
        }

        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + TestApp.ApiKey));
        foreach (var credentials in new[] { null, basic })
        {
            var token = await TokenAsync(credentials);
            Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v2/", "Bearer " + token));
        }

        Assert.Equal(
            HttpStatusCode.Unauthorized, await StatusAsync("/v2/_auth", "Basic " + Convert.ToBase64String("api:no"u8)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/v2/", "Bearer dt_forged"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/v2/images/app/manifests/1.0",
            "Bearer dt_forged"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v2/", basic));
    }

    [Fact]
    public async Task A_token_allows_what_its_credentials_do()
    {
        var nobody = await TokenAsync(null);
        var somebody = await TokenAsync(
            "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + TestApp.ApiKey)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(
            "/v2/images/mine/blobs/uploads/", "Bearer " + nobody, HttpMethod.Post));
        Assert.Equal(HttpStatusCode.Accepted, await StatusAsync(
            "/v2/images/mine/blobs/uploads/", "Bearer " + somebody, HttpMethod.Post));
    }

    Task AnswerAsync(HttpContext context)
    {
        if (asksForToken && context.Request.Headers.Authorization.Count == 0)
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate =
                $"Bearer realm=\"{tokens.Url}token\",service=\"registry\",scope=\"repository:app:pull\"";
            return Task.CompletedTask;
        }

        var reference = context.Request.Path.Value!.Split('/')[^1];
        var content = reference == "1.0" || reference == Digest(Index) ? Index
            : reference == Digest(Child) ? Child
            : reference == Digest("blob") ? "blob" : null;
        if (content is null)
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        }

        context.Response.Headers["Docker-Content-Digest"] = Digest(content);
        context.Response.ContentLength = content.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(content);
    }

    async Task GetAsync(string path)
    {
        using var answer = await app.Client.AskAsync("/v2/images/" + path, Tags);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(path.Split('/')[^1] is var reference && reference.StartsWith("sha256:", StringComparison.Ordinal)
            ? reference : Digest(Index), Digest(await answer.Content.ReadAsStringAsync()));
    }

    async Task<string> TokenAsync(string? credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get,
            "/v2/_auth?service=x&scope=repository:images/app:pull");
        if (credentials is not null)
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(credentials);
        using var answer = await app.Client.SendAsync(request);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("token").GetString()!;
    }

    async Task<HttpStatusCode> StatusAsync(string path, string authorization, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        using var answer = await app.Client.SendAsync(request);
        return answer.StatusCode;
    }

    async Task<List<string>> RecordsAsync()
    {
        await Recorded.DrainedAsync(app.Database);
        return [.. (await Recorded.AllAsync(app.Database)).Select(row => $"{row.Name}@{row.Version}?{row.Qualifier}")];
    }

    static string Digest(string content) =>
        "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Given.Bytes(content)));
}
