using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Search;

public sealed class SearchInBrowserTests
{
    [Fact]
    public async Task The_key_leads_to_the_box_and_the_box_to_the_package()
    {
        await using var app = await TestApp.StartAsync();
        await (await new Seed(app.Database).FeedAsync("main", "nuget")).DeployAsync("Acme.Shop 1.4.2", "WEB-01", 0);
        await using var browser = await Chromium.StartAsync();
        var page = await browser.OpenAsync(new Uri(app.Url, "/targets"));

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("shop");
        await page.Keyboard.PressAsync("Enter");
        await page.ClickAsync("text=Acme.Shop");

        Assert.Equal("/feeds/main/packages/Acme.Shop", new Uri(page.Url).AbsolutePath);
        Assert.Empty(browser.Errors);
    }

    [Theory]
    [InlineData("/search")]
    [InlineData("/search?q=shop")]
    [InlineData("/search?q=nothing-like-it")]
    [InlineData("/connect")]
    [InlineData("/api-docs")]
    public async Task Is_accessible_in_light_and_dark_and_fits_a_phone(string address)
    {
        await using var app = await TestApp.StartAsync();
        var seed = await new Seed(app.Database).FeedAsync("main", "nuget");
        await seed.FeedAsync("java", "maven");
        await seed.DeployAsync("Acme.Shop 1.4.2", "SHOP-" + new string('1', 150), 0);
        await using var browser = await Chromium.StartAsync();

        var page = await browser.OpenAsync(new Uri(app.Url, address));
        await page.EvaluateAsync("document.querySelectorAll('details.card').forEach(card => card.open = true)");
        await Accessibility.CheckAsync(page, address);
        Assert.Empty(browser.Errors);
    }
}
