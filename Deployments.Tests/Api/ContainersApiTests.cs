using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;

namespace Deployments.Tests.Api;

/// <summary>ProGet's Containers API, with the requests that its command line makes.</summary>
public sealed class ContainersApiTests : IAsyncLifetime
{
    const string Config = "{}";

    TestApp app = null!;
    string one = "";
    string other = "";

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("images", "docker");
        await app.CreateFeedAsync("apps", "universal");
        await BlobAsync(Config);
        one = await PushAsync("team/api", "1.0", "one");
        other = await PushAsync("team/api", "2.0", "other");
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task A_tag_is_made_once_moved_by_force_only_and_taken_away()
    {
        Assert.Equal((HttpStatusCode.Created, "Created"), await TagAsync("1.0", "final"));
        Assert.Equal((HttpStatusCode.OK, "Exists"), await TagAsync(one, "final"));
        Assert.Equal(HttpStatusCode.Conflict, (await TagAsync("2.0", "final")).Status);
        Assert.Equal(one, await DigestAsync("final"));
        Assert.Equal((HttpStatusCode.OK, "Updated"), await TagAsync("2.0", "final", "&force=true"));
        Assert.Equal(other, await DigestAsync("final"));
        Assert.Equal(HttpStatusCode.NotFound, (await TagAsync("3.0", "final")).Status);

        const string Delete = "/api/containers/tags/delete?feed=Images&repo=team/api&tag=final";
        Assert.Equal(HttpStatusCode.OK, (await app.Admin.AskAsync("POST", Delete)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.Admin.AskAsync("DELETE", Delete)).Status);
        Assert.Equal(other, await DigestAsync("2.0"));
    }

    [Fact]
    public async Task An_image_is_removed_with_its_tags()
    {
        await TagAsync("1.0", "final");
        var delete = $"/api/containers/images/delete?feed=images&repo=team/api&digest={one}";

        Assert.Equal(HttpStatusCode.OK, (await app.Admin.AskAsync("DELETE", delete)).Status);

        Assert.Equal(HttpStatusCode.NotFound, (await app.Admin.AskAsync("POST", delete)).Status);
        Assert.Null(await DigestAsync("1.0"));
        Assert.Null(await DigestAsync("final"));
        Assert.Equal(other, await DigestAsync("2.0"));
    }

    [Theory]
    [InlineData("tagOrDigest=team/api:1.0")]
    [InlineData("tagOrDigest=DIGEST")]
    [InlineData("repo=team/api&tag=1.0")]
    public async Task An_image_is_audited_by_tag_or_digest(string asked)
    {
        await TagAsync("1.0", "final");

        var audit = await AuditAsync(asked.Replace("DIGEST", one, StringComparison.Ordinal));

        Assert.Equal(("team/api", one, "1.0,final"), ((string?)audit["repository"], (string?)audit["digest"],
            string.Join(',', audit["tags"]!.AsArray())));
        var now = TimeProvider.System.GetUtcNow();
        Assert.InRange((DateTimeOffset)audit["created"]!, now.AddMinutes(-10), now.AddMinutes(1));
        Assert.Null(audit["packages"]); // nobody has said what it consists of
        Assert.Null(audit["vulnerabilities"]);
        Assert.Null(audit["manifestList"]);
    }

    [Fact]
    public async Task What_an_attached_SBOM_names_is_audited()
    {
        await app.ImportAdvisoryAsync(Osv.Advisory("GHSA-1111-2222-3333", "lodash", "0", "5.0.0", "npm"));
        await AttachAsync("application/vnd.cyclonedx+json", """
            {"bomFormat":"CycloneDX","specVersion":"1.5","components":[
              {"name":"x","purl":"pkg:npm/left-pad@1.0.0"},{"name":"y","purl":"pkg:npm/lodash@4.17.20"}]}
            """);
        await AttachAsync("application/spdx+json", "this is no SBOM");
        await AttachAsync("application/vnd.dev.cosign.signature", "{}");

        var audit = await AuditAsync("tagOrDigest=team/api:1.0");

        Assert.Equal(["pkg:npm/left-pad@1.0.0", "pkg:npm/lodash@4.17.20"],
            audit["packages"]!.AsArray().Select(purl => (string?)purl));
        var known = Assert.Single(audit["vulnerabilities"]!.AsArray())!;
        Assert.Equal(("GHSA-1111-2222-3333", 1), ((string?)known["id"], (int)known["affectedPackages"]![0]!));
    }

    [Fact]
    public async Task Of_an_index_the_images_of_the_platforms_are_told()
    {
        var index = await ManifestAsync("team/all", "1", $$"""
            {"schemaVersion":2,"manifests":[{"digest":"{{one}}","platform":{"architecture":"arm64","os":"linux"} },
             {"digest":"{{other}}"}]}
            """);
        var audit = await AuditAsync($"tagOrDigest={index}");
        Assert.Equal(
            $$"""[{"digest":"{{one}}","architecture":"arm64"},{"digest":"{{other}}"}]""",
            audit["manifestList"]!.ToJsonString());
    }

    [Theory]
    [InlineData("POST", "tags/create?feed=images&repo=team/api&target=1.0&name=a%2fb", 400)]
    [InlineData("POST", "tags/create?feed=images&repo=team/api&target=1.0", 400)]
    [InlineData("POST", "tags/create?feed=images&repo=..&target=1.0&name=x", 404)]
    [InlineData("POST", "tags/create?feed=images&repo=team/api&target=1.0&name=x&force=perhaps", 400)]
    [InlineData("POST", "tags/create?feed=apps&repo=team/api&target=1.0&name=x", 400)]
    [InlineData("POST", "tags/create?feed=nothing&repo=team/api&target=1.0&name=x", 404)]
    [InlineData("POST", "images/delete?feed=images&repo=team/api&digest=1.0", 400)]
    [InlineData("POST", "images/delete?feed=images&repo=team/api&digest=sha256:80769751", 400)]
    [InlineData("POST", "tags/delete?feed=images&repo=team/api&tag=%00", 400)]
    [InlineData("GET", "images/audit?feed=images", 400)]
    [InlineData("GET", "images/audit?feed=images&tagOrDigest=team/api", 400)]
    [InlineData("GET", "images/audit?feed=images&tagOrDigest=team/api:3.0", 404)]
    public async Task What_cannot_be_done_is_said(string method, string path, int status) =>
        Assert.Equal(status, (int)(await app.Admin.AskAsync(method, $"/api/containers/{path}")).Status);

    [Fact]
    public async Task Each_call_needs_the_permission_for_what_it_does()
    {
        async Task<HttpClient> WithAsync(params string[] permissions)
        {
            var key = await app.Admin.JsonAsync("POST", "/api/api-keys/create", new
            {
                type = "Feed",
                feed = "images",
                packagePermissions = permissions,
            });
            var client = app.NewClient();
            client.DefaultRequestHeaders.Add("X-ApiKey", (string?)key["key"]);
            return client;
        }

        using var publisher = await WithAsync("view", "add");
        using var viewer = await WithAsync("view");
        const string Create = "/api/containers/tags/create?feed=images&repo=team/api&target=1.0&name=";
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.AskAsync("POST", Create + "a")).Status);
        Assert.Equal(HttpStatusCode.Created, (await publisher.AskAsync("POST", Create + "a")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await publisher.AskAsync("POST", Create + "2.0&force=true")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await publisher.AskAsync(
            "POST", "/api/containers/tags/delete?feed=images&repo=team/api&tag=a")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await publisher.AskAsync(
            "POST", $"/api/containers/images/delete?feed=images&repo=team/api&digest={one}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await viewer.AskAsync(
            "GET", "/api/containers/images/audit?feed=images&tagOrDigest=team/api:1.0")).Status);
        // Whether there is such a feed is not told to who may not see all of them.
        Assert.Equal(HttpStatusCode.Forbidden, (await publisher.AskAsync(
            "POST", "/api/containers/tags/create?feed=nothing&repo=a&target=b&name=c")).Status);
    }

    Task<(HttpStatusCode Status, string Text)> TagAsync(string target, string name, string further = "") =>
        app.Admin.AskAsync(
            "POST", $"/api/containers/tags/create?feed=images&repo=team/api&target={target}&name={name}{further}");

    Task<JsonNode> AuditAsync(string asked) =>
        app.Admin.JsonAsync("GET", $"/api/containers/images/audit?feed=images&{asked}");

    async Task<string?> DigestAsync(string tag)
    {
        using var answer = await app.Admin.GetAsync($"/v2/images/team/api/manifests/{tag}");
        return answer.IsSuccessStatusCode ? answer.Headers.GetValues("Docker-Content-Digest").Single() : null;
    }

    Task<string> PushAsync(string repository, string tag, string title) => ManifestAsync(repository, tag,
        $$"""
        {"schemaVersion":2,"config":{"digest":"{{DigestOf(Config)}}"},"layers":[],"annotations":{"title":"{{title}}"} }
        """);

    async Task AttachAsync(string artifactType, string content)
    {
        await BlobAsync(content);
        var manifest = $$"""
            {"schemaVersion":2,"artifactType":"{{artifactType}}","config":{"digest":"{{DigestOf(Config)}}"},
             "layers":[{"digest":"{{DigestOf(content)}}"}],"subject":{"digest":"{{one}}"} }
            """;
        await ManifestAsync("team/api", DigestOf(manifest), manifest);
    }

    async Task<string> ManifestAsync(string repository, string reference, string manifest)
    {
        using var body = new StringContent(manifest);
        using var answer = await app.Admin.PutAsync($"/v2/images/{repository}/manifests/{reference}", body);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return answer.Headers.GetValues("Docker-Content-Digest").Single();
    }

    async Task BlobAsync(string content)
    {
        using var body = new StringContent(content);
        using var answer = await app.Admin.PostAsync(
            $"/v2/images/team/api/blobs/uploads/?digest={DigestOf(content)}", body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    static string DigestOf(string content) =>
        "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
}
