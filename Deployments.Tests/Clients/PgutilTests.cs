using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>
/// pgutil's commands, each with the requests that its source makes for it. The tool itself cannot be restored from the
/// registries that a build may use, so they are replayed: relative to the address, with <c>X-ApiKey</c>, bodies in
/// camel case without nulls, answers read as strictly as it reads them.
/// </summary>
public sealed class PgutilTests : IAsyncLifetime
{
    static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict,
    };

    TestApp app = null!;
    HttpClient pgutil = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        pgutil = app.NewClient();
        pgutil.DefaultRequestHeaders.Add("X-ApiKey", TestApp.ApiKey);
    }

    public async Task DisposeAsync()
    {
        pgutil.Dispose();
        await app.DisposeAsync();
    }

    sealed record Health(
        string DatabaseStatus, string LicenseStatus, string VersionNumber, string ReleaseNumber, string ServiceStatus);

    sealed record FeedInfo(int Id, string Name, string FeedType, string PackageType);

    sealed record Listing(
        string Purl, string? Group, string Name, string Version, string? Qualifier, int TotalDownloads, int Downloads,
        DateTime Published, string? PublishedBy, long Size, bool Listed, string? Sha256, bool Deprecated);

    sealed record Audit(string? ResultCode, DateTime? AnalysisDate, string? Detail, string StatusText);

    sealed record Vulnerability(
        string Id, string? Summary, DateTime? Published, DateTime? Withdrawn, string? Details, string? Cve,
        string? Cvss, decimal? NumericCvss, string? Severity, int[] AffectedPackages);

    [Fact]
    public async Task Health_needs_no_key()
    {
        var health = await app.Client.GetFromJsonAsync<Health>("health", Strict);

        Assert.Equal(("OK", "OK", "OK"), (health!.DatabaseStatus, health.LicenseStatus, health.ServiceStatus));
        Assert.True(Version.TryParse(health.ReleaseNumber, out _));
        Assert.NotEmpty(health.VersionNumber);
    }

    [Fact]
    public async Task Packages_are_uploaded_listed_downloaded_audited_set_and_deleted()
    {
        await app.CreateFeedAsync("main", "universal");
        using (var upack = new StreamContent(new MemoryStream(UniversalPackage.Make("tools", "1.2.0"))))
        using (var sent = await pgutil.PutAsync("api/packages/main/upload/tools-1.2.0.upack", upack))
            Assert.True(sent.IsSuccessStatusCode);

        // list: the newest of each; versions: all of them
        Assert.Equal("pkg:upack/tools@1.2.0", Assert.Single(await ListAsync("latest?stableOnly=true")).Purl);
        var version = Assert.Single(await ListAsync("versions?name=tools&version=1.2.0"));
        Assert.Equal(("tools", true, false), (version.Name, version.Listed, version.Deprecated));
        Assert.Equal(64, version.Sha256!.Length);

        // download: first what the feed is, then the package, whose length must be known
        var feed = await pgutil.GetFromJsonAsync<FeedInfo>("api/packages/main", Strict);
        Assert.Equal(("main", "universal", "upack"), (feed!.Name, feed.FeedType, feed.PackageType));
        using (var answer = await pgutil.GetAsync(
            "api/packages/main/download?name=tools&version=latest-stable", HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(version.Size, answer.Content.Headers.ContentLength);
            Assert.Equal("tools-1.2.0.upack", answer.Content.Headers.ContentDisposition!.FileNameStar);
            Assert.Equal(version.Size, (await answer.Content.ReadAsByteArrayAsync()).Length);
        }

        // audit: any code is a fault to it, and without one it reads the date
        using (var answer = await pgutil.PostAsync("api/packages/main/audit?name=tools&version=1.2.0", null))
        {
            var audit = await answer.Content.ReadFromJsonAsync<Audit>(Strict);
            Assert.Equal(("I", "Inconclusive"), (audit!.ResultCode, audit.StatusText));
            Assert.NotNull(audit.AnalysisDate);
        }

        object[] changes = [new { listed = false }, new { allow = false }, new { deprecated = true }];
        foreach (var status in changes)
        {
            using var answer = await pgutil.PostAsJsonAsync(
                "api/packages/main/status?name=tools&version=1.2.0", status);
            Assert.True(answer.IsSuccessStatusCode);
        }

        using (var answer = await pgutil.PostAsync("api/packages/main/delete?name=tools&version=1.2.0", null))
            Assert.True(answer.IsSuccessStatusCode);
        Assert.Empty(await ListAsync("versions?name=tools"));
        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database)); // it tags nothing
    }

    /// <summary>With redirected output it sends no file name: what it is must be told from the bytes.</summary>
    [Fact]
    public async Task An_upload_without_a_name_is_stored_or_refused_in_words()
    {
        await app.CreateFeedAsync("main", "universal");
        using (var upack = new StreamContent(new MemoryStream(UniversalPackage.Make("tools", "1.2.0"))))
        using (var sent = await pgutil.PutAsync("api/packages/main/upload", upack))
            Assert.True(sent.IsSuccessStatusCode);

        await app.CreateFeedAsync("wheels", "pypi");
        using var wheel = new ByteArrayContent("wheel"u8.ToArray());
        using var answer = await pgutil.PutAsync("api/packages/wheels/upload", wheel);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.NotEmpty(await answer.Content.ReadAsStringAsync());
        Assert.Equal("24.0.3", answer.Headers.GetValues("X-ProGet-Version").Single());
        Assert.NotEmpty(answer.Headers.GetValues("X-ProGet-Edition").Single());
    }

    [Fact]
    public async Task Feeds_are_created_listed_set_and_deleted()
    {
        foreach (var type in new[]
        {
            "NuGet", "Chocolatey", "npm", "Bower", "Maven", "Universal", "PowerShell", "Docker", "RubyGems", "VSIX",
            "Debian", "PyPI", "Helm", "RPM", "Conda", "APK", "CRAN",
        })
        {
            using var made = await pgutil.PostAsJsonAsync(
                "api/management/feeds/create", new { name = $"feed-{type}", feedType = type });
            Assert.True(made.IsSuccessStatusCode, $"{type}: {await made.Content.ReadAsStringAsync()}");
        }

        var feeds = await pgutil.GetFromJsonAsync<JsonArray>("api/management/feeds/list");
        Assert.Equal(17, feeds!.Count(feed => (bool)feed!["active"]!));
        var one = await pgutil.GetFromJsonAsync<JsonObject>("api/management/feeds/get/feed-npm");
        one!["description"] = "changed";
        using (var set = await pgutil.PostAsJsonAsync("api/management/feeds/update/feed-npm", one))
            Assert.Equal("changed", (string?)(await set.Content.ReadFromJsonAsync<JsonObject>())!["description"]);
        using (var gone = await pgutil.DeleteAsync("api/management/feeds/delete/feed-npm"))
            Assert.True(gone.IsSuccessStatusCode);
        using var missing = await pgutil.GetAsync("api/management/feeds/get/feed-npm");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Connectors_are_created_listed_set_and_deleted_with_a_POST()
    {
        var connector = new
        {
            name = "up",
            url = "https://packages.example.com/v3/index.json",
            feedType = "nuget",
            timeout = 30,
            metadataCacheEnabled = true,
            metadataCacheMinutes = 30,
            metadataCacheCount = 100,
            username = "u",
            password = "secret",
            filters = new[] { "Acme.*" },
        };
        using (var made = await pgutil.PostAsJsonAsync("api/management/connectors/create", connector))
            Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());

        var list = await pgutil.GetStringAsync("api/management/connectors/list");
        Assert.DoesNotContain("secret", list, StringComparison.Ordinal);
        var read = await pgutil.GetFromJsonAsync<JsonObject>("api/management/connectors/get/up");
        Assert.Equal((30, "u", true, "Acme.*"), ((int)read!["timeout"]!, (string?)read["username"],
            (bool)read["metadataCacheEnabled"]!, (string?)read["filters"]![0]));
        read["timeout"] = 60;
        using (var set = await pgutil.PostAsJsonAsync("api/management/connectors/update/up", read))
            Assert.Equal(60, (int)(await set.Content.ReadFromJsonAsync<JsonObject>())!["timeout"]!);
        using (var gone = await pgutil.PostAsync("api/management/connectors/delete/up", null))
            Assert.True(gone.IsSuccessStatusCode);
        Assert.Equal("[]", await pgutil.GetStringAsync("api/management/connectors/list"));
    }

    [Fact]
    public async Task Keys_are_created_listed_used_and_deleted()
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        using var made = await pgutil.PostAsJsonAsync("api/api-keys/create", new
        {
            type = "Feed",
            displayName = "web",
            packagePermissions = new[] { "view", "add", "promote", "delete" },
            feed = "main",
            logging = "Both",
        });
        var json = await made.Content.ReadFromJsonAsync<JsonObject>();
        var key = (string)json!["key"]!;

        var listed = await pgutil.GetFromJsonAsync<JsonArray>("api/api-keys/list");
        Assert.Contains(listed!, item => (string?)item!["displayName"] == "web" && (string?)item["logging"] == "Both");
        const string Delete = "api/packages/main/delete?name=app&version=1.0.0";
        foreach (var road in new Action<HttpRequestMessage>[]
        {
            request => request.Headers.Add("X-ApiKey", key),
            request => request.Headers.Add("X-ApiKey", $"api:{key}"),
            request => request.Headers.Authorization = new("Basic",
                Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"api:{key}"))),
            request => request.RequestUri = new Uri($"{Delete}&key={key}", UriKind.Relative),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Delete);
            road(request);
            using var answer = await app.Client.SendAsync(request);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{answer.StatusCode}");
        }

        using (var gone = await pgutil.PostAsync($"api/api-keys/delete?id={json["id"]}", null))
            Assert.True(gone.IsSuccessStatusCode);
        using var late = await app.Client.PostAsync($"{Delete}&key={key}", null);
        Assert.Equal(HttpStatusCode.Forbidden, late.StatusCode);
    }

    [Fact]
    public async Task A_projects_packages_are_audited()
    {
        using (var imported = await pgutil.PostAsJsonAsync(
            "api/vulnerabilities/import", Deployments.Tests.Vulnerabilities.Osv.Advisory("GHSA-1", "Acme", "0", null)))
            Assert.True(imported.IsSuccessStatusCode);

        using var answer = await pgutil.PostAsJsonAsync("api/sca/audit-package-vulns", new[]
        {
            new { type = "nuget", name = "Acme", version = "1.0.0" },
            new { type = "nuget", name = "Other", version = "1.0.0" },
        });
        var found = await answer.Content.ReadFromJsonAsync<Vulnerability[]>(Strict);

        var one = Assert.Single(found!);
        Assert.Equal(("GHSA-1", 7.5m), (one.Id, one.NumericCvss));
        Assert.Equal([0], one.AffectedPackages);
    }

    [Fact]
    public async Task Universal_packages_are_installed_and_updated()
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");

        var versions = await pgutil.GetFromJsonAsync<JsonArray>("upack/main/versions?group=&name=app");
        Assert.Equal("1.0.0", (string?)Assert.Single(versions!)!["version"]);
        using var answer = await pgutil.GetAsync("upack/main/download/app/1.0.0");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    async Task<Listing[]> ListAsync(string path) =>
        (await pgutil.GetFromJsonAsync<Listing[]>($"api/packages/main/{path}", Strict))!;
}
