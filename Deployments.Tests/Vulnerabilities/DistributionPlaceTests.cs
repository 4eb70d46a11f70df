using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;
using Deployments.Web.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>
/// Feeds of which parts serve distributions of their own, and what a feed is proposed to serve, with repositories that
/// answer over HTTP.
/// </summary>
public sealed class DistributionPlaceTests : IAsyncLifetime
{
    readonly Dictionary<string, string> repository = [];

    FakeUpstream upstream = null!;
    TestApp app = null!;

    public async Task InitializeAsync()
    {
        upstream = await FakeUpstream.StartAsync(async context =>
        {
            if (repository.TryGetValue(context.Request.Path.Value!, out var text))
                await context.Response.WriteAsync(text);
            else
                context.Response.StatusCode = 404;
        });
        app = await TestApp.StartAsync();
        await app.StopJobsAsync();
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_folder_of_a_feed_serves_a_distribution_of_its_own()
    {
        await app.CreateFeedAsync("os", "rpm");
        await SetAsync("9/BaseOS=Rocky Linux:9", "8=Rocky Linux:8");
        await ImportAsync("RLSA-2023:3220"); // firefox of Rocky Linux 8
        var rpm = PackageHeads.Rpm("firefox", null, "102.10.0", "1.el8_7", "x86_64");

        Assert.Null(await FoundAfterAsync("9/BaseOS/x86_64/os/Packages/f", rpm));
        Assert.False(await FoundAfterAsync("8/AppStream/Packages", rpm)); // of one of both by now
        await SetAsync("8=Rocky Linux:8", "9=Rocky Linux:8");
        Assert.True(await FoundAsync("RLSA-2023:3220"));
        await SetAsync("7=Rocky Linux:8");
        Assert.False(await FoundAsync("RLSA-2023:3220")); // nothing is said of these folders
        await SetAsync("7=Rocky Linux:9", "Rocky Linux:8");
        Assert.True(await FoundAsync("RLSA-2023:3220")); // but of the feed

        async Task<bool?> FoundAfterAsync(string folder, byte[] package)
        {
            var path = $"/rpm/os/{folder}/firefox-102.10.0-1.el8_7.x86_64.rpm";
            using (var body = new ByteArrayContent(package))
            using (var stored = await app.Admin.PutAsync(path, body))
                Assert.True(stored.IsSuccessStatusCode);
            await DownloadAsync(path);
            return await FoundAsync("RLSA-2023:3220");
        }
    }

    [Fact]
    public async Task The_suite_that_names_a_package_of_the_pool_tells_its_distribution()
    {
        const string Release = "Origin: Debian\nArchitectures: amd64 all\nComponents: main\n";
        repository["/dists/bookworm/Release"] = Release + "Version: 12.5\n";
        repository["/dists/trixie/Release"] = Release + "Version: 13.1\n";
        repository["/dists/bookworm/main/binary-amd64/Packages"] =
            "Package: curl\nVersion: 7.88.1-10\n\nPackage: other\nVersion: 1\n";
        repository["/dists/trixie/main/binary-amd64/Packages"] = "Package: curl\nVersion: 8.14.1-2\n";
        repository["/pool/main/c/curl/curl_7.88.1-10_amd64.deb"] = "x";
        await app.CreateFeedAsync("os", "debian", upstream.Url);
        await SetAsync("bookworm=Debian:12", "trixie=Debian:13");
        await ImportAsync("DSA-5587-1"); // curl of Debian 11 and 12
        await DownloadAsync("/debian/os/pool/main/c/curl/curl_7.88.1-10_amd64.deb");
        Assert.False(await FoundAsync("DSA-5587-1")); // of one of both

        await RunAsync<MatchDistributionsJob>();

        Assert.True(await FoundAsync("DSA-5587-1"));
        await SetAsync("bookworm=Debian:13");
        await RunAsync<MatchDistributionsJob>();
        Assert.Null(await FoundAsync("DSA-5587-1"));
    }

    [Fact]
    public async Task An_upstream_without_indexes_leaves_a_version_of_one_of_its_suites()
    {
        repository["/pool/main/c/curl/curl_7.88.1-10_amd64.deb"] = "x";
        repository["/dists/bookworm/Release"] = "Components: main\nArchitectures: amd64\n";
        repository["/dists/bookworm/main/binary-amd64/Packages.gz"] = "\u001f\u008b damaged";
        await app.CreateFeedAsync("os", "debian", upstream.Url);
        await SetAsync("bookworm=Debian:12", "trixie=Debian:13");
        await ImportAsync("DSA-5587-1");
        await DownloadAsync("/debian/os/pool/main/c/curl/curl_7.88.1-10_amd64.deb");

        await RunAsync<MatchDistributionsJob>();

        Assert.False(await FoundAsync("DSA-5587-1"));
    }

    [Fact]
    public async Task A_feed_is_looked_into_and_the_proposal_is_shown_and_taken()
    {
        repository["/dists/bookworm/Release"] = "Origin: Debian\nVersion: 12.5\n";
        repository["/dists/jammy/InRelease"] = "Origin: Ubuntu\nVersion: 22.04\n";
        await app.CreateFeedAsync("os", "debian", upstream.Url);
        await app.CreateFeedAsync("said", "debian", upstream.Url);
        await SetAsync("said", ["none"]);

        await RunAsync<GuessDistributionsJob>();

        using var browser = await Browser.SignedInAsync(app);
        var page = await browser.ReadAsync("/admin/feeds/os");
        Assert.Contains("dists/bookworm/Release says so", page, StringComparison.Ordinal);
        Assert.Contains("Ubuntu:22.04:LTS", page, StringComparison.Ordinal);
        Assert.Equal("[]", await DistributionsAsync("os")); // nothing but a proposal
        Assert.Contains("not looked into yet", await browser.ReadAsync("/admin/feeds/said"), StringComparison.Ordinal);
        var asked = upstream.Requests.Count;
        await RunAsync<GuessDistributionsJob>(); // not twice a day
        Assert.Equal(asked, upstream.Requests.Count);

        using (var taken = await browser.PostAsync("/admin/feeds/os", "/admin/feeds/os?handler=Adopt"))
            Assert.Equal(System.Net.HttpStatusCode.Redirect, taken.StatusCode);
        Assert.Equal("""["bookworm=Debian:12","jammy=Ubuntu:22.04:LTS"]""", await DistributionsAsync("os"));
        Assert.Contains("The settings above say the same", await browser.ReadAsync("/admin/feeds/os"),
            StringComparison.Ordinal);
        repository.Remove("/dists/jammy/InRelease");
        using (var again = await browser.PostAsync("/admin/feeds/os", "/admin/feeds/os?handler=Guess"))
            Assert.Equal(System.Net.HttpStatusCode.Redirect, again.StatusCode);
        Assert.Contains("all of it", await browser.ReadAsync("/admin/feeds/os"), StringComparison.Ordinal);
        Assert.Equal("""["bookworm=Debian:12","jammy=Ubuntu:22.04:LTS"]""", await DistributionsAsync("os"));
    }

    [Fact]
    public async Task Versions_tell_where_nothing_else_does()
    {
        await app.CreateFeedAsync("rocky-mirror", "rpm", upstream.Url);
        using (var answer = await app.Admin.PostAsJsonAsync("/api/package-deployment/", new
        {
            FeedName = "rocky-mirror",
            PackageName = "bash",
            Version = "5.1.8-9.el9",
            Application = "a",
            Description = "",
            Target = "t",
        }))
            Assert.True(answer.IsSuccessStatusCode);

        await RunAsync<GuessDistributionsJob>();

        using var browser = await Browser.SignedInAsync(app);
        var page = await browser.ReadAsync("/admin/feeds/rocky-mirror");
        Assert.Contains("Rocky Linux:9", page, StringComparison.Ordinal);
        Assert.Contains("versions of its packages have .el9", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bookworm = debian:12", "bookworm=Debian:12")]
    [InlineData("/9/BaseOS/=Rocky Linux:9", null)]
    [InlineData("../x=Debian:12", null)]
    [InlineData("=Debian:12", null)]
    [InlineData("a=b=Debian:12", null)]
    [InlineData("bookworm=Debian", null)]
    [InlineData("extras=none", "extras=none")]
    public async Task A_part_is_a_suite_or_a_folder(string entry, string? stored)
    {
        await app.CreateFeedAsync("os", "debian");
        using var answer = await app.Admin.PostAsJsonAsync(
            "/api/management/feeds/update/os", new { distributions = new[] { entry } });
        Assert.Equal(stored is not null, answer.IsSuccessStatusCode);
        Assert.Equal(stored is null ? "[]" : $"""["{stored}"]""", await DistributionsAsync("os"));
    }

    Task<JobResult> RunAsync<TJob>() where TJob : IBackgroundJob => app.Service<TJob>().RunAsync(default);

    async Task<string> DistributionsAsync(string feed) => (await app.Admin.GetFromJsonAsync<JsonNode>(
        $"/api/management/feeds/get/{feed}"))!["distributions"]!.ToJsonString();

    Task SetAsync(params string[] distributions) => SetAsync("os", distributions);

    async Task SetAsync(string feed, string[] distributions)
    {
        using var answer = await app.Admin.PostAsJsonAsync(
            $"/api/management/feeds/update/{feed}", new { distributions });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await app.Service<DistributionStore>().MatchAsync(default);
    }

    async Task ImportAsync(string id)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(Osv.Raw[id].ToJsonString()));
        using var answer = await app.Admin.PostAsync("/api/vulnerabilities/import", body);
        Assert.True(answer.IsSuccessStatusCode);
    }

    async Task DownloadAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-ProGet-Deployment-Application", "dnf");
        request.Headers.Add("X-ProGet-Deployment-Description", "install");
        request.Headers.Add("X-ProGet-Deployment-Target", "WEB-1");
        using var download = await app.Client.SendAsync(request);
        Assert.Equal("recorded", download.Headers.GetValues("X-Deployment-Status").Single());
        await app.Service<InboxDrainer>().RunOnceAsync(default);
    }

    // Null: it found nothing, or no longer.
    async Task<bool?> FoundAsync(string id)
    {
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<bool?>(
            """
            select f.is_certain from findings f join advisories a using (advisory_id)
            where a.osv_id = @id and f.closed_at is null
            """, new { id });
    }
}
