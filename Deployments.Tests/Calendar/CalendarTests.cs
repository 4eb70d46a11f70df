using Bunit;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Calendar;
using Deployments.Data.Feeds;
using Deployments.Data.TargetGroups;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Web.Calendar;
using Deployments.Web.Pages.Calendar;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Deployments.Tests.Calendar;

public sealed class CalendarTests : IAsyncLifetime
{
    static readonly DateOnly Day = DateOnly.FromDateTime(Seed.Start.UtcDateTime);

    TestDatabase database = null!;
    Seed seed = null!;
    CalendarStore store = null!;
    CalendarQueries queries = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.FeedAsync("other", "nuget");
        store = new CalendarStore(database.DataSource, new Clock(Seed.Start.AddDays(3)));
        queries = new CalendarQueries(database.DataSource, new Clock(Seed.Start.AddDays(3)));
        await new TargetGroupStore(database.DataSource).ReplaceAsync(
            new TargetGroupDefinition(["test"], [new("T-*", "test")]), null, Actor.Program, default);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task Days_are_those_of_UTC_and_tell_deployments_and_rollbacks()
    {
        // Start is 08:15 UTC.
        await seed.DeployAsync("A 1.0", "T-1", -495);
        await seed.DeployAsync("A 2.0", "T-1", 0);
        await seed.DeployAsync("A 1.0", "T-1", 1);
        await seed.DeployAsync("A 1.0", "T-1", 2);
        await seed.DeployAsync("A 1.0", "P-1", 944);
        await seed.DeployAsync("A 3.0", "T-1", 945, feed: "other");
        await seed.DeployAsync("A 1.0", "T-1", 946);

        Assert.Equal(4, await store.CountAsync(TimeSpan.FromMinutes(1), default));

        Assert.Equal([(0, 5, 1), (1, 2, 0)], await DaysAsync());
        Assert.Equal([(0, 4, 1), (1, 2, 0)], await DaysAsync(targetGroup: "TEST"));
        Assert.Equal([(0, 1, 0)], await DaysAsync(targetGroup: "-"));
        Assert.Equal([(1, 1, 0)], await DaysAsync(feed: "OTHER"));
        Assert.Empty(await DaysAsync(visible: VisibleFeeds.None));
    }

    [Fact]
    public async Task What_happens_in_a_freeze_or_outside_every_window_is_marked_for_the_targets_it_is_for()
    {
        var windows = new ChangeWindowStore(database.DataSource);
        // Start is Saturday, 31 January 2026, 08:15 UTC.
        var (all, problems) = ChangeWindowText.Read(
            "test: Mon-Fri 07:00-17:00\nTEST: Sat 09:00-24:00\n*: closed 2026-02-01 to 2026-02-01 a: b\n", ["test"]);
        Assert.Empty(problems);
        Assert.True(await windows.ReplaceAsync(all, null, Actor.Program, default));
        await seed.DeployAsync("A 1.0", "T-1", 0);
        await seed.DeployAsync("A 1.0", "P-1", 0);
        await seed.DeployAsync("A 1.0", "T-1", 44.5);
        await seed.DeployAsync("A 1.0", "T-1", 45);
        await seed.DeployAsync("A 1.0", "P-1", 1440);
        await seed.DeployAsync("A 1.0", "T-1", -600);

        await store.CountAsync(TimeSpan.FromMinutes(1), default);

        var count = await queries.OfAsync(Day.AddDays(-2), Day.AddDays(2), null, null, VisibleFeeds.All, default);
        Assert.Equal([(-1, 1L), (0, 2L), (1, 1L)],
            count.Days.Select(day => (day.Day.DayNumber - Day.DayNumber, day.Outside)));
        Assert.Equal("test: Mon-Fri 07:00-17:00\ntest: Sat 09:00-24:00\n*: closed 2026-02-01 to 2026-02-01 a: b",
            ChangeWindowText.Write(await windows.AllAsync(default)));
        Assert.False(await windows.ReplaceAsync([], "another", Actor.Program, default));
    }

    [Theory]
    [InlineData("nothing: Mon 07:00-08:00")]
    [InlineData("test Mon 07:00-08:00")]
    [InlineData("test: Mo 07:00-08:00")]
    [InlineData("test: Fri-Mon 07:00-08:00")]
    [InlineData("test: Mon 08:00-08:00")]
    [InlineData("test: Mon 08:00-24:01")]
    [InlineData("test: Mon 99:00-99:99")]
    [InlineData("test: closed 2026-02-30 to 2026-03-01")]
    [InlineData("test: closed 2026-03-02 to 2026-03-01")]
    [InlineData(":")]
    [InlineData("*: ")]
    public void A_line_that_says_nothing_is_named(string line) =>
        Assert.Single(ChangeWindowText.Read(line, ["test"]).Problems);

    [Fact]
    public async Task A_count_that_is_old_is_made_again_newest_days_first()
    {
        await store.CountAsync(TimeSpan.FromMinutes(1), default);
        await seed.DeployAsync("A 1.0", "T-1", 0);
        Assert.Equal(0, await store.CountAsync(TimeSpan.FromMinutes(1), default));

        var later = new CalendarStore(database.DataSource, new Clock(Seed.Start.AddDays(3).AddMinutes(70)));
        Assert.Equal(8, await later.CountAsync(TimeSpan.FromMinutes(1), default));

        Assert.Equal([(0, 1, 0)], await DaysAsync());
    }

    [Fact]
    public async Task An_old_day_is_counted_again_when_its_records_are_others_and_once_a_week()
    {
        await seed.DeployAsync("A 1.0", "T-1", -40 * 1440);
        await seed.DeployAsync("A 1.0", "T-1", -30 * 1440);
        await store.CountAsync(TimeSpan.FromMinutes(1), default);
        await seed.ExecuteAsync("update deployment_days set deployments = 77"); // stays where nothing is counted
        await seed.DeployAsync("A 2.0", "T-1", (-30 * 1440) + 5);

        Assert.Equal([77, 2], await CountsAsync(1.1));
        await seed.ExecuteAsync($"delete from deployments where deployed_at < '{Seed.Start.AddDays(-35):O}'");
        Assert.Equal([2], await CountsAsync(2.2));
        await seed.ExecuteAsync("update deployment_days set deployments = 77");
        Assert.Equal([77], await CountsAsync(8));
        Assert.Equal([2], await CountsAsync(9.3));

        async Task<IEnumerable<int>> CountsAsync(double days)
        {
            await new CalendarStore(database.DataSource, new Clock(Seed.Start.AddDays(3 + days)))
                .CountAsync(TimeSpan.FromMinutes(1), default);
            await using var connection = await database.DataSource.OpenConnectionAsync();
            return await connection.QueryAsync<int>("select deployments from deployment_days order by day");
        }
    }

    [Fact]
    public async Task What_is_not_counted_yet_is_said()
    {
        await seed.DeployAsync("A 1.0", "T-1", 0);
        Assert.Equal(0, await store.CountAsync(TimeSpan.FromMinutes(-1), default));

        var count = await queries.OfAsync(Day, Day.AddDays(2), null, null, VisibleFeeds.All, default);
        Assert.Equal((3, null), (count.Uncounted, count.OldestAt));
        var longAgo = await queries.OfAsync(
            Day.AddYears(-10), Day.AddYears(-9), null, null, VisibleFeeds.All, default);
        Assert.Equal((0, Day.AddDays(4 - CalendarStore.DaysMax)), (longAgo.Uncounted, longAgo.CountedFrom));
    }

    [Fact]
    public void A_month_says_in_words_what_its_shades_say_and_a_day_leads_to_its_list()
    {
        using var context = new BunitContext();
        var shown = context.Render<MonthTables>(set => set
            .Add(tables => tables.Query, CalendarQuery.Read(
                new QueryCollection(new Dictionary<string, StringValues> { ["targetGroup"] = "test" }),
                new DateOnly(2026, 2, 10)))
            .Add(tables => tables.Days, [new CalendarDay(Day, 40, 2), new CalendarDay(Day.AddDays(1), 1, 0)]));

        Assert.Equal(12, shown.FindAll("section.month").Count);
        var day = shown.Find("td.level-4 a");
        Assert.Equal("/deployments?targetGroup=test&from=2026-01-31&to=2026-01-31", day.GetAttribute("href"));
        Assert.Equal("31▼ January: 40 deployments, 2 rollbacks", day.TextContent);
        Assert.Equal("1 February: 1 deployment", shown.Find("td.level-1 a").TextContent);
        // 2026 began on a Thursday.
        var january = shown.FindAll("section.month")
            .Single(month => month.QuerySelector("h2")!.TextContent == "January 2026");
        Assert.Equal(["", "", "", "1", "2", "3", "4"],
            january.QuerySelectorAll("tbody tr")[0].Children.Select(cell => cell.TextContent));
    }

    async Task<IEnumerable<(int, int, int)>> DaysAsync(
        string? feed = null, string? targetGroup = null, VisibleFeeds? visible = null) =>
        (await queries.OfAsync(
            Day.AddDays(-9), Day.AddDays(2), feed, targetGroup, visible ?? VisibleFeeds.All, default))
        .Days.Select(day => (day.Day.DayNumber - Day.DayNumber, (int)day.Deployments, (int)day.Rollbacks));
}
