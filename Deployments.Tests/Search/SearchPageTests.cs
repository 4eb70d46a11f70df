using System.Net;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Search;

public sealed class SearchPageTests : IAsyncLifetime
{
    TestApp app = null!;
    Seed seed = null!;
    Browser visitor = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        seed = new Seed(app.Database);
        await seed.FeedAsync("main", "nuget");
        await seed.FeedAsync("web", "npm");
        await seed.FeedAsync("java", "maven");
        visitor = new Browser(app.Url);
    }

    public async Task DisposeAsync()
    {
        visitor.Dispose();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Finds_everything_that_has_a_name()
    {
        var id = await seed.DeployAsync("Acme.Billing 1.4.2", "BILLING-01", 0, change: record => record with
        {
            Application = "billing-deployer",
            UserName = "bill.billing",
        });

        var page = await visitor.ReadAsync("/search?q=BILLING");

        Assert.Contains("href=\"/feeds/main/packages/Acme.Billing\"", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/targets/BILLING-01\"", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/deployments?application=billing-deployer\"", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/deployments?user=bill.billing\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("found-versions", page, StringComparison.Ordinal);
        Assert.Contains($"href=\"/deployments/{id}\"", await visitor.ReadAsync($"/search?q={id}"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_name_comes_before_the_beginning_and_that_before_a_part()
    {
        foreach (var name in new[] { "My.Shop", "Shop.Api", "Shop" })
            await seed.DeployAsync(name + " 1.0.0", "WEB-01", 0);

        var page = await visitor.ReadAsync("/search?q=shop");

        int[] places = [.. new[] { "packages/Shop\"", "packages/Shop.Api\"", "packages/My.Shop\"" }
            .Select(link => page.IndexOf(link, StringComparison.Ordinal))];
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
    }

    [Fact]
    public async Task Versions_are_found_by_their_beginning_and_by_package()
    {
        await seed.DeployAsync("Shop 1.4.2", "WEB-01", 0);
        await seed.DeployAsync("Shop 1.40.0", "WEB-01", 1);
        await seed.DeployAsync("Depot 1.4.2", "WEB-01", 2);

        var all = await visitor.ReadAsync("/search?q=1.4.2");
        Assert.Contains("/feeds/main/packages/Shop?version=1.4.2\"", all, StringComparison.Ordinal);
        Assert.Contains("/feeds/main/packages/Depot?version=1.4.2\"", all, StringComparison.Ordinal);

        var shop = await visitor.ReadAsync("/search?q=sho+1.4");
        Assert.Contains("packages/Shop?version=1.4.2\"", shop, StringComparison.Ordinal);
        Assert.Contains("packages/Shop?version=1.40.0\"", shop, StringComparison.Ordinal);
        Assert.DoesNotContain("packages/Depot", shop, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pkg:npm/%40acme/Web@2.0.1", "/feeds/web/packages/Web?group=@acme&version=2.0.1\"")]
    [InlineData("pkg:maven/com.acme/pay", "/feeds/java/packages/pay?group=com.acme\"")]
    [InlineData("com.acme:pay", "/feeds/java/packages/pay?group=com.acme\"")]
    [InlineData("com.acme / pay", "/feeds/java/packages/pay?group=com.acme\"")]
    public async Task A_pasted_name_leads_to_its_package(string pasted, string link)
    {
        await seed.DeployAsync("@acme/Web 2.0.1", "WEB-01", 0, "web");
        await seed.DeployAsync("com.acme/pay 3.0", "WEB-01", 0, "java");

        Assert.Contains(link, await visitor.ReadAsync("/search?q=" + Uri.EscapeDataString(pasted)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_ten_are_a_click_away()
    {
        for (var i = 10; i < 25; i++)
            await seed.DeployAsync("Shop 1.0", $"WEB-{i}", i);

        var few = await visitor.ReadAsync("/search?q=web-");
        Assert.Equal(10, few.Split("href=\"/targets/").Length - 1);
        Assert.Contains("href=\"/search?q=web-&in=targets\"", few, StringComparison.Ordinal);

        var all = await visitor.ReadAsync("/search?q=web-&in=targets");
        Assert.Equal(15, all.Split("href=\"/targets/").Length - 1);
        Assert.Contains("Remove this filter", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("\\")]
    [InlineData("'\";--")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("a\0b")]
    [InlineData("\u202egnp")]
    [InlineData("pkg:")]
    [InlineData("pkg:npm/%zz@%00")]
    [InlineData("99999999999999999999999")]
    public async Task Hostile_text_finds_nothing_and_breaks_nothing(string text)
    {
        await seed.DeployAsync("Shop 1.0", "WEB-01", 0);

        using var answer = await visitor.GetAsync("/search?q=" + Uri.EscapeDataString(text));
        var page = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("Nothing found", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_and_short_texts_are_answered()
    {
        await seed.DeployAsync("Shop 1.0", "WEB-01", 0);

        Assert.Contains("Nothing found", await visitor.ReadAsync("/search?q=" + new string('x', 2000)),
            StringComparison.Ordinal);
        Assert.Contains("packages/Shop", await visitor.ReadAsync("/search?q=s"), StringComparison.Ordinal);
        Assert.Contains("Type three or more", await visitor.ReadAsync("/search?q=ho"), StringComparison.Ordinal);
        Assert.Contains("What are you looking for?", await visitor.ReadAsync("/search"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_see_it_only_where_they_may_view()
    {
        await using var closed = await TestApp.StartAsync(null, "Deployments:AnonymousView=false");
        using var stranger = new Browser(closed.Url);

        foreach (var address in new[] { "/search?q=x", "/connect", "/api-docs" })
        {
            using var answer = await stranger.GetAsync(address);
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        }

        using var document = await closed.Client.GetAsync("/openapi/v1.json");
        Assert.Equal(HttpStatusCode.Forbidden, document.StatusCode);
    }
}
