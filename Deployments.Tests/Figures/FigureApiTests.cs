using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Deployments.Data.Figures;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Figures;

/// <summary>Figures over HTTP: page, JSON and CSV say the same, and each number leads to as many versions.</summary>
public sealed class FigureApiTests(FigureApiTests.Fleet fleet) : IClassFixture<FigureApiTests.Fleet>
{
    const string Api = "/api/figures";

    [Fact]
    public async Task Figures_are_told_broken_down_with_their_total()
    {
        var answer = await JsonAsync($"{Api}?by=package");

        Assert.Equal(("production", "test", "package", true), (
            answer.GetProperty("targetGroup").GetString(), answer.GetProperty("fromGroup").GetString(),
            answer.GetProperty("by").GetString(), answer.GetProperty("complete").GetBoolean()));
        var total = answer.GetProperty("total");
        Assert.Equal((3, 2, 1), (total.GetProperty("deployments").GetInt32(),
            total.GetProperty("leadTimeVersions").GetInt32(), total.GetProperty("rolledBackVersions").GetInt32()));
        Assert.Equal(2 * 86_400, total.GetProperty("leadTimeMedianSeconds").GetDouble());
        Assert.Equal(3 * 3_600, total.GetProperty("restoreMedianSeconds").GetDouble());
        Assert.Equal(0.3333, total.GetProperty("rolledBackShare").GetDouble());
        Assert.Equal(["App 2", "Tool 1"], answer.GetProperty("items").EnumerateArray().Select(item =>
            $"{item.GetProperty("name").GetString()} {item.GetProperty("figures").GetProperty("deployments")}"));
        Assert.Equal(5, (await JsonAsync(Api)).GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("deployments", "deployments", 3)]
    [InlineData("leadTime", "leadTimeVersions", 2)]
    [InlineData("rolledBack", "rolledBackVersions", 1)]
    public async Task A_figure_has_a_list_of_as_many_versions(string figure, string property, int count)
    {
        var total = (await JsonAsync(Api)).GetProperty("total");
        var list = await JsonAsync($"{Api}/versions?figure={figure}");
        var csv = await fleet.App.Admin.GetStringAsync($"{Api}/versions.csv?figure={figure}");
        var page = await fleet.App.Client.GetStringAsync($"/figures/versions?figure={figure}");

        Assert.Equal((count, count), (total.GetProperty(property).GetInt32(),
            list.GetProperty("items").GetArrayLength()));
        Assert.Equal(count + 1, csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(count, page.Split("title=\"Its records in this group\"").Length - 1);
    }

    [Fact]
    public async Task A_list_has_pages_and_a_version_leads_to_its_records()
    {
        var first = await JsonAsync($"{Api}/versions?limit=2");
        var second = await JsonAsync($"{Api}/versions?limit=2&cursor={first.GetProperty("next").GetString()}");
        Assert.Equal((2, 1), (first.GetProperty("items").GetArrayLength(),
            second.GetProperty("items").GetArrayLength()));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);

        const string records = "/deployments?type=nuget&group=-&name=App&version=2.0.0&targetGroup=production";
        var page = await fleet.App.Client.GetStringAsync("/figures/versions?figure=rolledBack");
        Assert.Contains(WebUtility.HtmlEncode(records), page, StringComparison.Ordinal);
        var found = await JsonAsync(records.Replace("/deployments", "/api/package-deployments",
            StringComparison.Ordinal));
        Assert.Equal(2, found.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task The_CSV_has_a_line_for_each_row()
    {
        var lines = (await fleet.App.Admin.GetStringAsync($"{Api}.csv?by=targetGroup")).Split("\r\n");

        Assert.Equal("quarter,type,group,name,application,targetGroup,deployments,deploymentsPerWeek,leadTimeVersions,"
            + "leadTimeMedianSeconds,rolledBackVersions,rolledBackShare,restoreMedianSeconds", lines[0]);
        Assert.StartsWith(",,,,,test,2,", lines[1], StringComparison.Ordinal);
        Assert.StartsWith(",,,,,production,3,", lines[2], StringComparison.Ordinal);
        Assert.EndsWith(",2,172800,1,0.3333,10800", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?by=joy", "by is not one of quarter, package, application, targetGroup.")]
    [InlineData("?targetGroup=nowhere", "targetGroup is no group of targets.")]
    [InlineData("?quarter=2026", "quarter is not a quarter such as ")]
    [InlineData("?limit=0", "limit is not a number from 1 to 1000.")]
    public async Task What_cannot_be_read_is_refused_in_words_by_page_and_API(string query, string problem)
    {
        foreach (var path in new[] { Api, $"{Api}.csv", $"{Api}/versions" })
        {
            using var refused = await fleet.App.Admin.GetAsync(path + query);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.StartsWith(problem, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var bad = await fleet.App.Admin.GetAsync($"{Api}/versions?cursor=1");
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        using var page = await fleet.App.Client.GetAsync("/figures?quarter=soon&name=App");
        Assert.Equal(HttpStatusCode.BadRequest, page.StatusCode);
        Assert.Contains("value=\"App\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_says_what_each_figure_means_and_leads_to_its_versions()
    {
        var page = WebUtility.HtmlDecode(await fleet.App.Client.GetStringAsync("/figures?by=application"));

        foreach (var said in new[]
        {
            "<a href=\"/figures/versions?by=application&figure=rolledBack\">1 version</a> of 3",
            "<strong>2 days</strong>", "<strong>3 hours</strong>", "<strong>33.3%</strong>",
            "/figures/versions?by=application&application=robot&figure=deployments",
            "an older version took their place",
        })
            Assert.Contains(said, page, StringComparison.Ordinal);
    }

    Task<JsonElement> JsonAsync(string address) => fleet.App.Admin.ElementAsync(address);

    /// <summary>Two versions of App by test to production, the second and back; a tool at once in production.</summary>
    public sealed class Fleet : IAsyncLifetime
    {
        public TestApp App { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            App = await TestApp.StartAsync();
            await App.CreateFeedAsync("main", "nuget");
            await App.GroupAsync(["test", "production"], ("T-*", "test"), ("*", "production"));
            var now = App.Service<TimeProvider>().GetUtcNow().AddDays(-60);
            foreach (var (package, target, hours) in new[]
            {
                ("App 1.0.0", "T-1", 0), ("App 1.0.0", "P-1", 24), ("App 1.0.0", "P-2", 25), ("App 2.0.0", "T-1", 100),
                ("App 2.0.0", "P-1", 172), ("App 2.0.0", "P-2", 173), ("App 1.0.0", "P-1", 175),
                ("Tool 1.0.0", "P-1", 10),
            })
                await App.DeployAsync(package.Split(' ')[0], package.Split(' ')[1], target, now.AddHours(hours));

            // The job of the program may have counted some of it, an hour ago at most.
            await App.StopJobsAsync();
            await using (var anew = App.Database.DataSource.CreateCommand(
                "update counted_packages set counted_at = '-infinity'"))
                await anew.ExecuteNonQueryAsync();
            await App.Service<ArrivalStore>().CountAsync(TimeSpan.FromMinutes(1), default);
        }

        public Task DisposeAsync() => App.DisposeAsync().AsTask();
    }
}
