using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Data.Retention;
using Deployments.Tests.Packages;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;
using Microsoft.Playwright;

namespace Deployments.Tests.Settings;

public sealed class AdministrationInBrowserTests
{
    static readonly Actor Test = new("test", null);

    [Fact]
    public async Task A_key_is_made_copied_and_revoked()
    {
        await using var app = await TestApp.StartAsync();
        await using var browser = await Chromium.StartAsync();
        var page = await SignedInAsync(browser, app);
        await page.GotoAsync(new Uri(app.Url, "/admin/api-keys").AbsoluteUri);

        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("build server");
        await page.GetByLabel("upload and record deployments").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make key" }).ClickAsync();

        var key = await page.InnerTextAsync("code.secret");
        Assert.Equal(43, key.Length);
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy the new key" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Copied")).ToBeVisibleAsync();
        using (var allowed = await FeedsAsync(app, key))
            Assert.NotEqual(System.Net.HttpStatusCode.Forbidden, allowed.StatusCode);

        await page.GotoAsync(new Uri(app.Url, "/admin/api-keys").AbsoluteUri);
        Assert.DoesNotContain(key, await page.ContentAsync(), StringComparison.Ordinal);
        await page.Locator("summary", new() { HasText = "Change build server" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke build server" }).ClickAsync();

        await Assertions.Expect(page.GetByText("The key is revoked.")).ToBeVisibleAsync();
        using (var refused = await FeedsAsync(app, key))
            Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task A_job_is_asked_for_and_a_rule_is_added_and_switched_on()
    {
        await using var app = await TestApp.StartAsync();
        await using var browser = await Chromium.StartAsync();
        var page = await SignedInAsync(browser, app);

        await page.GotoAsync(new Uri(app.Url, "/admin/jobs").AbsoluteUri);
        await page.GetByRole(AriaRole.Button, new() { Name = "Run now: prune-nodes" }).ClickAsync();
        await Assertions.Expect(page.GetByText("prune-nodes will run in a moment.")).ToBeVisibleAsync();

        // Hangfire's own pages keep to the content security policy: the console would complain.
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Hangfire dashboard" }))
            .ToHaveAttributeAsync("href", "/admin/jobs/dashboard");
        await page.GotoAsync(new Uri(app.Url, "/admin/jobs/dashboard/recurring").AbsoluteUri);
        await Assertions.Expect(page.GetByText("prune-nodes").First).ToBeVisibleAsync();

        await page.GotoAsync(new Uri(app.Url, "/admin/retention").AbsoluteUri);
        await page.GetByLabel("Keep for (months)").FillAsync("36");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add and preview" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch on" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The rule is on.")).ToBeVisibleAsync();
        Assert.True((await app.Service<RetentionQueries>().AllAsync(default)).Single().Active);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task Pages_of_the_administration_are_accessible_in_light_and_dark_and_fit_a_phone()
    {
        await using var upstream = await FakeUpstream.StartAsync(_ => Task.CompletedTask);
        await using var app = await TestApp.StartAsync();
        var rule = await FillAsync(app, upstream.Url);
        await using var browser = await Chromium.StartAsync();
        string[] addresses =
        [
            "/admin/jobs", "/admin/retention",
            $"/admin/retention/{rule}", "/admin/system", "/admin/users", "/admin/api-keys", "/account",
            "/admin/feeds", "/admin/feeds/approved", "/admin/connectors/up",
        ];
        var page = await SignedInAsync(browser, app);
        foreach (var address in addresses)
        {
            await page.GotoAsync(new Uri(app.Url, address).AbsoluteUri);
            await Accessibility.CheckAsync(page, address);
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Test connection" }).ClickAsync();
        await Accessibility.CheckAsync(page, "the answer of the connector");
        await page.GotoAsync(new Uri(app.Url, "/admin/users").AbsoluteUri);
        await page.Locator(".manage > summary").First.ClickAsync();
        await Accessibility.CheckAsync(page, "a user to be changed");

        Assert.Empty(browser.Errors);
    }

    /// <summary>Something to show on every page.</summary>
    static async Task<int> FillAsync(TestApp app, Uri upstream)
    {
        var seed = await PackageSeed.CreateAsync(
            app.Service<FeedStore>(), app.Service<FeedQueries>(), app.Service<RecordStore>());
        foreach (var days in new[] { -400, -370, -369, -10, 0 })
            await seed.AddAsync("Accounts.Web", $"1.{days + 400}.0", "WEB-01", PackageSeed.Noon.AddDays(days));
        await app.Service<AccountStore>().AddAsync(
            "a person with a rather long name who left", app.Service<Passwords>().Hash("a fine password"),
            AccountRole.Viewer, Test, default);
        await app.Service<AccountStore>().ChangeAsync(
            "a person with a rather long name who left", null, false, Test, default);
        foreach (var (name, end) in new[] { ("nightly build", 3), ("scanner", 300), ("old", -3) })
            await app.Service<ApiKeyStore>().AddAsync(new NewApiKey
            {
                KeyHash = Guid.NewGuid().ToByteArray().Concat(Guid.NewGuid().ToByteArray()).ToArray(),
                Type = "Feed",
                DisplayName = name,
                Description = "for " + name,
                Permissions = Permissions.View | Permissions.Add,
                ExpiresAt = TimeProvider.System.GetUtcNow().AddDays(end),
            }, Test, default);
        await app.Service<ConnectorStore>().AddAsync(
            new ConnectorFields { Name = "up", FeedType = "npm", Url = upstream.AbsoluteUri }, Test, default);
        await app.Service<RetentionStore>().AddAsync(new RetentionFields(120, null, null), Test, default);
        return (await app.Service<RetentionStore>()
            .AddAsync(new RetentionFields(1, null, "WEB-*"), Test, default)).RetentionRuleId;
    }

    static async Task<IPage> SignedInAsync(Chromium browser, TestApp app)
    {
        var page = await browser.OpenAsync(new Uri(app.Url, "/sign-in"));
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Admin");
        await page.GetByLabel("Password").FillAsync(TestApp.AdminPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Chromium.ArriveAsync(page, new Uri(app.Url, "/").AbsoluteUri);
        return page;
    }

    static Task<HttpResponseMessage> FeedsAsync(TestApp app, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/package-deployments");
        request.Headers.Add("X-ApiKey", key);
        return app.Client.SendAsync(request);
    }
}
