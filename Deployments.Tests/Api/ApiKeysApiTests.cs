using System.Net;
using System.Text.Json.Nodes;
using Deployments.Data.Audit;
using Deployments.Tests.Support;

namespace Deployments.Tests.Api;

public sealed class ApiKeysApiTests(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task A_key_is_shown_once_listed_without_itself_and_deleted()
    {
        await using var app = await TestApp.StartAsync();
        var api = app.Admin;
        await api.JsonAsync("POST", "/api/management/feeds/create", new { name = "main", feedType = "nuget" });

        var made = await api.JsonAsync("POST", "/api/api-keys/create", new
        {
            type = "feed",
            displayName = "ci",
            description = "build server",
            packagePermissions = new[] { "view", "add" },
            feed = "MAIN",
            expiration = "2099-01-01T00:00:00Z",
            logging = "None",
        });

        var key = (string)made["key"]!;
        Assert.True(key.Length >= 40);
        Assert.Equal("Feed", (string?)made["type"]);
        var listed = (await api.JsonAsync("GET", "/api/api-keys/list")).AsArray();
        Assert.DoesNotContain(key, listed.ToJsonString(), StringComparison.Ordinal);
        var ci = listed.Single(item => (string?)item!["displayName"] == "ci")!;
        Assert.Equal((int)made["id"]!, (int)ci["id"]!);
        Assert.Equal("main", (string?)ci["feed"]);
        Assert.Equal("view", (string?)ci["packagePermissions"]![0]);
        Assert.Equal("None", (string?)ci["logging"]);
        Assert.StartsWith("2099-01-01T00:00:00", (string?)ci["expiration"], StringComparison.Ordinal);
        var bootstrap = listed.Single(item => (string?)item!["displayName"] == "bootstrap")!;
        Assert.Equal("full-control", (string?)bootstrap["systemApis"]![0]);

        Assert.Equal(HttpStatusCode.OK, (await api.AskAsync("POST", $"/api/api-keys/delete?id={made["id"]}")).Status);
        Assert.Equal(HttpStatusCode.NotFound,
            (await api.AskAsync("DELETE", $"/api/api-keys/delete?id={made["id"]}")).Status);
        Assert.Single((await api.JsonAsync("GET", "/api/api-keys/list")).AsArray());

        var log = await app.Service<AuditQueries>()
            .PageAsync(new AuditFilter("API key \"bootstrap\"", null), null, 10, default);
        Assert.Equal(["apiKey.revoke", "apiKey.create", "feed.create"], log.Select(change => change.Action));
        Assert.All(log, change => Assert.Equal("127.0.0.1", change.Address));
        Assert.DoesNotContain(key, string.Concat(log.Select(change => change.Before + change.After)),
            StringComparison.Ordinal);
        Assert.Equal("ci", (string?)JsonNode.Parse(log[1].After!)!["displayName"]);
    }

    [Fact]
    public async Task A_given_key_is_kept_and_cannot_be_given_twice()
    {
        await using var app = await TestApp.StartAsync();
        var body = new { type = "System", key = "chosen-by-hand", systemApis = new[] { "full-control" } };

        Assert.Equal("chosen-by-hand",
            (string?)(await app.Admin.JsonAsync("POST", "/api/api-keys/create", body))["key"]);

        Assert.Equal(HttpStatusCode.OK,
            (await app.Client.AskAsync("GET", "/api/api-keys/list", null, ("X-ApiKey", "chosen-by-hand"))).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await app.Admin.AskAsync("POST", "/api/api-keys/create", body)).Status);
    }

    [Theory]
    [InlineData("""{}""", "type: ")]
    [InlineData("""{"type":"Other"}""", "type: ")]
    [InlineData("""{"type":"System"}""", "systemApis: ")]
    [InlineData("""{"type":"System","systemApis":["everything"]}""", "systemApis: ")]
    [InlineData("""{"type":"System","systemApis":["feeds"],"feed":"main"}""", "feed: ")]
    [InlineData("""{"type":"Feed"}""", "packagePermissions: ")]
    [InlineData("""{"type":"Feed","packagePermissions":["manage"]}""", "packagePermissions: ")]
    [InlineData("""{"type":"Feed","packagePermissions":["view"],"feed":"nowhere"}""", "feed: ")]
    [InlineData("""{"type":"Feed","packagePermissions":["view"],"feedGroup":"g"}""", "feedGroup: ")]
    [InlineData("""{"type":"Feed","packagePermissions":["view"],"key":"short"}""", "key: ")]
    [InlineData("""{"type":"Feed","packagePermissions":["view"],"key":"with:a:colon"}""", "key: ")]
    [InlineData("""{"type":"Feed","packagePermissions":["view"],"expiration":"2001-01-01"}""", "expiration: ")]
    [InlineData("""{"type":"Feed","packagePermissions":["view"],"expiration":"soon"}""", "expiration: ")]
    [InlineData("""{"type":"Personal"}""", "user: ")]
    [InlineData("""{"type":"Personal","user":"nobody"}""", "user: ")]
    public async Task An_invalid_key_is_refused_with_the_property_named(string body, string expected)
    {
        var app = shared.App;
        using var content = new StringContent(body);

        using var answer = await app.Admin.PostAsync("/api/api-keys/create", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith(expected, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single((await app.Admin.JsonAsync("GET", "/api/api-keys/list")).AsArray());
    }
}
