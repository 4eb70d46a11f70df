using System.Net;
using Deployments.Data.Feeds;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;

namespace Deployments.Tests.Feeds;

public sealed class AdminFeedsPageTests
{
    const string Page = "/admin/feeds";

    [Fact]
    public async Task A_feed_and_its_connector_are_added_changed_and_deleted()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);
        var queries = app.Service<FeedQueries>();

        await LeadsToAsync("/admin/connectors/up", admin.PostAsync(Page, Page + "?handler=Connector",
            ("name", "up"), ("feedType", "nuget"), ("url", "https://packages.example/v3/index.json")));
        await LeadsToAsync("/admin/connectors/up", admin.PostAsync("/admin/connectors/up", "/admin/connectors/up",
            ("NewName", "up"), ("Url", "https://packages.example/v3/index.json"), ("TimeoutSeconds", "9"),
            ("Username", "me"),
            ("Password", "s3cret-value")));
        var html = await admin.ReadAsync("/admin/connectors/up");
        Assert.DoesNotContain("s3cret", html, StringComparison.Ordinal);
        var connector = (await queries.ConnectorByNameOrNullAsync("up", default))!;
        Assert.Equal(("me", 9), (connector.Username, connector.TimeoutSeconds));
        Assert.Equal("s3cret-value", app.Service<ConnectorSecrets>().Unprotect(connector.PasswordEncrypted!));

        await LeadsToAsync("/admin/feeds/main",
            admin.PostAsync(Page, Page + "?handler=Feed", ("name", "main"), ("feedType", "nuget")));
        await LeadsToAsync("/admin/feeds/prod", admin.PostAsync("/admin/feeds/main", "/admin/feeds/main",
            ("NewName", "prod"), ("AlternateNames", "main old"), ("Connectors", "UP"), ("Active", "true"),
            ("Description", "<i>x</i>")));
        var feed = Assert.Single(await queries.AllAsync(VisibleFeeds.All, default));
        Assert.Equal(["main", "old"], feed.AlternateNames);
        Assert.Equal("up", Assert.Single(feed.Connectors).Name);
        Assert.True(feed.Active);
        Assert.False(feed.AnonymousAccess);
        using (var page = await admin.GetAsync("/admin/feeds/prod"))
            Assert.DoesNotContain("<i>x</i>", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using (var unconfirmed =
            await admin.PostAsync("/admin/feeds/prod", "/admin/feeds/prod?handler=Delete", ("confirm", "no")))
            Assert.Equal(HttpStatusCode.OK, unconfirmed.StatusCode);
        Assert.Single(await queries.AllAsync(VisibleFeeds.All, default));
        await LeadsToAsync(Page,
            admin.PostAsync("/admin/feeds/prod", "/admin/feeds/prod?handler=Delete", ("confirm", "prod")));
        await LeadsToAsync(Page, admin.PostAsync("/admin/connectors/up", "/admin/connectors/up?handler=Delete"));
        Assert.Empty(await queries.AllAsync(VisibleFeeds.All, default));
        Assert.Empty(await queries.ConnectorsAsync(default));
        using var gone = await admin.GetAsync("/admin/feeds/prod");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task A_password_is_not_led_to_another_server()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);
        var fields = new ConnectorFields
        {
            Name = "up",
            FeedType = "nuget",
            Url = "https://packages.example/a",
            PasswordEncrypted = app.Service<ConnectorSecrets>().Protect("s3cret"),
        };
        await app.Service<ConnectorStore>().AddAsync(fields, new Data.Audit.Actor("test", null), default);
        (string, string)[] form = [("NewName", "up"), ("TimeoutSeconds", "9"), ("Url", "https://elsewhere.example/")];

        using (var refused = await admin.PostAsync("/admin/connectors/up", "/admin/connectors/up", form))
            Assert.Contains("Type the password again", await refused.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        await LeadsToAsync("/admin/connectors/up",
            admin.PostAsync("/admin/connectors/up", "/admin/connectors/up", [.. form, ("ForgetPassword", "true")]));

        var connector = (await app.Service<FeedQueries>().ConnectorByNameOrNullAsync("up", default))!;
        Assert.Equal(("https://elsewhere.example/", null), (connector.Url, connector.PasswordEncrypted));
    }

    [Theory]
    [InlineData("Feed", "bad name", "nuget", "", "must be 1 to 100 letters")]
    [InlineData("Feed", "main", "nuget", "", "Another feed answers to this name.")]
    [InlineData("Feed", "new", "cobol", "", "is not a known feed type")]
    [InlineData("Connector", "up", "nuget", "http://169.254.169.254/", "link-local")]
    [InlineData("Connector", "up", "nuget", "https://a:b@packages.example/", "user name or password")]
    public async Task What_is_unfit_is_not_added(string handler, string name, string type, string url, string reason)
    {
        await using var app = await TestApp.StartAsync();
        await app.Service<FeedStore>().AddAsync(
            new FeedFields { Name = "main", FeedType = "nuget" }, new Data.Audit.Actor("test", null), default);
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync(
            Page, $"{Page}?handler={handler}", ("name", name), ("feedType", type), ("url", url));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(await app.Service<FeedQueries>().AllAsync(VisibleFeeds.All, default));
        Assert.Empty(await app.Service<FeedQueries>().ConnectorsAsync(default));
    }

    static async Task LeadsToAsync(string url, Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        Assert.True(answer.StatusCode == HttpStatusCode.Found, await answer.Content.ReadAsStringAsync());
        Assert.Equal(url, answer.Headers.Location!.OriginalString);
    }
}
