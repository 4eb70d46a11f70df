using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class DockerFeedTests : FeedTypeContract, IDisposable
{
    static readonly string Hash = new('a', 64);

    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new DockerFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("team/api/manifests/1.4", "", "team/api", "1.4"),
        new("redis/manifests/latest", "", "redis", "latest"),
        new($"team/manifests/api/manifests/sha256:{Hash}", "", "team/manifests/api", $"sha256:{Hash}"),
        new($"a/b/c/manifests/sha256%3A{Hash}", "", "a/b/c", $"sha256:{Hash}"),
        new("my-app_1.x/manifests/V1.0-RC_2", "", "my-app_1.x", "V1.0-RC_2"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "team/api", "team/api/manifests", "manifests/1.4", $"team/api/blobs/sha256:{Hash}", "team/api/tags/list",
        $"team/api/referrers/sha256:{Hash}", "Team/api/manifests/1.4", "team/api/manifests/-1.4",
        "team/api/manifests/a:b",
        "team%2fapi/manifests/1.4", "team/%2e%2e%2fapi/manifests/1.4", "team/api/manifests/sha256:abc",
        $"team/api/manifests/sha256:{Hash.ToUpperInvariant()}", "tеam/api/manifests/1.4", "team--/manifests/1",
        "team/api/manifests/1.4/x", "team/api/blobs/uploads/",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("team", "api", "1.4"), new("", "Team/API", "1.4")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "api", "V1"), new("", "api", "v1")),
        (new("", "library/redis", "7"), new("", "redis", "7")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "smartentry/debian", "dc437cc87d10"), "pkg:docker/smartentry/debian@dc437cc87d10"),
        (new("", "cassandra", "sha256:244fd47e07d1004f0aed9c"), "pkg:docker/cassandra@sha256:244fd47e07d1004f0aed9c"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public void The_answer_tells_what_a_tag_stood_for()
    {
        var tagged = Type.WithAnswer(
            new("", "api", "1.4"), name => name == "Docker-Content-Digest" ? $"sha256:{Hash}" : null);
        Assert.Equal($"digest=sha256%3A{Hash}", tagged.Qualifier);
        Assert.Equal("", Type.WithAnswer(new("", "api", "1.4"), _ => "sha256:../x").Qualifier);
        Assert.Equal("", Type.WithAnswer(new("", "api", $"sha256:{Hash}"), _ => $"sha256:{Hash}").Qualifier);
    }

    [Theory]
    [InlineData("https://r.test", "team/api/manifests/1", "https://r.test/v2/team/api/manifests/1")]
    [InlineData("https://r.test/", "redis/tags/list?n=5", "https://r.test/v2/redis/tags/list?n=5")]
    [InlineData("https://r.test/library", "redis/manifests/7", "https://r.test/v2/library/redis/manifests/7")]
    [InlineData("https://r.test/library/", "team/api/manifests/1", "https://r.test/v2/team/api/manifests/1")]
    [InlineData("https://r.test/v2/feed/", "team/api/manifests/1", "https://r.test/v2/feed/team/api/manifests/1")]
    [InlineData("https://r.test", "team/api/blobs/uploads/", null)]
    [InlineData("https://r.test", "Team/manifests/1", null)]
    public void Requests_go_to_the_registry(string connector, string path, string? url) =>
        Assert.Equal(url, Type.UpstreamUrl(Given.Request(path), new Uri(connector), null)?.AbsoluteUri);

    [Theory]
    [InlineData("</v2/library/redis/tags/list?last=7&n=2>; rel=\"next\"",
        "</x/main/redis/tags/list?last=7&n=2>; rel=\"next\"")]
    [InlineData("<https://r.test/v2/redis/tags/list>; rel=\"next\"", null)]
    [InlineData("nonsense", null)]
    public void The_next_page_of_tags_is_this_feeds(string link, string? led) => Assert.Equal(led, Type.RewriteHeader(
        "Link", link, new RewriteContext(Given.Request("redis/tags/list"), new Uri("https://r.test"), _ => "")));

    [Fact]
    public void An_indexs_manifests_are_its_parts()
    {
        var request = Given.Request("api/manifests/1");
        var (one, two) = ($"sha256:{1:x64}", $"sha256:{2:x64}");
        Assert.Equal(
            [one, two],
            Type.ChildVersions(request,
                Given.Bytes($$"""{"manifests":[{"digest":"{{one}}"},{},{"digest":"{{two}}"}]}""")));
        foreach (var other in new[] { "", "{", "[]", "null", """{"manifests":7}""", """{"layers":[]}""" })
            Assert.Empty(Type.ChildVersions(request, Given.Bytes(other)));
    }

    [Fact]
    public async Task An_image_is_pushed_in_parts_and_pulled_by_tag_and_digest()
    {
        var config = await PushBlobAsync("{}");
        var layer = await PushBlobAsync("layer", "lay", "er");
        var manifest = Manifest(config, layer);
        var stored = await StatusAsync("team/api/manifests/1.4", "PUT", manifest);
        Assert.Equal(201, stored.Code);
        Assert.Contains(("Docker-Content-Digest", Digest(manifest)), stored.Headers);

        foreach (var reference in new[] { "1.4", Digest(manifest) })
        {
            var file = await FileAsync($"team/api/manifests/{reference}");
            Assert.Equal(manifest, await File.ReadAllTextAsync(file.Path));
            Assert.Equal("application/vnd.oci.image.manifest.v1+json", file.ContentType);
            Assert.Contains(("Docker-Content-Digest", Digest(manifest)), file.Headers);
        }

        Assert.Equal("layer", await File.ReadAllTextAsync((await FileAsync($"team/api/blobs/{layer}")).Path));
        Assert.Equal("""{"name":"main/team/api","tags":["1.4"]}""", await DocumentAsync("team/api/tags/list"));
        Assert.Equal("MANIFEST_UNKNOWN", await ErrorAsync("team/api/manifests/2.0"));
        Assert.Null(await AskAsync("team/other/manifests/1.4"));
    }

    [Fact]
    public async Task A_tag_moves_and_goes_with_its_manifest()
    {
        var config = await PushBlobAsync("{}");
        var (first, second) = (Manifest(config, config), Manifest(config, await PushBlobAsync("two")));
        await StatusAsync("api/manifests/latest", "PUT", first);
        await StatusAsync("api/manifests/latest", "PUT", second);
        Assert.Equal(second, await File.ReadAllTextAsync((await FileAsync("api/manifests/latest")).Path));
        Assert.Equal(first, await File.ReadAllTextAsync((await FileAsync($"api/manifests/{Digest(first)}")).Path));

        Assert.Equal(202, (await StatusAsync($"api/manifests/{Digest(second)}", "DELETE")).Code);
        Assert.Equal("MANIFEST_UNKNOWN", await ErrorAsync("api/manifests/latest"));
        Assert.Equal("MANIFEST_UNKNOWN", await ErrorAsync("api/manifests/latest", "DELETE"));
    }

    [Fact]
    public async Task A_blob_in_one_piece_and_one_that_is_here_are_taken_at_once()
    {
        var whole = await StatusAsync($"api/blobs/uploads/?digest={Digest("whole")}", "POST", "whole");
        Assert.Equal(201, whole.Code);
        var mounted = await StatusAsync($"other/blobs/uploads/?mount={Digest("whole")}&from=api", "POST");
        Assert.Equal((201, $"/x/main/other/blobs/{Digest("whole")}"), (mounted.Code, Header(mounted, "Location")));
    }

    [Fact]
    public async Task What_arrives_is_checked()
    {
        var upload = await BeginAsync();
        Assert.Equal(400, (await StatusAsync($"{upload}?digest={Digest("other")}", "PUT", "blob")).Code);
        Assert.Equal(400, (await StatusAsync(upload, "PUT", "blob")).Code);
        Assert.Equal(404, (await StatusAsync($"api/blobs/uploads/{new string('0', 32)}", "PATCH", "x")).Code);
        Assert.Equal(400, (await StatusAsync("api/manifests/1", "PUT", "[]")).Code);
        Assert.Equal(400, (await StatusAsync("api/manifests/1", "PUT", Manifest($"sha256:{Hash}",
            $"sha256:{Hash}"))).Code);
        Assert.Equal(400, (await StatusAsync($"api/manifests/sha256:{Hash}", "PUT", "{}")).Code);
        Assert.Equal(413, (await StatusAsync("api/manifests/1", "PUT", new string(' ', 5 << 20))).Code);
        Assert.Equal(400, (await StatusAsync("API/manifests/1", "PUT", "{}")).Code);
        Assert.Equal(204, (await StatusAsync(upload, "DELETE")).Code);
        Assert.Equal(404, (await StatusAsync(upload)).Code);
    }

    [Fact]
    public async Task A_part_that_comes_twice_is_refused_and_the_progress_is_told()
    {
        var upload = await BeginAsync();
        Assert.Equal("0-3", Header(await StatusAsync(upload, "PATCH", "blob", "0-3"), "Range"));
        Assert.Equal(416, (await StatusAsync(upload, "PATCH", "blob", "0-3")).Code);
        Assert.Equal("0-3", Header(await StatusAsync(upload), "Range"));
    }

    [Fact]
    public async Task What_is_about_an_image_is_listed_beside_it()
    {
        var config = await PushBlobAsync("{}");
        var image = Manifest(config, config);
        await StatusAsync("api/manifests/1", "PUT", image);
        var signature = image.Replace("}]}",
            $"}}],\"artifactType\":\"application/x\",\"subject\":{{\"digest\":\"{Digest(image)}\"}}}}",
            StringComparison.Ordinal);
        var stored = await StatusAsync($"api/manifests/{Digest(signature)}", "PUT", signature);
        Assert.Equal(Digest(image), Header(stored, "OCI-Subject"));
        using var list = JsonDocument.Parse(await DocumentAsync($"api/referrers/{Digest(image)}"));
        Assert.Equal(
            Digest(signature), Assert.Single(list.RootElement.GetProperty("manifests").EnumerateArray())
                .GetProperty("digest").GetString());
    }

    async Task<string> BeginAsync()
    {
        var begun = await StatusAsync("api/blobs/uploads/", "POST");
        Assert.Equal(202, begun.Code);
        return Header(begun, "Location")["/x/main/".Length..];
    }

    async Task<string> PushBlobAsync(string content, params string[] parts)
    {
        var upload = await BeginAsync();
        foreach (var part in parts)
            Assert.Equal(202, (await StatusAsync(upload, "PATCH", part)).Code);
        var rest = parts.Length == 0 ? content : "";
        Assert.Equal(201, (await StatusAsync($"{upload}?digest={Digest(content)}", "PUT", rest)).Code);
        return Digest(content);
    }

    static string Manifest(string config, string layer) =>
        $$"""{"schemaVersion":2,"config":{"digest":"{{config}}"},"layers":[{"digest":"{{layer}}"}]}""";

    static string Digest(string content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Given.Bytes(content)));

    static string Header(LocalAnswer answer, string name) => answer.Headers.Single(header => header.Name == name).Value;

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", string? body = null, string? range = null) =>
        Type.AnswerAsync(
            Given.Request(path, method, body is null ? null : Given.Bytes(body),
                header: name => name == "Content-Range" ? range : null),
            place.Tree, CancellationToken.None);

    async Task<LocalAnswer.Status> StatusAsync(
        string path, string method = "GET", string? body = null, string? range = null) =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method, body, range));

    async Task<string?> ErrorAsync(string path, string method = "GET")
    {
        var answer = Assert.IsType<LocalAnswer.Document>(await AskAsync(path, method));
        Assert.Equal(404, answer.Code);
        using var json = JsonDocument.Parse(answer.Content);
        return json.RootElement.GetProperty("errors")[0].GetProperty("code").GetString();
    }

    async Task<LocalAnswer.File> FileAsync(string path) => Assert.IsType<LocalAnswer.File>(await AskAsync(path));

    async Task<string> DocumentAsync(string path) =>
        Encoding.UTF8.GetString(Assert.IsType<LocalAnswer.Document>(await AskAsync(path)).Content);
}
