using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Records;
using Deployments.Tests.Accounts;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

public sealed class RejectedPageTests : IAsyncLifetime
{
    const string Page = "/admin/rejected";

    TestApp app = null!;
    RejectedSeed rejected = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "nuget");
        rejected = new RejectedSeed(app.Database);
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    [Fact]
    public async Task A_download_that_was_rejected_is_mended_and_replayed()
    {
        var download = await UniversalPackage.InNewFeedAsync(app.Admin, "apps");
        using var request = new HttpRequestMessage(HttpMethod.Get, download);
        request.Headers.Add("X-ProGet-Deployment-Application", "deploy.sh");
        request.Headers.Add("X-ProGet-Deployment-Description", "Release 1.0");
        request.Headers.Add("X-ProGet-Deployment-Date", "yesterday");
        using (var answer = await app.Client.SendAsync(request))
            Assert.StartsWith("rejected; ", answer.Headers.GetValues("X-Deployment-Status").Single(),
                StringComparison.Ordinal);
        await Recorded.DrainedAsync(app.Database);
        var id = (await Recorded.RejectedAsync(app.Database)).Single().Id;
        using var admin = await Browser.SignedInAsync(app);

        Assert.Contains($"/admin/rejected/{id}\"", await admin.ReadAsync(Page), StringComparison.Ordinal);
        var html = await admin.ReadAsync($"{Page}/{id}");
        Assert.Contains("name=\"Form.Application\" value=\"deploy.sh\"", html, StringComparison.Ordinal);
        Assert.Contains("name=\"Form.Package\" value=\"app\"", html, StringComparison.Ordinal);
        Assert.Contains("X-ProGet-Deployment-Date: yesterday", html, StringComparison.Ordinal);

        using (var refused = await MendAsync(admin, id, ("Form.Date", "yesterday"), ("Form.Target", "")))
        {
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            var again = await refused.Content.ReadAsStringAsync();
            Assert.Contains("2 fields need attention", again, StringComparison.Ordinal);
            Assert.Contains("is not an ISO 8601 date", again, StringComparison.Ordinal);
            Assert.Contains("value=\"yesterday\"", again, StringComparison.Ordinal);
        }

        Assert.Empty(await Recorded.AllAsync(app.Database));
        using (var done = await MendAsync(admin, id))
        {
            Assert.Equal(
                (HttpStatusCode.Found, $"{Page}/{id}"), (done.StatusCode, done.Headers.Location!.OriginalString));
        }

        using (var twice = await MendAsync(admin, id))
            Assert.Equal(HttpStatusCode.Found, twice.StatusCode);
        Assert.Contains("Somebody else has dealt with this record", await admin.ReadAsync($"{Page}/{id}"),
            StringComparison.Ordinal);

        var record = Assert.Single(await Recorded.AllAsync(app.Database));
        Assert.Equal((id, "app", "WEB-07"), (record.Id, record.Name, record.Target));
        Assert.Contains("Date: yesterday", record.RawHeaders, StringComparison.Ordinal);
        Assert.Contains("Date: yesterday", await admin.ReadAsync($"/deployments/{id}"), StringComparison.Ordinal);
        Assert.DoesNotContain($"/admin/rejected/{id}\"", await admin.ReadAsync(Page), StringComparison.Ordinal);
        Assert.Contains($"/admin/rejected/{id}\"", await admin.ReadAsync(Page + "?state=resolved"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_typed_is_read_as_the_names_of_its_ecosystem()
    {
        await app.CreateFeedAsync("scripts", "npm");
        await new RejectedSeed(app.Database, "scripts").AddAsync(5001);
        using var admin = await Browser.SignedInAsync(app);

        using (await MendAsync(admin, 5001, ("Form.Package", "@acme/web")))
        {
        }

        var record = Assert.Single(await Recorded.AllAsync(app.Database));
        Assert.Equal(("@acme", "web"), (record.GroupName, record.Name));
    }

    [Fact]
    public async Task Many_are_replayed_with_one_correction_and_the_rest_says_why_not()
    {
        await rejected.AddAsync(5001);
        await rejected.AddAsync(5002, "X-ProGet-Deployment-Description: d\n");
        await rejected.AddAsync(5003);
        using var admin = await Browser.SignedInAsync(app);

        using (var none = await admin.PostAsync(Page, Page + "?handler=Replay", ("Target", "WEB-07")))
            Assert.Equal(HttpStatusCode.BadRequest, none.StatusCode);
        using (var done = await admin.PostAsync(Page, Page + "?feed=main&handler=Replay",
            ("ids", "5001"), ("ids", "5002"), ("ids", "77"), ("Target", " WEB-07 "), ("WithoutDate", "true")))
            Assert.Equal(Page + "?feed=main", done.Headers.Location!.OriginalString);

        var html = await admin.ReadAsync(Page);
        Assert.Contains("1 record replayed. 1 record still to be mended, for instance because: Application is missing. "
            + "1 record had been dealt with by somebody else meanwhile.", html, StringComparison.Ordinal);
        var record = Assert.Single(await Recorded.AllAsync(app.Database));
        Assert.Equal((5001L, "WEB-07", Seed.Start), (record.Id, record.Target, record.DeployedAt));
        Assert.Equal(2, await app.Service<RejectedQueries>().CountOpenAsync(10, default));
    }

    [Fact]
    public async Task The_form_for_many_carries_its_own_token()
    {
        await rejected.AddAsync(5001);
        using var admin = await Browser.SignedInAsync(app);

        var html = await admin.ReadAsync(Page);

        var form = html[html.IndexOf("handler=Replay\" class=\"flow\"", StringComparison.Ordinal)..];
        Assert.Contains(
            "__RequestVerificationToken", form[..form.IndexOf("</form>", StringComparison.Ordinal)],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_match_the_filter_are_dismissed_on_other_pages_too()
    {
        for (var i = 0; i < 60; i++)
            await rejected.AddAsync(5000 + i, reason: i == 0 ? "else" : RejectedSeed.Reason, minutes: i);
        using var admin = await Browser.SignedInAsync(app);
        const string filtered = Page + "?reason=target+is+missing";

        using (var without = await admin.PostAsync(filtered, filtered + "&handler=Dismiss", ("all", "true")))
        {
            Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);
            Assert.Contains("the reason of the dismissal is missing", await without.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        }

        using (await admin.PostAsync(
            filtered, filtered + "&handler=Dismiss", ("all", "true"), ("dismissal", "<b>a test</b>")))
        {
        }

        Assert.Contains("59 records dismissed.", await admin.ReadAsync(Page), StringComparison.Ordinal);
        var open = await app.Service<RejectedQueries>().PageAsync(new RejectedFilter(), 100, default);
        Assert.Equal([5000L], open.Items.Select(row => row.Id));
        using var resolved = await admin.GetAsync(Page + "?state=resolved");
        Assert.Contains("&lt;b&gt;a test", await resolved.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var closed = await admin.PostAsync(Page, Page + "?state=resolved&handler=Replay", ("all", "true"));
        Assert.Equal(HttpStatusCode.BadRequest, closed.StatusCode);
        var log = await app.Service<AuditQueries>().PageAsync(
            new AuditFilter("admin", "rejectedRecord.dismiss"), null, 100, default);
        Assert.Equal(59, log.Count);
    }

    [Fact]
    public async Task The_list_is_paged_and_filtered_and_its_filters_are_chips()
    {
        for (var i = 0; i < 60; i++)
            await rejected.AddAsync(5000 + i, minutes: i);
        using var admin = await Browser.SignedInAsync(app);

        var seen = new List<long>();
        for (string? url = Page + "?package=acme"; url is not null;)
        {
            var html = await admin.ReadAsync(url);
            seen.AddRange(Regex.Matches(html, "name=\"ids\" value=\"(\\d+)\"")
                .Select(match => long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)));
            Assert.Contains("class=\"chip\" href=\"/admin/rejected\"", html, StringComparison.Ordinal);
            var next = Regex.Match(html, "href=\"([^\"]+)\" rel=\"next\"");
            url = next.Success ? next.Groups[1].Value : null;
        }

        Assert.Equal(Enumerable.Range(5000, 60).Reverse().Select(id => (long)id), seen);
        Assert.Contains("No rejected record matches", await admin.ReadAsync(Page + "?feed=other"),
            StringComparison.Ordinal);
        Assert.Contains("None has been resolved yet", await admin.ReadAsync(Page + "?state=resolved"),
            StringComparison.Ordinal);
        Assert.Contains("title=\"waiting\">60</span>", await admin.ReadAsync("/"), StringComparison.Ordinal);
        foreach (var wrong in new[] { "?from=soon", "?cursor=1", "/999999", "/x" })
        {
            using var answer = await admin.GetAsync(Page + wrong);
            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.BadRequest, HttpStatusCode.NotFound });
        }
    }

    [Fact]
    public async Task One_is_dismissed_with_a_reason()
    {
        await rejected.AddAsync(5001);
        using var admin = await Browser.SignedInAsync(app);
        const string one = Page + "/5001";

        foreach (var reason in new[] { "", " ", new string('x', 501), "a\0b" })
        {
            using var refused = await admin.PostAsync(one, one + "?handler=Dismiss", ("dismissal", reason));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        using (await admin.PostAsync(one, one + "?handler=Dismiss", ("dismissal", "a test")))
        {
        }

        var html = await admin.ReadAsync(one);
        Assert.Contains("Dismissed.", html, StringComparison.Ordinal);
        Assert.Contains("a test", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Mend and replay", html, StringComparison.Ordinal);
        Assert.Empty(await Recorded.AllAsync(app.Database));
    }

    [Fact]
    public async Task Those_who_do_not_administer_can_neither_see_nor_resolve_anything()
    {
        await rejected.AddAsync(5001);
        await SignInTests.AddAsync(app, "viewer", AccountRole.Viewer);
        await SignInTests.AddAsync(app, "publisher", AccountRole.Publisher);
        using var viewer = await Browser.SignedInAsync(app, "viewer", "viewer's password");
        using var publisher = await Browser.SignedInAsync(app, "publisher", "publisher's password");
        using var nobody = new Browser(app.Url);
        string[] addresses =
        [
            Page, Page + "/5001", Page + "?handler=Dismiss", Page + "?handler=Replay", Page + "/5001?handler=Dismiss",
            "/admin/audit", "/admin/export",
        ];
        foreach (var address in addresses)
        {
            foreach (var (browser, status) in new[]
            {
                (viewer, HttpStatusCode.Forbidden), (publisher, HttpStatusCode.Forbidden),
                (nobody, HttpStatusCode.Found),
            })
            {
                using var seen = await browser.GetAsync(address);
                Assert.Equal(status, seen.StatusCode);
                using var sent = await browser.PostAsync("/sign-in", address, ("ids", "5001"), ("all", "true"),
                    ("dismissal", "x"), ("Target", "x"), ("Form.Target", "x"));
                Assert.Equal(status, sent.StatusCode);
            }

            using var withKey = await app.Admin.GetAsync(address); // a key opens no page
            Assert.Equal(HttpStatusCode.Found, withKey.StatusCode);
        }

        Assert.Equal(1, await app.Service<RejectedQueries>().CountOpenAsync(10, default));
        Assert.Empty(await Recorded.AllAsync(app.Database));
        Assert.DoesNotContain("/admin/rejected", await viewer.ReadAsync("/"), StringComparison.Ordinal);
        using var forged = await Browser.SignedInAsync(app);
        using var withoutToken = await forged.PostWithoutTokenAsync(Page + "?handler=Dismiss", ("all", "true"),
            ("dismissal", "x"));
        Assert.Equal(HttpStatusCode.BadRequest, withoutToken.StatusCode);
        Assert.Equal(1, await app.Service<RejectedQueries>().CountOpenAsync(10, default));
    }

    static Task<HttpResponseMessage> MendAsync(
        Browser admin, long id, params (string Name, string Value)[] changes)
    {
        var fields = new Dictionary<string, string>
        {
            ["Form.Application"] = "deploy.sh",
            ["Form.Description"] = "Release 1.0",
            ["Form.Target"] = "WEB-07",
            ["Form.Package"] = "app",
            ["Form.Version"] = "1.0.0",
        };
        foreach (var (name, value) in changes)
            fields[name] = value;
        // The page of one that is resolved has no form: the token of another page is as good.
        return admin.PostAsync(
            "/account", $"{Page}/{id}", [.. fields.Select(field => (field.Key, field.Value))]);
    }
}
