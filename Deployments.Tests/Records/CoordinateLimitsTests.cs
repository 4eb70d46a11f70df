using System.Net;
using System.Text;
using System.Text.Json;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Records;

/// <summary>What is accepted of a package's names, by a download or by the API, the tables take.</summary>
public sealed class CoordinateLimitsTests : IAsyncLifetime
{
    TestApp app = null!;
    FakeUpstream upstream = null!;

    public async Task InitializeAsync()
    {
        upstream = await FakeUpstream.StartAsync(context => context.Response.WriteAsync("package"));
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("files", "asset", upstream.Url);
        await app.CreateFeedAsync("java", "maven", upstream.Url);
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_download_with_a_name_that_is_too_long_is_served_and_its_record_rejected()
    {
        var longest = Unlikely(100, 0); // 500 of ASCII once encoded is no matter: it is decoded before it is counted
        var downloads = new (string Path, string Status)[]
        {
            ($"endpoints/files/content/{new string('x', 7000)}", "rejected; the package's name is longer than 500"),
            ($"maven2/java/{new string('g', 3000)}/lib/1.0/lib-1.0.jar",
                "rejected; the package's group is longer than 500"),
            ($"maven2/java/g/lib/{new string('1', 3000)}/lib-{new string('1', 3000)}.jar",
                "rejected; the package's version is longer than 500"),
            ($"endpoints/files/content/{Uri.EscapeDataString(longest)}", "recorded"),
        };
        foreach (var (path, status) in downloads)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/" + path);
            request.Headers.Add("X-ProGet-Deployment-Application", "a");
            request.Headers.Add("X-ProGet-Deployment-Description", "d");
            request.Headers.Add("X-ProGet-Deployment-Target", "t");
            using var answer = await app.Client.SendAsync(request);
            Assert.Equal("package", await answer.Content.ReadAsStringAsync());
            Assert.StartsWith(status, answer.Headers.GetValues("X-Deployment-Status").Single(),
                StringComparison.Ordinal);
        }

        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(longest, Assert.Single(await Recorded.AllAsync(app.Database)).Name);
        var rejected = (await app.Service<RejectedQueries>().PageAsync(new RejectedFilter(), 10, default)).Items;
        Assert.Equal(3, rejected.Count);
        Assert.All(rejected, row =>
        {
            // The drain found nothing to complain of; and what is kept is too long to be mistaken for a name.
            Assert.StartsWith("the package's", row.Reason, StringComparison.Ordinal);
            Assert.Contains(501, new[] { row.Group.Length, row.Name.Length, row.Version.Length });
            Assert.True(row.Name.Length <= 501);
        });
    }

    [Fact]
    public async Task The_API_takes_what_the_indexes_hold_and_names_the_rest()
    {
        // Of characters that no compression helps with: an index entry holds 2,704 bytes.
        var items = new[]
        {
            Item(Unlikely(500, 1), Unlikely(150, 2), "1.0"), Item(Unlikely(500, 3), Unlikely(500, 4), "1.0"),
            Item("g", "lib", Unlikely(500, 5)), Item("g", "lib", Unlikely(501, 6)),
            Item(Unlikely(501, 7), "lib", "1.0"),
        };
        using var content = new StringContent(string.Join('\n', items), Encoding.UTF8, "application/x-ndjson");
        using var answer = await app.Admin.PostAsync("/api/package-deployments/batch", content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var report = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(2, report.GetProperty("recorded").GetInt32());
        Assert.Equal(
            [
                (2, "PackageName: is longer, with its group, than 2000 bytes of UTF-8"),
                (4, "Version: is longer than 500 characters"), (5, "GroupName: is longer than 500 characters"),
            ],
            report.GetProperty("errors").EnumerateArray().Select(error => (
                error.GetProperty("line").GetInt32(), error.GetProperty("errors")[0].GetString()!)));

        using var single = new StringContent(items[1], Encoding.UTF8, "application/json");
        using var refused = await app.Admin.PostAsync("/api/package-deployment", single);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public void An_excerpt_is_text_and_never_a_whole_name()
    {
        Assert.Equal("name", CoordinateLimits.Excerpt("name"));
        Assert.Equal("a\ufffdb", CoordinateLimits.Excerpt("a\0b"));
        Assert.Equal("a\ufffd", CoordinateLimits.Excerpt("a\ud800"));
        Assert.InRange(CoordinateLimits.Excerpt(new string('x', 9000)).Length, 501, 502);
        Assert.Equal(("Name", "has control characters"), CoordinateLimits.ProblemOrNull(
            new FeedTypeCatalog().FindOrNull("nuget")!, new PackageCoordinates("", "a\0b", "1.0")));
    }

    // Hanzi in no order: 3 bytes each.
    static string Unlikely(int length, int seed)
    {
        var random = new Random(seed);
        return string.Concat(Enumerable.Range(0, length).Select(_ => (char)random.Next(0x4e00, 0x9f00)));
    }

    static string Item(string group, string name, string version) => JsonSerializer.Serialize(new
    {
        FeedName = "java",
        GroupName = group,
        PackageName = name,
        Version = version,
        Application = "a",
        Description = "d",
        Target = "t",
    });
}
