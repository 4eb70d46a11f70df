using System.Net;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Deployments.Web.Pages.Packages;

namespace Deployments.Tests.Packages;

public sealed class PackagePagesTests : IAsyncLifetime
{
    TestApp app = null!;

    public async Task InitializeAsync() => app = await TestApp.StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task A_package_is_shown_on_each_of_its_tabs()
    {
        var seed = await SeedAsync();
        await seed.AddAsync("Accounts.Web", "1.4.2", "WEB-01", PackageSeed.Noon);
        await seed.AddAsync("Accounts.Web", "1.5.0", "WEB-01", PackageSeed.Noon.AddDays(1));

        foreach (var tab in new[] { "", "/history", "/versions", "/vulnerabilities", "/usage" })
        {
            var html = await PageAsync("/feeds/approved/packages/accounts.web" + tab);
            Assert.Contains("pkg:nuget/Accounts.Web", html, StringComparison.Ordinal);
        }
        Assert.Contains("Accounts.Web", await PageAsync("/feeds/approved"), StringComparison.Ordinal);
        Assert.Contains("approved", await PageAsync("/feeds"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_show_only_what_matches_and_can_be_removed()
    {
        var seed = await SeedAsync();
        await seed.AddAsync("Accounts.Web", "1.4.2", "WEB-01", PackageSeed.Noon);
        await seed.AddAsync("Accounts.Web", "1.5.0", "WEB-02", PackageSeed.Noon.AddDays(1), user: "keller");

        var html = await PageAsync(
            "/feeds/approved/packages/Accounts.Web/history?target=web-02&user=keller&from=2026-03-11&to=2026-03-11");

        Assert.Contains("/targets/WEB-02", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/targets/WEB-01", html, StringComparison.Ordinal);
        Assert.Contains("Remove the filter Target web-02", html, StringComparison.Ordinal);
        Assert.Contains("history?target=web-02&amp;user=keller&amp;from=2026-03-11\"", html, StringComparison.Ordinal);
        Assert.Contains(
            "No deployment matches",
            await PageAsync("/feeds/approved/packages/Accounts.Web/history?target=nowhere"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("from=yesterday")]
    [InlineData("to=31.12.2026")]
    [InlineData("from=2026-02-01&to=2026-01-01")]
    [InlineData("older=cut-short")]
    [InlineData("newer=99999999999999999999-1")]
    [InlineData("target=%00&version=%00&group=%00")]
    [InlineData("version=%EF%BF%BF%27")]
    public async Task A_malformed_filter_is_never_an_error_of_the_server(string query)
    {
        var seed = await SeedAsync();
        await seed.AddAsync("Accounts.Web", "1.4.2", "WEB-01", PackageSeed.Noon);

        using var answer = await app.Client.GetAsync(
            new Uri("/feeds/approved/packages/Accounts.Web/history?" + query, UriKind.Relative));
        var html = await answer.Content.ReadAsStringAsync();

        var isTold = query.Split('=')[0] is "from" or "to" or "older" or "newer";
        Assert.Equal(isTold ? HttpStatusCode.BadRequest : HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(isTold, html.Contains("role=\"alert\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_package_without_records_shows_how_to_record_the_first()
    {
        await SeedAsync();

        var html = WebUtility.HtmlDecode(await PageAsync("/feeds/approved/packages/It's%20new/history?version=3.1.4"));

        foreach (var name in new[] { "Application", "Description", "Target", "Url", "UserName", "Date" })
            Assert.Contains($"X-ProGet-Deployment-{name}: ", html, StringComparison.Ordinal);
        Assert.Contains($"{app.Url.GetLeftPart(UriPartial.Authority)}/nuget/approved/package/It%27s%20new/3.1.4",
            html, StringComparison.Ordinal);
        Assert.Contains("Invoke-WebRequest", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_may_hold_a_slash_and_a_group()
    {
        var seed = await SeedAsync("approved-npm", "npm");
        await seed.AddAsync("odd/name", "1.0.0", "WEB-01", PackageSeed.Noon, group: "@scope");
        var address = PackageLinks.Package("approved-npm", "@scope", "odd/name", "history");

        Assert.Contains("%2F", address, StringComparison.Ordinal);
        Assert.Contains("/targets/WEB-01", await PageAsync(address), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/feeds/none")]
    [InlineData("/feeds/none/packages/a")]
    [InlineData("/feeds/none/packages/a/history")]
    [InlineData("/feeds/none/packages/a/versions")]
    [InlineData("/no-such-page")]
    public async Task What_does_not_exist_is_said_on_a_page_to_people_and_briefly_to_tools(string path)
    {
        using var forPeople = new HttpRequestMessage(HttpMethod.Get, path);
        forPeople.Headers.Add("Accept", "text/html,*/*");
        using var page = await app.Client.SendAsync(forPeople);
        using var bare = await app.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Contains("Trace id", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, bare.StatusCode);
        Assert.Empty(await bare.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("nuget", "")]
    [InlineData("npm", "@scope")]
    [InlineData("npm", "")]
    [InlineData("maven", "com.example.apps")]
    [InlineData("universal", "tools/build")]
    [InlineData("universal", "")]
    public void The_command_downloads_the_package_it_is_about(string key, string group)
    {
        var type = new FeedTypeCatalog()[key];
        var command = RecordCommand.For(
            "https://packages.example.com", "approved", type, new PackageCoordinates(group, "my-app", "1.2.3"),
                needsKey: false);

        var url = command.Curl.Split('\n')[^1].Trim().Trim('\'');
        var path = url[$"https://packages.example.com/{type.Root}/approved/".Length..];
        var read = type.TryReadDownload(FeedRequest.TryRead("GET", path)!)!;
        Assert.Equal((group, "my-app", "1.2.3"), (read.Group, read.Name, read.Version));
    }

    Task<PackageSeed> SeedAsync(string feed = "approved", string type = "nuget") =>
        PackageSeed.CreateAsync(app.Service<FeedStore>(), app.Service<FeedQueries>(), app.Service<RecordStore>(),
            feed, type);

    async Task<string> PageAsync(string path)
    {
        using var answer = await app.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }
}
