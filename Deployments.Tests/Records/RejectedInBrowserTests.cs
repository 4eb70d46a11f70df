using Deployments.Data.Audit;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Microsoft.Playwright;

namespace Deployments.Tests.Records;

public sealed class RejectedInBrowserTests
{
    static readonly string[] Addresses =
    [
        "/admin/rejected", "/admin/rejected?reason=missing&from=2026-01-01", "/admin/rejected?state=resolved",
        "/admin/rejected?feed=other", "/admin/rejected/5001", "/admin/rejected/5003", "/admin/audit",
        "/admin/audit?actor=nobody", "/admin/export",
    ];

    [Fact]
    public async Task An_administrator_mends_replays_and_exports()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "nuget");
        var rejected = new RejectedSeed(app.Database);
        for (var i = 1; i <= 4; i++)
        {
            var headers = RejectedSeed.Headers.Replace("08:15", $"08:1{i}", StringComparison.Ordinal);
            await rejected.AddAsync(5000 + i, headers, minutes: i);
        }

        await using var browser = await Chromium.StartAsync();
        var page = await SignedInAsync(browser, app);

        await page.ClickAsync("text=Mend or dismiss");
        await page.ClickAsync("a[href='/admin/rejected/5004']");
        Assert.Equal("BuildMaster", await page.InputValueAsync("[name='Form.Application']"));
        Assert.Equal("Müller", await page.InputValueAsync("[name='Form.UserName']"));
        await page.FillAsync("[name='Form.Target']", "WEB-07");
        await page.ClickAsync("button:text('Replay')");
        Assert.Equal("Recorded.", (await page.Locator("[role=status]").InnerTextAsync())[..9]);
        await page.ClickAsync("text=The record");
        Assert.Contains("WEB-07", await page.InnerTextAsync("h1"), StringComparison.Ordinal);

        await page.GotoAsync(new Uri(app.Url, "/admin/rejected").AbsoluteUri);
        await page.CheckAsync("[data-select=ids]");
        await page.UncheckAsync("input[value='5001']");
        await page.FillAsync("[name=Target]", "WEB-08");
        await page.ClickAsync("button:text('Replay')");
        Assert.Equal("2 records replayed.", await page.Locator("[role=status]").InnerTextAsync());
        await page.CheckAsync("input[value='5001']");
        await page.FillAsync("[name=dismissal]", "a test");
        await page.ClickAsync("button:text('Dismiss')");
        Assert.Equal("1 record dismissed.", await page.Locator("[role=status]").InnerTextAsync());
        await page.Locator("text=Nothing waits").WaitForAsync();

        await page.GotoAsync(new Uri(app.Url, "/admin/export").AbsoluteUri);
        await page.FillAsync("#from", "2026-01-30");
        var download = await page.RunAndWaitForDownloadAsync(() => page.ClickAsync("text=Download CSV"));
        using var reader = new StreamReader(await download.CreateReadStreamAsync());
        var rows = CsvText.Read(await reader.ReadToEndAsync());
        Assert.Equal(["id", "5002", "5003", "5004"], rows.Select(row => row[0]));
        Assert.Equal("deployments_2026-01-30.csv", download.SuggestedFilename);

        await page.GotoAsync(new Uri(app.Url, "/admin/audit?action=rejectedRecord.dismiss").AbsoluteUri);
        Assert.Contains("a test", await page.InnerTextAsync("tbody tr ins"), StringComparison.Ordinal);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task The_pages_are_accessible_in_light_and_dark_and_fit_a_phone()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "nuget");
        var rejected = new RejectedSeed(app.Database);
        await rejected.AddAsync(
            5001, RejectedSeed.Headers + "X-ProGet-Deployment-Url: " + new string('x', 2001) + "\n");
        await rejected.AddAsync(5002, name: new string('N', 200), reason: new string('y', 1500));
        await rejected.AddAsync(5003);
        await app.Service<RejectedStore>().DismissAsync(
            [5003], new string('z', 300), new Actor("Admin", "192.0.2.7"), default);
        await using var browser = await Chromium.StartAsync();

        var page = await SignedInAsync(browser, app);
        foreach (var address in Addresses)
        {
            await page.GotoAsync(new Uri(app.Url, address).AbsoluteUri);
            await Accessibility.CheckAsync(page, address);
        }

        Assert.Empty(browser.Errors);
    }

    static async Task<IPage> SignedInAsync(Chromium browser, TestApp app)
    {
        var page = await browser.OpenAsync(new Uri(app.Url, "/sign-in"));
        await page.FillAsync("main [name=name]", "Admin");
        await page.FillAsync("main [name=password]", TestApp.AdminPassword);
        await page.ClickAsync("main button");
        await Chromium.ArriveAsync(page, app.Url.AbsoluteUri);
        return page;
    }
}
