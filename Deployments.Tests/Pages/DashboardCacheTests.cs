using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Web.Pages;

namespace Deployments.Tests.Pages;

public sealed class DashboardCacheTests
{
    [Fact]
    public async Task Nobody_waits_for_a_count_while_there_is_one_that_is_not_too_old()
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        var clock = new Clock();
        var source = database.DataSource;
        using var cache = new DashboardCache(
            new DashboardQueries(source), new VulnerabilityQueries(source, clock), new DriftQueries(source, clock),
            clock);
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        Assert.Equal((0, 1), await FiguresAsync());
        await seed.DeployAsync("A 1.1", "WEB-01", 1);

        clock.Seconds = 30;
        Assert.Equal((0, 1), await FiguresAsync());

        // Somebody else's lock makes the count last, and still nobody waits.
        await using (var connection = await source.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "lock table deployments in access exclusive mode";
            await command.ExecuteNonQueryAsync();
            clock.Seconds = 31;
            Assert.Equal((0, 1), await FiguresAsync());
            Assert.Equal((0, 1), await FiguresAsync());
        }

        await Patience.UntilAsync(async () => await FiguresAsync() == (31, 2));

        await seed.DeployAsync("A 1.2", "WEB-01", 2);
        clock.Seconds = 31 + 301;
        Assert.Equal((332, 3), await FiguresAsync());

        // Another who sees something else has figures of their own.
        Assert.Empty((await cache.GetAsync(VisibleFeeds.None, default)).Figures.Packages);

        async Task<(double At, long Deployments)> FiguresAsync()
        {
            var counted = await cache.GetAsync(VisibleFeeds.All, default);
            return ((counted.At - Clock.Start).TotalSeconds, counted.Figures.Days.Sum(day => day.Deployments));
        }
    }

    sealed class Clock : TimeProvider
    {
        public static readonly DateTimeOffset Start = Seed.Start.AddHours(1);

        public int Seconds { get; set; }

        public override DateTimeOffset GetUtcNow() => Start.AddSeconds(Seconds);
    }
}
