using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Packages;

public sealed class HistoryInBrowserTests
{
    [Fact]
    public async Task The_history_is_accessible_in_light_and_dark_and_fits_a_phone()
    {
        await using var app = await TestApp.StartAsync();
        var seed = await PackageSeed.CreateAsync(
            app.Service<FeedStore>(), app.Service<FeedQueries>(), app.Service<RecordStore>());
        await seed.AddAsync("Accounts.Web", "1.4.2", "WEB-01", PackageSeed.Noon.AddHours(11.5),
            url: "https://ci.example.com/1");
        await seed.AddAsync("Accounts.Web", "1.5.0", "WEB-01", PackageSeed.Noon.AddHours(11.6), recorder: "octopus-eu");
        await seed.AddAsync("Accounts.Web", "1.5.0", "WEB-01", PackageSeed.Noon.AddDays(2),
            description: new string('x', 2000));
        await seed.AddAsync("Accounts.Web", "1.4.2", "WEB-01", PackageSeed.Noon.AddDays(3));
        await using var browser = await Chromium.StartAsync();

        var page = await browser.OpenAsync(
            new Uri(app.Url, "/feeds/approved/packages/Accounts.Web/history?user=jdoe"));
        await Accessibility.CheckAsync(page, "history", async _ =>
        {
            // 23:30 UTC is the next day in Berlin: day headings move with the times below them.
            Assert.Equal("Wednesday 11 March 2026",
                (await page.InnerTextAsync("tbody:last-of-type tr.day")).Trim());
            Assert.Equal("00:30",
                (await page.InnerTextAsync("tbody:last-of-type tr[data-at]:last-child time")).Trim());
        });
        Assert.Empty(browser.Errors);
    }
}
