using System.Net;
using System.Net.Sockets;
using System.Text;
using Bunit;
using Deployments.Data.Feeds;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Deployments.Web.Connectors;
using Deployments.Web.Pages.Feeds;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Gateway;

/// <summary>The test of a connector: what it asks, what it says, what it never says.</summary>
public sealed class ConnectorCheckTests(SharedApp shared) : IClassFixture<SharedApp>
{
    const string Page = "/admin/connectors/up";
    const string Password = "p4ss word of the upstream";

    [Fact]
    public async Task An_upstream_that_answers_was_asked_with_the_stored_credentials()
    {
        await using var upstream = await FakeUpstream.StartAsync(context =>
            context.Response.WriteAsync("""{"version":"3.0.0","resources":[]}"""));
        var app = await ConnectedAsync("nuget", new Uri(upstream.Url, "/v3/index.json"), Password);

        var page = await TestAsync(app);

        Assert.Contains("The connection works.", page, StringComparison.Ordinal);
        Assert.Contains($"GET {upstream.Url}v3/index.json", page, StringComparison.Ordinal);
        Assert.Contains("200", page, StringComparison.Ordinal);
        var (target, headers) = Assert.Single(upstream.Requests);
        Assert.Equal("/v3/index.json", target);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("reader:" + Password)),
            headers.Authorization.ToString());
        Assert.DoesNotContain(Password, page, StringComparison.Ordinal);
        Assert.DoesNotContain("Basic ", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_universal_feed_of_another_server_of_this_kind_answers()
    {
        await using var upstream = await TestApp.StartAsync();
        await upstream.CreateFeedAsync("main", "universal");
        var app = await ConnectedAsync("universal", new Uri(upstream.Url, "/upack/main/"));

        var page = await TestAsync(app);

        Assert.Contains("The connection works.", page, StringComparison.Ordinal);
        Assert.Contains("/upack/main/packages", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("npm", 401, true, "refuses the user name and password")]
    [InlineData("npm", 403, false, "none are stored")]
    [InlineData("maven", 404, false, "has nothing at this address")]
    [InlineData("npm", 500, false, "an error of its own")]
    [InlineData("npm", 429, false, "too often")]
    [InlineData("npm", 418, false, "not a success")]
    [InlineData("nuget", 200, false, "not with the index")]
    public async Task Each_answer_is_told_in_plain_words(string type, int status, bool password, string words)
    {
        await using var upstream = await FakeUpstream.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("<html>");
        });
        var app = await ConnectedAsync(
            type, new Uri(upstream.Url, "/index.json"), password ? Password : null);

        var page = await TestAsync(app);

        Assert.Contains("The connection does not work.", page, StringComparison.Ordinal);
        Assert.Contains(words, page, StringComparison.Ordinal);
        Assert.Contains($"<dd>{status}</dd>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_told_without_what_its_query_says()
    {
        await using var upstream = await FakeUpstream.StartAsync(context =>
        {
            if (context.Request.Path == "/")
                context.Response.Redirect("/elsewhere?signature=geheim");
            return Task.CompletedTask;
        });
        var app = await ConnectedAsync("npm", upstream.Url);

        var page = await TestAsync(app);

        Assert.Contains($"It led on to {upstream.Url}elsewhere?…", page, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_guard_holds_for_tests_too()
    {
        await using var app = await TestApp.StartAsync(null, "Deployments:ConnectorsMayReachPrivateNetworks=false");
        await ConnectAsync(app, "npm", new Uri("http://127.0.0.1:9/"));

        Assert.Contains("127.0.0.1 is a private address", await TestAsync(app), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_no_such_name_no_HTTP_and_no_answer_are_told_apart()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var silentPort = ((IPEndPoint)silent.LocalEndpoint).Port;
        var closedPort = ClosedPort();
        await using var upstream = await FakeUpstream.StartAsync(_ => Task.CompletedTask);
        var app = shared.App;
        var check = app.Service<ConnectorCheck>();

        async Task<string> AskAsync(string url)
        {
            var answer = await check.AskAsync(Connector(url), default);
            Assert.False(answer.Ok);
            Assert.Null(answer.Status);
            return answer.Text;
        }

        Assert.Contains("refused", await AskAsync($"http://127.0.0.1:{closedPort}/"), StringComparison.Ordinal);
        Assert.Contains("no address in DNS", await AskAsync("http://nowhere.invalid/"), StringComparison.Ordinal);
        Assert.Contains("No secure connection",
            await AskAsync($"https://127.0.0.1:{upstream.Url.Port}/"), StringComparison.Ordinal);
        Assert.Equal("No answer within 1 second.", await AskAsync($"http://127.0.0.1:{silentPort}/"));
        Assert.Contains("knows no feed type",
            (await check.AskAsync(Connector("http://127.0.0.1/") with { FeedType = "nothing" }, default)).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_of_lost_keys_is_asked_for_again()
    {
        var app = shared.App;

        var answer = await app.Service<ConnectorCheck>().AskAsync(
            Connector("http://127.0.0.1:9/") with { Username = "reader", PasswordEncrypted = "not encrypted" },
            default);

        Assert.Contains("type it in again", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_an_administrator_with_the_page_s_token_can_test()
    {
        await using var upstream = await FakeUpstream.StartAsync(_ => Task.CompletedTask);
        var app = await ConnectedAsync("npm", upstream.Url);
        using var admin = await Browser.SignedInAsync(app);
        using var nobody = new Browser(app.Url);

        using var forged = await admin.PostWithoutTokenAsync(Page + "?handler=Test");
        using var refused = await nobody.PostWithoutTokenAsync(Page + "?handler=Test");
        using var unknown = await admin.PostAsync(Page, "/admin/connectors/other?handler=Test");

        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Equal(HttpStatusCode.Found, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public void What_an_upstream_says_is_no_markup()
    {
        using var context = new BunitContext();
        var shown = context.Render<ConnectorAnswerNote>(set => set.Add(note => note.Answer,
            new ConnectorAnswer(false, null, "http://x/<script>", 1500, "\u202E<script>alert(1)</script>")));

        Assert.Empty(shown.FindAll("script"));
        Assert.Contains("no answer", shown.Markup, StringComparison.Ordinal);
        Assert.Contains("1.5 s", shown.Markup, StringComparison.Ordinal);
    }

    async Task<TestApp> ConnectedAsync(string type, Uri url, string? password = null)
    {
        await shared.App.Admin.AskAsync("DELETE", "/api/management/connectors/delete/up"); // another test's, if any
        await ConnectAsync(shared.App, type, url, password);
        return shared.App;
    }

    static async Task ConnectAsync(TestApp app, string type, Uri url, string? password = null)
    {
        var secrets = app.Service<Deployments.Web.Accounts.ConnectorSecrets>();
        Assert.Equal(FeedOutcome.Saved, await app.Service<ConnectorStore>().AddAsync(
            new ConnectorFields
            {
                Name = "up",
                FeedType = type,
                Url = url.AbsoluteUri,
                Username = password is null ? null : "reader",
                PasswordEncrypted = password is null ? null : secrets.Protect(password),
            },
            new Deployments.Data.Audit.Actor("test", null), default));
    }

    static async Task<string> TestAsync(TestApp app)
    {
        using var admin = await Browser.SignedInAsync(app);
        using var answer = await admin.PostAsync(Page, Page + "?handler=Test");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync())
            .Replace("<bdi>", "", StringComparison.Ordinal);
    }

    static Connector Connector(string url) =>
        new(1, "up", "npm", url, 1, null, null, "{}", TimeProvider.System.GetUtcNow());

    static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
