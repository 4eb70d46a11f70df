using System.Net;
using System.Security.Cryptography;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>skopeo, which pushes and pulls as podman and buildah do; it cannot send headers.</summary>
public sealed class SkopeoClientTests : IAsyncLifetime, IDisposable
{
    const string Image = "team/api:1.4";

    readonly ClientHome home = new();
    FeedPair feeds = null!;

    public async Task InitializeAsync()
    {
        feeds = await FeedPair.StartAsync("docker", "v2");
        var config = Given.Bytes(
            """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}""");
        var layer = PackageHeads.TarGz(("a.txt", Given.Bytes("A")));
        await home.WriteAsync($"image/{Hash(config)}", config);
        await home.WriteAsync($"image/{Hash(layer)}", layer);
        await home.WriteAsync("image/version", "Directory Transport Version: 1.1\n");
        await home.WriteAsync("image/manifest.json",
            $$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json",
              "digest":"sha256:{{Hash(config)}}","size":{{config.Length}}},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",
              "digest":"sha256:{{Hash(layer)}}","size":{{layer.Length}}}]}
            """);
    }

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("skopeo")]
    public async Task Pushes_an_image_and_pulls_it_through_a_connector()
    {
        await PushAsync("api:" + TestApp.ApiKey);
        await SkopeoAsync("copy", "--src-tls-verify=false", Reference("main"), "dir:" + home.At("pulled"));

        foreach (var file in Directory.GetFiles(home.At("image")).Select(Path.GetFileName))
        {
            Assert.Equal(
                await File.ReadAllBytesAsync(home.At("image", file!)),
                await File.ReadAllBytesAsync(home.At("pulled", file!)));
        }

        Assert.Contains("\"1.4\"", await SkopeoAsync("list-tags", "--tls-verify=false",
            Reference("main")[..^":1.4".Length]), StringComparison.Ordinal);
        Assert.Empty(await feeds.RecordsAsync());
        await feeds.GetTaggedAsync(feeds.Url + "team/api/manifests/1.4");
        var digest = Hash(await File.ReadAllBytesAsync(home.At("image", "manifest.json")));
        Assert.Equal($"/team/api@1.4?digest=sha256%3A{digest}", Assert.Single(await feeds.RecordsAsync()));
    }

    /// <summary>The artefact is what <c>helm push</c> makes of a chart; skopeo pushes any.</summary>
    [ClientFact("skopeo")]
    public async Task Pushes_a_chart_of_Helm_and_pulls_it_through_a_connector()
    {
        var config = Given.Bytes("""{"name":"acme","version":"1.0.0+7","apiVersion":"v2"}""");
        var chart = PackageHeads.TarGz(("acme/Chart.yaml", Given.Bytes("name: acme\nversion: 1.0.0+7\n")));
        foreach (var blob in new[] { config, chart })
            await home.WriteAsync($"chart/{Hash(blob)}", blob);
        await home.WriteAsync("chart/version", "Directory Transport Version: 1.1\n");
        await home.WriteAsync("chart/manifest.json",
            $$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
             "config":{"mediaType":"application/vnd.cncf.helm.config.v1+json",
              "digest":"sha256:{{Hash(config)}}","size":{{config.Length}}},
             "layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip",
              "digest":"sha256:{{Hash(chart)}}","size":{{chart.Length}}}],
             "annotations":{"org.opencontainers.image.title":"acme"} }
            """);
        string Chart(string feed) => $"docker://{feeds.App.Url.Authority}/{feed}/charts/acme:1.0.0_7"; // no + in a tag
        await SkopeoAsync("copy", "--dest-tls-verify=false", "--dest-creds", "api:" + TestApp.ApiKey,
            "dir:" + home.At("chart"), Chart("store"));

        await SkopeoAsync("copy", "--src-tls-verify=false", Chart("main"), "dir:" + home.At("pulled"));

        Assert.Equal(chart, await File.ReadAllBytesAsync(home.At("pulled", Hash(chart))));
        await feeds.GetTaggedAsync(feeds.Url + "charts/acme/manifests/1.0.0_7");
        Assert.StartsWith("/charts/acme@1.0.0_7?digest=", Assert.Single(await feeds.RecordsAsync()),
            StringComparison.Ordinal);
    }

    [ClientFact("skopeo")]
    public async Task Signs_in_and_is_refused_with_the_wrong_key()
    {
        var refused = await home.RunAsync("work", "skopeo", "login", "--tls-verify=false",
            "--authfile", home.At("auth.json"), "-u", "api", "-p", "wrong-key-1234567890", feeds.App.Url.Authority);
        Assert.NotEqual(0, refused.ExitCode);
        await home.SucceedAsync("work", "skopeo", "login", "--tls-verify=false",
            "--authfile", home.At("auth.json"), "-u", "api", "-p", TestApp.ApiKey, feeds.App.Url.Authority);
    }

    [ClientFact("skopeo")]
    public async Task Pushes_nothing_without_credentials()
    {
        var run = await home.RunAsync("work", "skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false",
            "dir:" + home.At("image"), Reference("store"));
        Assert.NotEqual(0, run.ExitCode);
        using var answer = await feeds.App.Client.GetAsync(new Uri(feeds.StoreUrl + "team/api/manifests/1.4"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    Task<string> PushAsync(string credentials) => SkopeoAsync(
        "copy", "--dest-tls-verify=false", "--dest-creds", credentials, "dir:" + home.At("image"), Reference("store"));

    Task<string> SkopeoAsync(params string[] arguments) =>
        home.SucceedAsync("work", "skopeo", ["--insecure-policy", .. arguments]);

    string Reference(string feed) => $"docker://{feeds.App.Url.Authority}/{feed}/{Image}";

    static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
