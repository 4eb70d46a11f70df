using Deployments.Data.Feeds;
using Deployments.Data.Targets;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Targets;

public sealed class TargetQueriesTests : IAsyncLifetime
{
    TestDatabase database = null!;
    Seed seed = null!;
    TargetQueries queries = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        queries = new TargetQueries(database.DataSource);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task Targets_are_paged_by_name_both_ways()
    {
        for (var i = 5; i >= 1; i--)
            await seed.DeployAsync("A 1.0", $"WEB-0{i}", i);

        var first = await queries.PageAsync(null, TargetOrder.Name, null, 2, VisibleFeeds.All, default);
        var second = await queries.PageAsync(null, TargetOrder.Name, first.Next, 2, VisibleFeeds.All, default);
        var third = await queries.PageAsync(null, TargetOrder.Name, second.Next, 2, VisibleFeeds.All, default);
        var back = await queries.PageAsync(null, TargetOrder.Name, third.Previous, 2, VisibleFeeds.All, default);
        var start = await queries.PageAsync(null, TargetOrder.Name, back.Previous, 2, VisibleFeeds.All, default);

        Assert.Equal(["WEB-01", "WEB-02"], Names(first));
        Assert.Equal(["WEB-03", "WEB-04"], Names(second));
        Assert.Equal(["WEB-05"], Names(third));
        Assert.Equal(Names(second), Names(back));
        Assert.Equal(Names(first), Names(start));
        Assert.Null(first.Previous);
        Assert.Null(third.Next);
        Assert.Null(start.Previous);
    }

    [Theory]
    [InlineData(TargetOrder.Last, "DB-1 APP-2 APP-1 WEB-2 WEB-1")]
    [InlineData(TargetOrder.Packages, "WEB-1 APP-2 APP-1 DB-1 WEB-2")]
    public async Task Targets_are_paged_in_other_orders_both_ways(TargetOrder order, string expected)
    {
        foreach (var package in (string[])["A", "B", "C"])
            await seed.DeployAsync($"{package} 1.0", "WEB-1", 0);
        await seed.DeployAsync("A 1.0", "WEB-2", 1);
        await seed.DeployAsync("A 1.0", "APP-1", 2);
        await seed.DeployAsync("A 1.0", "APP-2", 3);
        await seed.DeployAsync("B 1.0", "APP-2", 3);
        await seed.DeployAsync("A 1.0", "DB-1", 4);

        var first = await queries.PageAsync(null, order, null, 2, VisibleFeeds.All, default);
        var second = await queries.PageAsync(null, order, first.Next, 2, VisibleFeeds.All, default);
        var third = await queries.PageAsync(null, order, second.Next, 2, VisibleFeeds.All, default);
        var back = await queries.PageAsync(null, order, third.Previous, 2, VisibleFeeds.All, default);

        Assert.Equal(expected, string.Join(' ', Names(first).Concat(Names(second)).Concat(Names(third))));
        Assert.Equal(Names(second), Names(back));
        Assert.Null(third.Next);
        Assert.Equal(
            ["APP-2", "APP-1"], Names(await queries.PageAsync(
                new TargetFilter("app"), order, null, 2, VisibleFeeds.All, default)));
    }

    [Theory]
    [InlineData("a0-web-01", true)]
    [InlineData("b12-a-b", true)]
    [InlineData("a-5-x", false)]
    [InlineData("c0-web-01", false)]
    [InlineData("a0-", false)]
    [InlineData("a0-\0", false)]
    [InlineData("", false)]
    public void A_place_is_read_as_it_was_written(string text, bool isOne) =>
        Assert.Equal(isOne ? text : null, TargetEdge.TryParse(text)?.ToString());

    [Fact]
    public async Task Changes_begin_with_what_ran_before()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.1", "WEB-01", 5);
        await seed.DeployAsync("A 1.2", "WEB-01", 10);
        await seed.DeployAsync("A 1.1", "WEB-01", 15);
        await seed.DeployAsync("B 1.0", "WEB-01", 20);
        await seed.DeployAsync("A 9.0", "WEB-02", 12);
        await seed.DeployAsync("A 3.0", "WEB-01", 30);
        var id = (await queries.FindOrNullAsync("WEB-01", VisibleFeeds.All, default))!.TargetId;

        Task<IReadOnlyList<InstalledRow>> ChangesAsync(int packages, int records) => queries.ChangesAsync(
            id, Seed.Start.AddMinutes(7), Seed.Start.AddMinutes(25), packages, records, VisibleFeeds.All, default);

        Assert.Equal(["A 1.1", "A 1.2", "A 1.1", "B 1.0"], Packages(await ChangesAsync(9, 9)));
        Assert.Equal(["A 1.1", "A 1.1"], Packages(await ChangesAsync(1, 1)));
    }

    [Fact]
    public async Task A_target_counts_its_packages_and_knows_its_last_deployment()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.1", "web-01", 1);
        await seed.DeployAsync("B 1.0", "WEB-01", 2);
        await seed.DeployAsync("B 1.0", "DB_1", 3);

        var row = await queries.FindOrNullAsync("Web-01", VisibleFeeds.All, default);

        Assert.Equal(("WEB-01", 2, Seed.Start.AddMinutes(2)), (row!.Name, row.Packages, row.LastDeployedAt));
        Assert.Equal(
            ["DB_1"], Names(await queries.PageAsync(
                new TargetFilter("b_"), TargetOrder.Name, null, 9, VisibleFeeds.All, default)));
        Assert.Null(await queries.FindOrNullAsync("WEB-99", VisibleFeeds.All, default));
    }

    [Fact]
    public async Task What_ran_then_is_the_newest_record_of_each_package_up_to_then()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("B 5.0", "WEB-01", 1);
        await seed.DeployAsync("A 2.0", "WEB-01", 10);
        await seed.DeployAsync("A 1.5", "WEB-01", 5); // told late
        await seed.DeployAsync("A 9.0", "WEB-02", 6);
        var id = (await queries.FindOrNullAsync("WEB-01", VisibleFeeds.All, default))!.TargetId;

        Assert.Equal(["A 2.0", "B 5.0"], Packages(await queries.NowAsync(id, VisibleFeeds.All, default)));
        Assert.Equal(
            ["A 1.5", "B 5.0"],
            Packages(await queries.AtAsync(id, Seed.Start.AddMinutes(9), VisibleFeeds.All, default)));
        Assert.Equal(["A 1.0"], Packages(await queries.AtAsync(id, Seed.Start, VisibleFeeds.All, default)));
        Assert.Empty(await queries.AtAsync(id, Seed.Start.AddMinutes(-1), VisibleFeeds.All, default));
    }

    static IEnumerable<string> Names(TargetPage page) => page.Items.Select(row => row.Name);

    static IEnumerable<string> Packages(IEnumerable<InstalledRow> rows) =>
        rows.Select(row => $"{row.Name} {row.Version}");
}
