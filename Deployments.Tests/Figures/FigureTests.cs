using Bunit;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Figures;
using Deployments.Data.Records;
using Deployments.Data.TargetGroups;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Deployments.Web.Figures;
using Deployments.Web.Pages.Figures;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Tests.Figures;

public sealed class FigureTests : IAsyncLifetime
{
    const double Hour = 60;
    const double Day = 24 * Hour;

    static readonly TargetGroupDefinition Groups = new(
        ["dev", "test", "production"], [new("D-*", "dev"), new("T-*", "test"), new("P-*", "production")]);

    static readonly FigureFilter All = new()
    {
        From = Seed.Start.AddDays(-100),
        To = Seed.Start.AddDays(200),
        TargetGroup = "PRODUCTION",
        FromGroup = "Dev",
    };

    TestDatabase database = null!;
    Seed seed = null!;
    FigureQueries queries = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.FeedAsync("other", "nuget");
        queries = new FigureQueries(database.DataSource);
        await GroupAsync(Groups);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task A_version_counts_once_in_a_group_when_it_first_comes_there()
    {
        await seed.DeployAsync("A 1.0", "P-1", 0);
        await seed.DeployAsync("A 1.0", "P-2", 5);
        await seed.DeployAsync("A 1.0", "P-1", 9 * Day);
        await seed.DeployAsync("A 2.0", "P-1", 60 * Day);
        await seed.DeployAsync("A 1.0", "T-1", -5);
        await seed.DeployAsync("B 1.0", "nowhere", 0);
        await CountAsync();

        Assert.Equal(["2026 Q1: 1", "2026 Q2: 1"], await RowsAsync(All, FigureBy.Quarter));
        Assert.Equal(["A: 2"], await RowsAsync(All, FigureBy.Package));
        Assert.Equal(["production: 2", ": 1", "test: 1"],
            await RowsAsync(All with { TargetGroup = null }, FigureBy.TargetGroup));
        Assert.Equal(["B: 1"], await RowsAsync(All with { TargetGroup = "-" }, FigureBy.Package));
        Assert.Empty(await RowsAsync(All with { Name = "B" }, FigureBy.Package));
        Assert.Empty(await RowsAsync(All with { TargetGroup = "nothing" }, FigureBy.Package));
        Assert.Equal(["A: 1"], await RowsAsync(All with { To = Seed.Start.AddDays(60) }, FigureBy.Package));
    }

    [Fact]
    public async Task The_way_from_a_group_is_measured_where_a_version_was_there_before()
    {
        await seed.DeployAsync("A 1.0", "D-1", 0);
        await seed.DeployAsync("A 1.0", "D-2", 3 * Hour);
        await seed.DeployAsync("A 1.0", "T-1", 4 * Hour);
        await seed.DeployAsync("A 1.0", "P-1", 10 * Hour);
        await seed.DeployAsync("A 2.0", "D-1", 20 * Hour);
        await seed.DeployAsync("A 2.0", "P-1", 40 * Hour);
        await seed.DeployAsync("A 3.0", "P-1", 50 * Hour);
        await seed.DeployAsync("A 3.0", "D-1", 51 * Hour);
        await CountAsync();

        Assert.Equal((3, 2, 15 * 3600), await LeadAsync(All));
        Assert.Equal((3, 1, 6 * 3600), await LeadAsync(All with { FromGroup = "test" }));
        Assert.Equal((3, 0, null), await LeadAsync(All with { FromGroup = null }));
        // A group is no way to itself.
        Assert.Equal((3, 0, null), await LeadAsync(All with { TargetGroup = "dev" }));
        Assert.Equal(["2.0", "1.0"], await ListAsync(All, FigureKind.LeadTime));
    }

    [Fact]
    public async Task A_version_is_rolled_back_when_an_older_one_takes_its_place_within_seven_days()
    {
        await seed.DeployAsync("A 1.0", "P-1", -Day);
        await seed.DeployAsync("A 1.0", "P-2", -Day);
        await seed.DeployAsync("A 2.0", "P-1", 0);
        await seed.DeployAsync("A 2.0", "P-2", Hour);
        await seed.DeployAsync("A 1.0", "P-1", 2 * Hour);
        await seed.DeployAsync("A 1.0", "P-2", 5 * Hour);
        // Too late, on another target, by a newer version, and on a target that never had it.
        await seed.DeployAsync("A 3.0", "P-1", Day);
        await seed.DeployAsync("A 2.0", "P-1", (8 * Day) + 1);
        await seed.DeployAsync("A 4.0", "P-2", 9 * Day);
        await seed.DeployAsync("A 5.0", "P-2", 10 * Day);
        await seed.DeployAsync("A 1.5", "P-3", 10 * Day);
        await CountAsync();

        var report = await queries.OfAsync(All, FigureBy.Package, 10, VisibleFeeds.All, default);
        Assert.Equal((6, 1, 5 * 3600.0),
            (report.Total.Deployments, report.Total.RolledBack, report.Total.RestoreSeconds));
        var row = Assert.Single(await queries.ArrivalsAsync(
            All, FigureKind.RolledBack, null, 10, VisibleFeeds.All, default));
        Assert.Equal(("2.0", Seed.Start.AddHours(5)), (row.Version, row.RestoredAt));
    }

    [Fact]
    public async Task Who_sees_a_part_gets_the_figures_of_that_part()
    {
        await seed.DeployAsync("A 1.0", "D-1", -Day, feed: "other");
        await seed.DeployAsync("A 1.0", "P-1", 0, feed: "other");
        await seed.DeployAsync("A 2.0", "P-1", Hour, feed: "other");
        await seed.DeployAsync("A 1.0", "P-1", 2 * Hour);
        await seed.DeployAsync("A 1.0", "P-2", 3 * Hour);
        await seed.DeployAsync("B 1.0", "P-1", 0, feed: "other");
        await CountAsync();
        await seed.ExecuteAsync("update feeds set anonymous_access = false where name = 'other'");
        var main = await new VisibleFeedQueries(database.DataSource).OfAsync(true, false, [], default);

        // Of a version that came through both feeds there is one, the first that is seen.
        Assert.Equal(["A: 2", "B: 1"], await RowsAsync(All, FigureBy.Package));
        Assert.Equal(["A: 1"], await RowsAsync(All, FigureBy.Package, main));
        Assert.Equal(["A: 1"], await RowsAsync(All with { Feed = "MAIN" }, FigureBy.Package));
        Assert.Empty(await RowsAsync(All, FigureBy.Package, VisibleFeeds.None));
        Assert.Equal((3, 1, 24 * 3600), await LeadAsync(All));
        Assert.Equal((1, 0, null), await LeadAsync(All, main));
        // It was another feed that went back, as for the calendar.
        var all = await queries.OfAsync(All, FigureBy.Quarter, 10, VisibleFeeds.All, default);
        Assert.Equal(0, all.Total.RolledBack);
        var seen = Assert.Single(await queries.ArrivalsAsync(All, FigureKind.Deployments, null, 9, main, default));
        Assert.Equal(("main", Seed.Start.AddHours(2)), (seen.Feed, seen.ArrivedAt));
    }

    [Fact]
    public async Task A_list_has_as_many_versions_as_its_figure_page_by_page()
    {
        for (var i = 0; i < 7; i++)
            await seed.DeployAsync($"A 1.{i}", "P-1", i / 3);
        await CountAsync();

        Assert.Equal(["1.6", "1.5", "1.4", "1.3", "1.2", "1.1", "1.0"],
            await ListAsync(All, FigureKind.Deployments, pageSize: 2));
    }

    [Fact]
    public async Task Packages_are_counted_again_when_there_may_be_more_or_the_groups_changed()
    {
        await seed.DeployAsync("A 1.0", "P-1", 0);
        await seed.DeployAsync("B 1.0", "P-1", 0);
        Assert.False((await queries.OfAsync(All, FigureBy.Package, 1, VisibleFeeds.All, default)).IsComplete);
        Assert.Equal(0, await StoreAt(3 * Hour).CountAsync(TimeSpan.FromMinutes(-1), default));
        Assert.False((await queries.OfAsync(All, FigureBy.Package, 1, VisibleFeeds.All, default)).IsComplete);
        Assert.Equal(2, await CountAsync(3 * Hour));
        Assert.Equal(0, await CountAsync((3 * Hour) + 59));
        await seed.DeployAsync("A 2.0", "P-1", (3 * Hour) + 10);

        Assert.Equal(1, await CountAsync((4 * Hour) + 1));
        Assert.Equal(["A: 2", "B: 1"], await RowsAsync(All, FigureBy.Package));
        await seed.DeployAsync("B 0.9", "P-1", -50 * Day);
        Assert.Equal(0, await CountAsync((4 * Hour) + 30));
        Assert.Equal(2, await CountAsync(2 * Day));
        Assert.Equal(["A: 2", "B: 2"], await RowsAsync(All, FigureBy.Package));

        await GroupAsync(new TargetGroupDefinition(["production"], [new("T-*", "production")]));
        Assert.False((await queries.OfAsync(All, FigureBy.Package, 1, VisibleFeeds.All, default)).IsComplete);
        Assert.Equal(2, await CountAsync(2 * Day));
        Assert.Empty(await RowsAsync(All, FigureBy.Package));
    }

    [Fact]
    public async Task A_breakdown_says_when_there_is_more()
    {
        await seed.DeployAsync("A 1.0", "P-1", 0);
        await seed.DeployAsync("B 1.0", "P-1", 0);
        await seed.DeployAsync("B 1.1", "P-1", 0);
        await CountAsync();

        var cut = await queries.OfAsync(All, FigureBy.Package, 1, VisibleFeeds.All, default);
        var whole = await queries.OfAsync(All, FigureBy.Package, 2, VisibleFeeds.All, default);
        Assert.Equal((true, "B", 3), (cut.IsTruncated, cut.Rows.Single().Name, cut.Total.Deployments));
        Assert.False(whole.IsTruncated);
    }

    [Theory]
    [InlineData("", "production", "dev", "2025-10-01", "2027-01-01")]
    [InlineData("?quarter=2026-Q2", "production", "dev", "2026-04-01", "2026-07-01")]
    [InlineData("?targetGroup=TEST", "test", "dev", "2025-10-01", "2027-01-01")]
    [InlineData("?targetGroup=dev", "dev", null, "2025-10-01", "2027-01-01")]
    [InlineData("?by=targetGroup&fromGroup=test", null, "test", "2025-10-01", "2027-01-01")]
    [InlineData("?targetGroup=-", "-", "dev", "2025-10-01", "2027-01-01")]
    public void Without_a_choice_the_way_is_from_the_first_group_to_the_last(
        string query, string? to, string? from, string first, string end)
    {
        var read = Read(query);

        Assert.Null(read.Given.Problem);
        Assert.Equal((to, from), (read.Filter.TargetGroup, read.Filter.FromGroup));
        Assert.Equal((first, end), ($"{read.Filter.From:yyyy-MM-dd}", $"{read.Filter.To:yyyy-MM-dd}"));
    }

    [Theory]
    [InlineData("?quarter=2026-Q5", "quarter is not a quarter such as 2026-Q4, from 1990 up to now.")]
    [InlineData("?quarter=2027-Q1", "quarter is not a quarter such as 2026-Q4, from 1990 up to now.")]
    [InlineData("?quarter=soon", "quarter is not a quarter such as 2026-Q4, from 1990 up to now.")]
    [InlineData("?by=person", "by is not one of quarter, package, application, targetGroup.")]
    [InlineData("?figure=joy", "figure is not one of deployments, leadTime, rolledBack.")]
    [InlineData("?targetGroup=nothing", "targetGroup is no group of targets.")]
    [InlineData("?fromGroup=nothing", "fromGroup is no group of targets.")]
    [InlineData("?fromGroup=production&targetGroup=test",
        "fromGroup has to be a group before test, in the order of the groups.")]
    public void What_cannot_be_read_is_named(string query, string problem) =>
        Assert.Equal(problem, Read(query).Given.Problem);

    [Fact]
    public void A_number_leads_to_the_versions_that_it_counts()
    {
        using var context = new BunitContext();
        var shown = context.Render<FigureTable>(set => set
            .Add(table => table.Query, Read("?by=package&feed=main"))
            .Add(table => table.By, FigureBy.Package)
            .Add(table => table.Now, Seed.Start)
            .Add(table => table.Rows,
            [
                new FigureRow
                {
                    Key = 7, Type = "nuget", Name = "<b>A</b>", Deployments = 12, Led = 3, LeadSeconds = 90_000,
                    RolledBack = 1, RestoreSeconds = 5400,
                },
            ]));

        const string list = "/figures/versions?feed=main&by=package&type=nuget&group=-&name=%3Cb%3EA%3C%2Fb%3E&figure=";
        Assert.Equal([list + "deployments", list + "leadTime", list + "rolledBack"],
            shown.FindAll("td a").Select(link => link.GetAttribute("href")));
        Assert.Equal(["1 day of 3", "8.3% 1", "1.5 hours"],
            shown.FindAll("td").Skip(2).Select(cell => cell.TextContent.Trim()));
        Assert.Equal("<b>A</b> nuget", shown.Find("th[scope=row]").TextContent);
    }

    [Theory]
    [InlineData(null, "–")]
    [InlineData(0.0, "0 seconds")]
    [InlineData(60.0, "1 minute")]
    [InlineData(5400.0, "1.5 hours")]
    [InlineData(86_400.0 * 1234.6, "1,235 days")]
    public void A_time_is_told_in_its_largest_unit(double? seconds, string text) =>
        Assert.Equal(text, FigureText.Duration(seconds));

    static FigureQuery Read(string query) => FigureQuery.Read(
        new QueryCollection(QueryHelpers.ParseQuery(query)), Groups.Groups, new FeedTypeCatalog(),
        new DateOnly(2026, 12, 1));

    ArrivalStore StoreAt(double minutes) => new(database.DataSource, new Clock(Seed.Start.AddMinutes(minutes)));

    Task<int> CountAsync(double minutes = 0) => StoreAt(minutes).CountAsync(TimeSpan.FromMinutes(1), default);

    async Task GroupAsync(TargetGroupDefinition groups) => Assert.True(
        await new TargetGroupStore(database.DataSource).ReplaceAsync(groups, null, Actor.Program, default));

    async Task<IEnumerable<string>> RowsAsync(FigureFilter filter, FigureBy by, VisibleFeeds? visible = null) =>
        (await queries.OfAsync(filter, by, 10, visible ?? VisibleFeeds.All, default)).Rows
        .Select(row => $"{(by == FigureBy.TargetGroup ? row.Name : FigureText.Name(by, row))}: {row.Deployments}");

    async Task<(long, long, int?)> LeadAsync(FigureFilter filter, VisibleFeeds? visible = null)
    {
        var total = (await queries.OfAsync(filter, FigureBy.Package, 9, visible ?? VisibleFeeds.All, default)).Total;
        return (total.Deployments, total.Led, (int?)total.LeadSeconds);
    }

    async Task<List<string>> ListAsync(FigureFilter filter, FigureKind kind, int pageSize = 10)
    {
        var found = new List<string>();
        RecordCursor? cursor = null;
        while (true)
        {
            var rows = await queries.ArrivalsAsync(filter, kind, cursor, pageSize, VisibleFeeds.All, default);
            found.AddRange(rows.Take(pageSize).Select(row => row.Version));
            if (rows.Count <= pageSize)
                return found;
            cursor = new(rows[pageSize - 1].ArrivedAt, rows[pageSize - 1].DeploymentId, false);
        }
    }
}
