using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Removals;

/// <summary>The list of removals as page, JSON and CSV, and its filter by group of targets.</summary>
public sealed class RemovalListTests(RemovalListTests.Fleet fleet) : IClassFixture<RemovalListTests.Fleet>
{
    const string Api = "/api/package-deployments/removals";

    [Theory]
    [InlineData("", "DB-1 WEB-2 WEB-1")]
    [InlineData("?targetGroup=WEB", "WEB-2 WEB-1")]
    [InlineData("?targetGroup=-", "DB-1")]
    [InlineData("?targetGroup=web&target=web-1", "WEB-1")]
    [InlineData("?targetGroup=web&target=db-1", "")]
    [InlineData("?targetGroup=nothing", "")]
    public async Task A_group_is_a_condition_on_removals(string query, string targets)
    {
        var json = JsonNode.Parse(await fleet.App.Client.GetStringAsync(Api + query))!;
        var csv = (await fleet.App.Client.GetStringAsync($"{Api}.csv{query}"))
            .Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var page = await fleet.App.Client.GetStringAsync("/removals" + query);

        Assert.Equal(targets, string.Join(
            ' ', json["items"]!.AsArray().Select(removal => (string?)removal!["target"])));
        Assert.Equal(targets, string.Join(' ', csv.Skip(1).Select(line => line.Split(',')[10])));
        foreach (var target in new[] { "DB-1", "WEB-1", "WEB-2" })
            Assert.Equal(targets.Contains(target, StringComparison.Ordinal),
                page.Contains($"href=\"/targets/{target}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_CSV_has_what_the_JSON_has()
    {
        var lines = (await fleet.App.Client.GetStringAsync($"{Api}.csv?target=DB-1&limit=1&cursor=o1-1"))
            .Split("\r\n");

        Assert.Equal("id,removedAt,recordedAt,feed,type,group,name,version,application,description,target,url,user,"
            + "recordedBy,road", lines[0]);
        // A description that a spreadsheet would calculate is none any more.
        Assert.Contains(",main,nuget,,App,1.0.0,uninstall.sh,'=1+1,DB-1,https://example.com/7,jdoe,", lines[1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_has_pages()
    {
        var first = await fleet.App.Client.GetStringAsync("/removals?limit=2");
        var older = WebUtility.HtmlDecode(first.Split("\" rel=\"next\"")[0].Split("href=\"")[^1]);
        var second = await fleet.App.Client.GetStringAsync(older);

        Assert.DoesNotContain("href=\"/targets/WEB-1\"", first, StringComparison.Ordinal);
        Assert.Contains("href=\"/targets/WEB-1\"", second, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/targets/DB-1\"", second, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?version=1.0.0&target=db-1", "version is no condition on removals.")]
    [InlineData("?from=yesterday&target=db-1", "from is ")]
    [InlineData("?cursor=1&target=db-1", "cursor is not one that this server gave out.")]
    public async Task What_is_no_condition_is_named_and_what_was_typed_stays(string query, string problem)
    {
        using var page = await fleet.App.Client.GetAsync("/removals" + query);
        using var csv = await fleet.App.Client.GetAsync($"{Api}.csv{query}");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (page.StatusCode, csv.StatusCode));
        var shown = await page.Content.ReadAsStringAsync();
        Assert.Contains(problem, shown, StringComparison.Ordinal);
        Assert.Contains("value=\"db-1\"", shown, StringComparison.Ordinal);
        Assert.StartsWith(problem, await csv.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>A package removed from three targets, two of which are in a group.</summary>
    public sealed class Fleet : IAsyncLifetime
    {
        public TestApp App { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            App = await TestApp.StartAsync();
            await App.CreateFeedAsync("main", "nuget");
            await App.GroupAsync(["web"], ("web-*", "web"));
            foreach (var target in new[] { "WEB-1", "WEB-2", "DB-1" })
            {
                await SendAsync("/api/package-deployment", target, "");
                await SendAsync(Api, target, "=1+1");
            }
        }

        async Task SendAsync(string path, string target, string description)
        {
            using var answer = await App.Admin.PostAsJsonAsync(path, new
            {
                FeedName = "main",
                PackageName = "App",
                Version = "1.0.0",
                Target = target,
                Application = "uninstall.sh",
                Description = description,
                Url = "https://example.com/7",
                UserName = "jdoe",
            });
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        public Task DisposeAsync() => App.DisposeAsync().AsTask();
    }
}
