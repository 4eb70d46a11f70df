using System.Net;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Removals;

/// <summary>The pages that show removals, and the one that makes them.</summary>
public sealed class RemovalPageTests(RemovalPageTests.Running running) : IClassFixture<RemovalPageTests.Running>
{
    [Fact]
    public async Task A_package_is_removed_from_the_page_of_its_target()
    {
        var record = await running.Seed.DeployAsync("Acme 1.0", "WEB-01", 0);
        await running.Seed.DeployAsync("Other 1.0", "WEB-01", 0);
        using var browser = await Browser.SignedInAsync(running.App);
        var before = await browser.ReadAsync("/targets/WEB-01");
        Assert.Contains($"href=\"/deployments/{record}/remove\"", before, StringComparison.Ordinal);
        Assert.DoesNotContain("What no longer runs here", before, StringComparison.Ordinal);

        using var answer = await browser.PostAsync(Form(record), Form(record), ("Form.Application", "By hand"),
            ("Form.Description", "<i>scrapped</i>"), ("Form.Url", "https://tickets.example.com/7"),
            ("Form.Date", "2026-02-01"));

        Assert.Equal("/targets/WEB-01?notice=removed", answer.Headers.Location?.ToString());
        var after = await (await browser.GetAsync("/targets/WEB-01?notice=removed")).Content.ReadAsStringAsync();
        Assert.Contains("The package no longer runs here.", after, StringComparison.Ordinal);
        Assert.Contains("1 package now", after, StringComparison.Ordinal);
        Assert.Contains("What no longer runs here", after, StringComparison.Ordinal);
        Assert.Contains("&lt;i&gt;scrapped&lt;/i&gt;", after, StringComparison.Ordinal);
        Assert.DoesNotContain($"href=\"/deployments/{record}/remove\"", after, StringComparison.Ordinal);
        Assert.Contains($"href=\"/deployments/{record}\"",
            await browser.ReadAsync("/targets/WEB-01?at=2026-01-31"), StringComparison.Ordinal);

        using var again = await browser.GetAsync(Form(record));
        Assert.Equal("/targets/WEB-01", again.Headers.Location?.ToString());
    }

    [Fact]
    public async Task What_was_recorded_meanwhile_is_not_removed()
    {
        var old = await running.Seed.DeployAsync("Acme 1.0", "WEB-02", 0);
        using var browser = await Browser.SignedInAsync(running.App);
        var token = await browser.ReadAsync(Form(old));
        Assert.Contains("1.0", token, StringComparison.Ordinal);
        await running.Seed.DeployAsync("Acme 1.1", "WEB-02", 5);

        using var answer = await browser.PostAsync("/deployments/new", Form(old), ("Form.Application", "By hand"));

        Assert.Equal("/targets/WEB-02?notice=changed", answer.Headers.Location?.ToString());
        Assert.Contains("1 package now", await browser.ReadAsync("/targets/WEB-02"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_with_mistakes_names_them_and_removes_nothing()
    {
        var record = await running.Seed.DeployAsync("Acme 1.0", "WEB-03", 0);
        using var browser = await Browser.SignedInAsync(running.App);

        using var answer = await browser.PostAsync(Form(record), Form(record), ("Form.Application", ""),
            ("Form.Date", "2026-01-01"), ("Form.Url", "javascript:alert(1)"));
        using var early = await browser.PostAsync(Form(record), Form(record), ("Form.Application", "By hand"),
            ("Form.Date", "2026-01-01"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains("must be an absolute http or https URL", page, StringComparison.Ordinal);
        Assert.Contains("is missing", page, StringComparison.Ordinal);
        Assert.Contains("is before the deployment", await early.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("1 package now", await browser.ReadAsync("/targets/WEB-03"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_who_may_record_may_remove_and_only_with_a_token()
    {
        var record = await running.Seed.DeployAsync("Acme 1.0", "WEB-04", 0);
        using var visitor = new Browser(running.App.Url);
        Assert.DoesNotContain("/remove", await visitor.ReadAsync("/targets/WEB-04"), StringComparison.Ordinal);
        using var refused = await visitor.GetAsync(Form(record));
        Assert.NotEqual(HttpStatusCode.OK, refused.StatusCode);

        using var admin = await Browser.SignedInAsync(running.App);
        using var forged = await admin.PostWithoutTokenAsync(Form(record), ("Form.Application", "By hand"));
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        using var unknown = await admin.GetAsync("/deployments/999999/remove");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("1 package now", await admin.ReadAsync("/targets/WEB-04"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_and_timeline_tell_of_it_in_its_place()
    {
        await running.Seed.DeployAsync("Told 1.0", "WEB-05", 0);
        await running.Seed.DeployAsync("Told 1.0", "WEB-06", 5);
        await running.Seed.RemoveAsync("Told", "WEB-05", 10);
        await running.Seed.DeployAsync("Told 1.1", "WEB-05", 20);
        await running.Seed.RemoveAsync("Told", "WEB-05", 30);
        const string history = "/feeds/main/packages/Told/history";
        using var visitor = new Browser(running.App.Url);

        var page = await visitor.ReadAsync(history);
        Assert.Equal(["30", "20", "10", "05", "00"], Minutes(page));
        Assert.Contains("title=\"The package had been removed from this target\"", page, StringComparison.Ordinal);
        Assert.Equal(["10", "00"], Minutes(await visitor.ReadAsync(history + "?version=1.0&target=web-05")));
        Assert.Equal(["05"], Minutes(await visitor.ReadAsync(history + "?target=WEB-06")));
        Assert.Equal(["30", "10"], Minutes(await visitor.ReadAsync(history + "?application=uninstall.sh")));
        Assert.DoesNotContain("removed", await visitor.ReadAsync("/feeds/main/packages/Told/history?user=nobody"),
            StringComparison.Ordinal);
        Assert.Contains("removed", await visitor.ReadAsync("/targets/WEB-05"), StringComparison.Ordinal);

        static IEnumerable<string> Minutes(string page) => page.Split("data-at=\"2026-01-31T08:")[1..]
            .Select(part => ((int.Parse(part[..2], System.Globalization.CultureInfo.InvariantCulture) + 45) % 60)
                .ToString("00", System.Globalization.CultureInfo.InvariantCulture));
    }

    static string Form(long record) => $"/deployments/{record}/remove";

    public sealed class Running : IAsyncLifetime
    {
        public TestApp App { get; private set; } = null!;

        internal Seed Seed { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            App = await TestApp.StartAsync();
            Seed = await new Seed(App.Database).FeedAsync("main", "nuget");
        }

        public Task DisposeAsync() => App.DisposeAsync().AsTask();
    }
}
