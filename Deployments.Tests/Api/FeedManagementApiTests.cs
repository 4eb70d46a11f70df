using System.Net;
using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Tests.Accounts;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;

namespace Deployments.Tests.Api;

public sealed class FeedManagementApiTests(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task A_feed_is_made_read_changed_in_part_and_deleted()
    {
        await using var app = await TestApp.StartAsync();
        var api = app.Admin;
        await api.JsonAsync("POST", "/api/management/connectors/create",
            new { name = "upstream", feedType = "NuGet", url = "https://packages.example/v3/index.json" });

        var made = await api.JsonAsync("PUT", "/api/management/feeds/create", new
        {
            name = "Main",
            feedType = "NUGET",
            connectors = new[] { "upstream" },
            anonymousAccess = false,
            retentionRules = new[] { new { keepVersionsCount = 5 } },
            vulnerabilitiesEnabled = true,
            apiPassword = "must not be kept",
        });

        Assert.Equal("Main", (string?)made["name"]);
        Assert.Equal("nuget", (string?)made["feedType"]);
        Assert.True((bool)made["active"]!);
        Assert.False((bool)made["anonymousAccess"]!);
        Assert.True((bool)made["deploymentRecordsEnabled"]!);
        Assert.Equal("upstream", (string?)made["connectors"]![0]);
        Assert.Equal(5, (int)made["retentionRules"]![0]!["keepVersionsCount"]!);
        Assert.EndsWith("/nuget/Main/", (string?)made["endpointUrl"], StringComparison.Ordinal);
        Assert.Null(made["apiPassword"]);
        Assert.Null(made["description"]);

        var changed = await api.JsonAsync("POST", "/api/management/feeds/update/main",
            new { Description = "new", alternateNames = new[] { "old-main" }, vulnerabilitiesEnabled = (bool?)null });
        Assert.Equal("new", (string?)changed["description"]);
        Assert.False((bool)changed["anonymousAccess"]!);
        Assert.Equal("upstream", (string?)changed["connectors"]![0]);
        Assert.Equal(5, (int)changed["retentionRules"]![0]!["keepVersionsCount"]!);
        Assert.Null(changed["vulnerabilitiesEnabled"]);

        var renamed = await api.JsonAsync("POST", "/api/management/feeds/update/OLD-MAIN", new { name = "Renamed" });
        Assert.Equal("Renamed", (string?)renamed["name"]);
        Assert.Single((await api.JsonAsync("GET", "/api/management/feeds/list")).AsArray());
        Assert.Equal("Renamed", (string?)(await api.JsonAsync("GET", "/api/management/feeds/get/renamed"))["name"]);

        Assert.Equal(HttpStatusCode.OK, (await api.AskAsync("DELETE", "/api/management/feeds/delete/Renamed")).Status);
        Assert.Equal(HttpStatusCode.NotFound,
            (await api.AskAsync("POST", "/api/management/feeds/delete/Renamed")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.AskAsync("GET", "/api/management/feeds/get/Renamed")).Status);
        Assert.Empty((await api.JsonAsync("GET", "/api/management/feeds/list")).AsArray());
    }

    /// <summary>They mean nothing here, and tools that set them read them back.</summary>
    [Fact]
    public async Task The_switches_of_ProGet_2026_are_kept()
    {
        await using var app = await TestApp.StartAsync();
        string[] switches =
            ["usageRecordsEnabled", "packageStatisticsEnabled", "restrictPackageStatistics", "useWithProjects"];
        await app.Admin.JsonAsync("POST", "/api/management/feeds/create", new Dictionary<string, object>(
            switches.Select(name => KeyValuePair.Create<string, object>(name, true)))
        {
            ["name"] = "main",
            ["feedType"] = "nuget",
        });
        await app.Admin.JsonAsync("POST", "/api/management/feeds/update/main", new { useWithProjects = false });

        var feed = await app.Admin.JsonAsync("GET", "/api/management/feeds/get/main");

        Assert.Equal([true, true, true, false], switches.Select(name => (bool)feed[name]!));
        Assert.True((bool)feed["deploymentRecordsEnabled"]!); // is a switch of its own
    }

    [Theory]
    [InlineData("""{"feedType":"nuget"}""", "name: ")]
    [InlineData("""{"name":"x"}""", "feedType: ")]
    [InlineData("""{"name":"x","feedType":"cobol"}""", "feedType: is not a known feed type")]
    [InlineData("""{"name":"x/y","feedType":"nuget"}""", "name: must be")]
    [InlineData("""{"name":"..","feedType":"nuget"}""", "name: must be")]
    [InlineData("""{"name":"x\n","feedType":"nuget"}""", "name: must be")]
    [InlineData("""{"name":5,"feedType":"nuget"}""", "name: must be a string")]
    [InlineData("""{"name":"x","feedType":"nuget","active":"yes"}""", "active: must be true or false")]
    [InlineData("""{"name":"x","feedType":"nuget","alternateNames":["a b"]}""", "alternateNames: ")]
    [InlineData("""{"name":"x","feedType":"nuget","alternateNames":"a"}""", "alternateNames: must be an array")]
    [InlineData("""{"name":"x","feedType":"nuget","connectors":["nobody"]}""", "connectors: ")]
    [InlineData("""{"name":"x","feedType":"nuget","note":"a\u0000b"}""", "note: ")]
    [InlineData("""["name"]""", "The body must be a JSON object.")]
    [InlineData("name=x", "The body must be a JSON object.")]
    [InlineData("", "The body must be a JSON object.")]
    public async Task An_invalid_feed_is_refused_with_the_property_named(string body, string expected)
    {
        var app = shared.App;
        using var content = new StringContent(body);

        using var answer = await app.Admin.PostAsync("/api/management/feeds/create", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith(expected, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await app.Service<FeedQueries>().AllAsync(VisibleFeeds.All, default));
    }

    [Fact]
    public async Task A_name_in_use_is_refused_and_a_large_body_too()
    {
        await using var app = await TestApp.StartAsync();
        await app.Admin.JsonAsync("POST", "/api/management/feeds/create", new { name = "main", feedType = "nuget" });

        Assert.Equal(HttpStatusCode.Conflict, (await app.Admin.AskAsync(
            "POST", "/api/management/feeds/create", new { name = "MAIN", feedType = "nuget" })).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await app.Admin.AskAsync(
            "POST", "/api/management/feeds/create",
            new { name = "x", feedType = "nuget", note = new string('x', 300_000) })).Status);
        Assert.Equal(HttpStatusCode.NotFound,
            (await app.Admin.AskAsync("POST", "/api/management/feeds/update/other", new { active = false })).Status);
    }

    [Fact]
    public async Task A_connectors_password_goes_in_and_never_comes_out()
    {
        await using var app = await TestApp.StartAsync();
        var api = app.Admin;

        var made = await api.JsonAsync("POST", "/api/management/connectors/create", new
        {
            name = "up stream",
            feedType = "nuget",
            url = "https://packages.example/v3/index.json",
            timeout = 7,
            username = "me",
            password = "s3cret-value",
            metadataCacheEnabled = true,
        });

        var all = made.ToJsonString() + (await api.JsonAsync("GET", "/api/management/connectors/list")).ToJsonString()
            + (await api.JsonAsync("GET", "/api/management/connectors/get/up%20stream")).ToJsonString();
        Assert.DoesNotContain("s3cret", all, StringComparison.Ordinal);
        Assert.DoesNotContain("password", all, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(7, (int)made["timeout"]!);
        Assert.Equal("me", (string?)made["username"]);
        Assert.True((bool)made["metadataCacheEnabled"]!);
        Assert.Equal("s3cret-value", await PasswordAsync(app, "up stream"));

        await api.JsonAsync("POST", "/api/management/connectors/update/up stream", new { timeout = 8 });
        Assert.Equal("s3cret-value", await PasswordAsync(app, "up stream"));
        var (status, text) = await api.AskAsync(
            "POST", "/api/management/connectors/update/up stream", new { url = "https://elsewhere.example/" });
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith("password: ", text, StringComparison.Ordinal);
        await api.JsonAsync("POST", "/api/management/connectors/update/up stream",
            new { url = "https://elsewhere.example/", password = "another-s3cret" });
        Assert.Equal("another-s3cret", await PasswordAsync(app, "up stream"));

        foreach (var change in await app.Service<AuditQueries>()
            .PageAsync(new AuditFilter(null, null), null, 100, default))
            Assert.DoesNotContain("s3cret", change.Before + change.After, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK,
            (await api.AskAsync("POST", "/api/management/connectors/delete/up stream")).Status);
        Assert.Equal(HttpStatusCode.NotFound,
            (await api.AskAsync("DELETE", "/api/management/connectors/delete/up stream")).Status);
    }

    [Theory]
    [InlineData("ftp://packages.example/")]
    [InlineData("/relative")]
    [InlineData("https://user:password@packages.example/")]
    [InlineData("https://packages.example/#fragment")]
    [InlineData("http://169.254.169.254/latest/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xA9.254.169.254/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://metadata.google.internal./")]
    [InlineData("http://100.100.100.200/")]
    [InlineData("http://0.0.0.0/")]
    public async Task A_connector_to_nowhere_good_is_refused(string url)
    {
        var app = shared.App;

        var (status, text) = await app.Admin.AskAsync(
            "POST", "/api/management/connectors/create", new { name = "up", feedType = "nuget", url });

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith("url: ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("password@", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_those_who_manage_feeds_may()
    {
        await using var app = await TestApp.StartAsync();
        await CallerResolverTests.AddKeyAsync(app, "publisher-key",
            Permissions.View | Permissions.Add | Permissions.Delete);
        var feedsKey = (string)(await app.Admin.JsonAsync(
            "POST", "/api/api-keys/create", new { type = "System", systemApis = new[] { "feeds" } }))["key"]!;
        (string, string)[] requests =
        [
            ("GET", "/api/management/feeds/list"), ("GET", "/api/management/feeds/get/x"),
            ("POST", "/api/management/feeds/create"), ("PUT", "/api/management/feeds/create"),
            ("POST", "/api/management/feeds/update/x"), ("DELETE", "/api/management/feeds/delete/x"),
            ("POST", "/api/management/feeds/delete/x"), ("GET", "/api/management/connectors/list"),
            ("GET", "/api/management/connectors/get/x"), ("POST", "/api/management/connectors/create"),
            ("POST", "/api/management/connectors/update/x"), ("POST", "/api/management/connectors/delete/x"),
            ("DELETE", "/api/management/connectors/delete/x"), ("GET", "/api/api-keys/list"),
            ("POST", "/api/api-keys/create"), ("POST", "/api/api-keys/delete?id=1"),
        ];
        foreach (var (method, url) in requests)
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync(method, url)).Status);
            Assert.Equal(HttpStatusCode.Forbidden,
                (await app.Client.AskAsync(method, url, null, ("X-ApiKey", "publisher-key"))).Status);
            var withFeedsKey = (await app.Client.AskAsync(method, url, null, ("X-ApiKey", feedsKey))).Status;
            Assert.Equal(url.Contains("api-keys", StringComparison.Ordinal), withFeedsKey == HttpStatusCode.Forbidden);
        }
    }

    static async Task<string> PasswordAsync(TestApp app, string connector)
    {
        var stored =
            (await app.Service<FeedQueries>().ConnectorByNameOrNullAsync(connector, default))!.PasswordEncrypted!;
        Assert.DoesNotContain("s3cret", stored, StringComparison.Ordinal);
        return app.Service<ConnectorSecrets>().Unprotect(stored);
    }
}
