using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Xml.Linq;
using Deployments.Tests.Support;

namespace Deployments.Tests.Api;

/// <summary>What other tools ask: whether a version can go, what a badge or a rollout says.</summary>
public sealed class DeletionApiTests(DeletionApiTests.Fleet fleet) : IClassFixture<DeletionApiTests.Fleet>
{
    const string Safe = "/api/packages/safe-to-delete";

    [Theory]
    [InlineData("5.0", false, "runsNow amongLast")]
    [InlineData("4.0", false, "usedLately amongLast")]
    [InlineData("3.0", true, "notUsed")]
    [InlineData("2.0", true, "notUsed")]
    [InlineData("1.0", false, "runsNow amongLast")]
    [InlineData("0.9", true, "neverDeployed")]
    public async Task A_version_is_safe_to_delete_when_nothing_speaks_against_it(
        string version, bool isSafe, string reasons)
    {
        var answer = await JsonAsync($"{Safe}?feed=main&name=app&version={version}&days=30&keep=3");

        var item = answer.GetProperty("items")[0];
        Assert.Equal((isSafe, reasons), (item.GetProperty("safe").GetBoolean(), Codes(item)));
    }

    [Fact]
    public async Task A_package_lists_its_versions_and_a_list_is_answered_in_its_order()
    {
        var all = await JsonAsync($"{Safe}?type=nuget&name=App&keep=1&days=0");
        Assert.Equal(["5.0", "4.0", "3.0", "2.0", "1.0"],
            all.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("version").GetString()));
        Assert.Equal(["4.0", "3.0", "2.0"], all.GetProperty("items").EnumerateArray()
            .Where(item => item.GetProperty("safe").GetBoolean())
            .Select(item => item.GetProperty("version").GetString()));

        using var listed = await fleet.App.Admin.PostAsJsonAsync(Safe, new
        {
            items = new object[]
            {
                new { purl = "pkg:nuget/App@2.0" }, new { feed = "main", name = "App", version = "5.0" },
                new { type = "npm", group = "@a", name = "b", version = "1.0.0" },
            },
        });
        var list = await listed.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(["notUsed", "runsNow amongLast", "neverDeployed"],
            list.GetProperty("items").EnumerateArray().Select(Codes));
    }

    [Theory]
    [InlineData("?name=App", HttpStatusCode.BadRequest)]
    [InlineData("?feed=main", HttpStatusCode.BadRequest)]
    [InlineData("?feed=nothing&name=App", HttpStatusCode.NotFound)]
    [InlineData("?type=nothing&name=App", HttpStatusCode.BadRequest)]
    [InlineData("?purl=nothing", HttpStatusCode.BadRequest)]
    [InlineData("?feed=main&name=App&days=-1", HttpStatusCode.BadRequest)]
    [InlineData("?feed=main&name=App&keep=999999999999", HttpStatusCode.BadRequest)]
    public async Task What_cannot_be_read_is_refused_in_words(string query, HttpStatusCode status)
    {
        using var answer = await fleet.App.Admin.GetAsync(Safe + query);

        Assert.Equal(status, answer.StatusCode);
        Assert.NotEmpty(await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Who_does_not_see_every_feed_is_never_told_that_a_version_can_go()
    {
        using var made = await fleet.App.Admin.PostAsJsonAsync(
            "/api/api-keys/create", new { type = "feed", feed = "main", packagePermissions = new[] { "view" } });
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString();
        using var answer = await fleet.App.Client.GetAsync($"{Safe}?feed=main&name=App&version=2.0&key={key}");

        var item = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items")[0];
        Assert.Equal((false, "notUsed notAllSeen"), (item.GetProperty("safe").GetBoolean(), Codes(item)));
    }

    [Fact]
    public async Task The_page_says_of_each_version_of_a_package_whether_it_can_go_and_why()
    {
        using var browser = await Browser.SignedInAsync(fleet.App);
        var versions = await browser.ReadAsync("/feeds/main/packages/App/versions");
        Assert.Contains("/safe-to-delete?feed=main&name=App", versions, StringComparison.Ordinal);

        var page = await browser.ReadAsync("/safe-to-delete?feed=main&name=App&days=30");

        Assert.Contains(">2 of 5 can go<", page, StringComparison.Ordinal);
        Assert.Contains("runs on 1 target; is among the last 3 deployed to the group production", page,
            StringComparison.Ordinal);
        Assert.Equal(2, page.Split("ran nowhere within 30 days").Length - 1);
        Assert.Contains("no deployment of it is on record",
            await browser.ReadAsync("/safe-to-delete?feed=main&name=App&version=0.9"), StringComparison.Ordinal);
        // Who does not see the other feed is promised nothing.
        var visitor = await fleet.App.Client.GetStringAsync("/safe-to-delete?feed=main&name=App");
        Assert.Contains(">None can go<", visitor, StringComparison.Ordinal);
        Assert.Contains("there are feeds that you do not see", visitor, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_judges_a_list_of_package_URLs_and_of_names()
    {
        using var browser = await Browser.SignedInAsync(fleet.App);
        using var answer = await browser.PostAsync("/safe-to-delete", "/safe-to-delete",
            ("feed", "main"), ("list", "pkg:nuget/App@2.0\r\n App 5.0 \r\n\r\npkg:npm/%40a/b@1.0.0"));

        var page = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(">2 of 3 can go<", page, StringComparison.Ordinal);
        Assert.Contains("@a / b", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pkg:nuget/App@2.0\nApp\npkg:nothing/x@1", "Line 2: list has to be a package URL, or a name and")]
    [InlineData("pkg:nuget/App", "Line 1: version is required.")]
    [InlineData(" ", "list must have from 1 to 500 lines.")]
    public async Task A_list_that_cannot_be_read_is_refused_line_by_line_and_kept(string list, string problem)
    {
        using var browser = await Browser.SignedInAsync(fleet.App);
        using var answer = await browser.PostAsync(
            "/safe-to-delete", "/safe-to-delete", ("feed", "main"), ("list", list));

        var page = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(problem, page, StringComparison.Ordinal);
        Assert.Contains(list.Trim(), page.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotContain("can go<", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?feed=main&name=App&days=many", HttpStatusCode.BadRequest, "days must be a number from 0 to 3650.")]
    [InlineData("?feed=main", HttpStatusCode.BadRequest, "name is required, or a purl.")]
    [InlineData("?feed=nothing&name=App", HttpStatusCode.BadRequest, "No feed has this name.")]
    [InlineData("?feed=main&name=Nothing", HttpStatusCode.OK, "No version is on record")]
    [InlineData("", HttpStatusCode.OK, "Asking changes nothing.")]
    public async Task The_page_says_what_is_wrong_with_a_question(string query, HttpStatusCode status, string said)
    {
        using var answer = await fleet.App.Client.GetAsync("/safe-to-delete" + query);

        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(said, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("WEB-1", "app", "5.0", "#1a7f4b", HttpStatusCode.OK)]
    [InlineData("db-1", "App", "1.0", "#9a5b00", HttpStatusCode.OK)]
    [InlineData("production", "app", "5.0 on 1 of 2", "#9a5b00", HttpStatusCode.OK)]
    [InlineData("WEB-1", "nothing", "not there", "#5a6675", HttpStatusCode.OK)]
    [InlineData("nowhere", "app", "unknown", "#5a6675", HttpStatusCode.NotFound)]
    public async Task A_badge_says_which_version_is_where(
        string target, string package, string message, string color, HttpStatusCode status)
    {
        using var json = await fleet.App.Admin.GetAsync($"/badge/{target}/{package}.json");
        using var svg = await fleet.App.Admin.GetAsync($"/badge/{target}/{package}.svg");

        var said = await json.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((status, status), (json.StatusCode, svg.StatusCode));
        Assert.Equal((message, color),
            (said.GetProperty("message").GetString(), said.GetProperty("color").GetString()));
        Assert.Equal("image/svg+xml", svg.Content.Headers.ContentType!.MediaType);
        var drawn = XDocument.Parse(await svg.Content.ReadAsStringAsync());
        Assert.EndsWith(message, drawn.Root!.Attribute("aria-label")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_badge_of_a_hostile_name_is_still_a_picture()
    {
        using var answer = await fleet.App.Admin.GetAsync(
            "/badge/WEB-1/" + Uri.EscapeDataString("\"><script>\u202e&\u0001.x") + ".svg");

        var drawn = XDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.DoesNotContain(drawn.Descendants(), element => element.Name.LocalName == "script");
    }

    [Fact]
    public async Task A_rollout_is_told_as_JSON_and_CSV()
    {
        var json = await JsonAsync("/api/rollout?feed=main&name=App");
        var csv = await fleet.App.Admin.GetStringAsync("/api/rollout.csv?feed=main&name=App&targetGroup=production");
        using var page = await fleet.App.Client.GetAsync("/feeds/main/packages/App/rollout");

        Assert.Equal(("5.0", 2, 1), (json.GetProperty("version").GetString(),
            json.GetProperty("targets").GetInt32(), json.GetProperty("adopted").GetInt32()));
        var straggler = Assert.Single(json.GetProperty("stragglers").EnumerateArray());
        Assert.Equal(("DB-1", 4), (straggler.GetProperty("target").GetString(),
            straggler.GetProperty("behind").GetInt32()));
        Assert.Equal(7, csv.Split("\r\n").Length - 1);
        Assert.Contains("WEB-1,production,5.0,", csv, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    static string Codes(JsonElement item) => string.Join(' ', item.GetProperty("reasons").EnumerateArray()
        .Select(reason => reason.GetProperty("code").GetString()));

    Task<JsonElement> JsonAsync(string address) => fleet.App.Admin.ElementAsync(address);

    /// <summary>Five versions on one target, the first still on another; all of one group.</summary>
    public sealed class Fleet : IAsyncLifetime
    {
        public TestApp App { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            App = await TestApp.StartAsync();
            await App.CreateFeedAsync("main", "nuget");
            await App.CreateFeedAsync("other", "nuget");
            using (var closed = await App.Admin.PostAsJsonAsync(
                "/api/management/feeds/update/other", new { anonymousAccess = false }))
                Assert.True(closed.IsSuccessStatusCode);
            await App.GroupAsync(["production"], ("*", "production"));
            var now = App.Service<TimeProvider>().GetUtcNow();
            foreach (var (target, version, daysAgo) in new[]
            {
                ("WEB-1", "1.0", 200), ("WEB-1", "2.0", 150), ("WEB-1", "3.0", 100), ("WEB-1", "4.0", 60),
                ("WEB-1", "5.0", 10), ("DB-1", "1.0", 70),
            })
                await App.DeployAsync("App", version, target, now.AddDays(-daysAgo));
        }

        public Task DisposeAsync() => App.DisposeAsync().AsTask();
    }
}
