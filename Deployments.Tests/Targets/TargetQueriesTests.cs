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

        var first = await queries.PageAsync(null, null, null, 2, default);
        var second = await queries.PageAsync(null, first.After, null, 2, default);
        var third = await queries.PageAsync(null, second.After, null, 2, default);
        var back = await queries.PageAsync(null, null, third.Before, 2, default);
        var start = await queries.PageAsync(null, null, back.Before, 2, default);

        Assert.Equal(["WEB-01", "WEB-02"], Names(first));
        Assert.Equal(["WEB-03", "WEB-04"], Names(second));
        Assert.Equal(["WEB-05"], Names(third));
        Assert.Equal(Names(second), Names(back));
        Assert.Equal(Names(first), Names(start));
        Assert.Null(first.Before);
        Assert.Null(third.After);
        Assert.Null(start.Before);
    }

    [Fact]
    public async Task A_target_counts_its_packages_and_knows_its_last_deployment()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.1", "web-01", 1);
        await seed.DeployAsync("B 1.0", "WEB-01", 2);
        await seed.DeployAsync("B 1.0", "DB_1", 3);

        var row = await queries.FindOrNullAsync("Web-01", default);

        Assert.Equal(("WEB-01", 2, Seed.Start.AddMinutes(2)), (row!.Name, row.Packages, row.LastDeployedAt));
        Assert.Equal(["DB_1"], Names(await queries.PageAsync("b_", null, null, 9, default)));
        Assert.Null(await queries.FindOrNullAsync("WEB-99", default));
    }

    [Fact]
    public async Task What_ran_then_is_the_newest_record_of_each_package_up_to_then()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("B 5.0", "WEB-01", 1);
        await seed.DeployAsync("A 2.0", "WEB-01", 10);
        await seed.DeployAsync("A 1.5", "WEB-01", 5); // told late
        await seed.DeployAsync("A 9.0", "WEB-02", 6);
        var id = (await queries.FindOrNullAsync("WEB-01", default))!.TargetId;

        Assert.Equal(["A 2.0", "B 5.0"], Packages(await queries.NowAsync(id, default)));
        Assert.Equal(["A 1.5", "B 5.0"], Packages(await queries.AtAsync(id, Seed.Start.AddMinutes(9), default)));
        Assert.Equal(["A 1.0"], Packages(await queries.AtAsync(id, Seed.Start, default)));
        Assert.Empty(await queries.AtAsync(id, Seed.Start.AddMinutes(-1), default));
    }

    static IEnumerable<string> Names(TargetPage page) => page.Items.Select(row => row.Name);

    static IEnumerable<string> Packages(IEnumerable<InstalledRow> rows) =>
        rows.Select(row => $"{row.Name} {row.Version}");
}
