using Deployments.Data.Feeds;
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
            (await queries.FiguresAsync(new DateOnly(2026, 1, 31), 3, 5, VisibleFeeds.All, default)).Days);
    }

    [Fact]
    public async Task The_busiest_come_first()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.0", "WEB-02", 0);
        await seed.DeployAsync("B 1.0", "WEB-02", 0);
        await seed.DeployAsync("B 1.0", "WEB-02", -Day);
        await seed.DeployAsync("B 1.0", "WEB-02", -Day);

        await seed.DeployAsync("B 2.0", "WEB-03", 1, change: record => record with { Application = "Jenkins" });

        var figures = await queries.FiguresAsync(new DateOnly(2026, 1, 31), 1, 2, VisibleFeeds.All, default);

        Assert.Equal(
            [("A", "main", 2L, 2L), ("B", "main", 2, 2)],
            figures.Packages.Select(row => (row.Name, row.Feed, row.Deployments, row.Targets)));
        Assert.Equal(
            [
                new TargetCount { Name = "WEB-02", Deployments = 2, Packages = 2 },
                new TargetCount { Name = "WEB-01", Deployments = 1, Packages = 1 },
            ],
            figures.Targets);
        Assert.Equal(
            [new ApplicationCount("BuildMaster", 3), new ApplicationCount("Jenkins", 1)], figures.Applications);
    }

    [Fact]
    public async Task An_empty_server_has_days_without_deployments()
    {
        var figures = await queries.FiguresAsync(new DateOnly(2026, 1, 31), 30, 5, VisibleFeeds.All, default);

        Assert.Equal((30, 0L), (figures.Days.Count, figures.Days.Sum(day => day.Deployments)));
        Assert.Empty(figures.Packages);
        Assert.Empty(figures.Targets);
        Assert.Empty(figures.Applications);
    }

    [Fact]
    public async Task What_waits_is_counted()
    {
        await seed.ExecuteAsync(PageSeed.Waiting(71));
        await seed.ExecuteAsync(PageSeed.Rejected(72));
        await seed.ExecuteAsync(PageSeed.Rejected(73));
        await seed.ExecuteAsync(
            "update rejected_records set resolved_at = now(), resolution = 'dismissed' where id = 73");

        var waiting = await queries.WaitingAsync(VisibleFeeds.All, default);

        Assert.Equal((1, 1), (waiting.Inbox, waiting.Rejected));
        Assert.NotNull(waiting.OldestReceivedAt);
    }

    [Fact]
    public async Task Nothing_waits_at_first() =>
        Assert.Equal(new WaitingCounts(), await queries.WaitingAsync(VisibleFeeds.All, default));
}
