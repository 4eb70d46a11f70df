using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

public sealed class DashboardQueriesTests : IAsyncLifetime
{
    const int Day = 24 * 60;

    TestDatabase database = null!;
    Seed seed = null!;
    DashboardQueries queries = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        queries = new DashboardQueries(database.DataSource);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task Days_without_deployments_are_among_the_days()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.1", "WEB-01", 1);
        await seed.DeployAsync("A 1.2", "WEB-01", -2 * Day);
        await seed.DeployAsync("A 1.3", "WEB-01", -3 * Day);
        await seed.DeployAsync("A 1.4", "WEB-01", Day);

        Assert.Equal(
            [new DayCount(new(2026, 1, 29), 1), new DayCount(new(2026, 1, 30), 0), new DayCount(new(2026, 1, 31), 2)],
            await queries.PerDayAsync(new DateOnly(2026, 1, 31), 3, default));
    }

    [Fact]
    public async Task The_busiest_come_first()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.0", "WEB-02", 0);
        await seed.DeployAsync("B 1.0", "WEB-02", 0);
        await seed.DeployAsync("B 1.0", "WEB-02", -Day);
        await seed.DeployAsync("B 1.0", "WEB-02", -Day);

        var packages = await queries.BusiestPackagesAsync(Seed.Start, 5, default);
        var targets = await queries.BusiestTargetsAsync(Seed.Start, 1, default);

        Assert.Equal([("A", 2L, 2L), ("B", 1, 1)], packages.Select(row => (row.Name, row.Deployments, row.Targets)));
        Assert.Equal([new TargetCount { Name = "WEB-02", Deployments = 2, Packages = 2 }], targets);
    }

    [Fact]
    public async Task What_waits_is_counted()
    {
        await seed.ExecuteAsync(PageSeed.Waiting(71));
        await seed.ExecuteAsync(PageSeed.Rejected(72));
        await seed.ExecuteAsync(PageSeed.Rejected(73));
        await seed.ExecuteAsync(
            "update rejected_records set resolved_at = now(), resolution = 'dismissed' where id = 73");

        Assert.Equal(new WaitingCounts { Inbox = 1, Rejected = 1 }, await queries.WaitingAsync(default));
    }
}
