using Bunit;
using Deployments.Data.Feeds;
using Deployments.Data.Findings;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Records;

namespace Deployments.Tests.Packages;

/// <summary>What became known of vulnerabilities, between the deployments.</summary>
public sealed class HistoryMarksTests : IAsyncLifetime
{
    const string Hostile = "\u202E</td><script>alert(1)</script>'\"&";

    static readonly PackageKey Acme = new("nuget", "", "acme");

    TestDatabase database = null!;
    PackageSeed seed = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await PackageSeed.CreateAsync(new FeedStore(database.DataSource), new FeedQueries(database.DataSource),
            new RecordStore(database.DataSource));
        for (var day = 0; day < 9; day++)
            await seed.AddAsync("Acme", $"1.{day}.0", day % 2 == 0 ? "WEB-1" : "WEB-2", PackageSeed.Noon.AddDays(day));
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Each_mark_is_on_one_page_whichever_way_they_are_turned()
    {
        // Before everything, at the moment of a record, on the borders of pages of two, between, after everything.
        double[] days = [-30, 0, 0.5, 1, 2.5, 3, 4.5, 5, 6.5, 7, 8, 8.5, 30];
        foreach (var (i, day) in days.Index())
            await ImportAsync($"GHSA-{i}", PackageSeed.Noon.AddDays(day));
        var everything = days.Index().Select(pair => $"GHSA-{pair.Index}").Reverse().ToList();

        var (older, last) = await TurnAsync(new HistoryFilter { Package = Acme }, null, page => page.ToOlder);
        var (newer, _) = await TurnAsync(
            new HistoryFilter { Package = Acme }, last!.ToNewer, page => page.ToNewer);
        var lastMarks = await MarksAsync(new HistoryFilter { Package = Acme }, last);

        Assert.Equal(everything, older.SelectMany(page => page));
        Assert.Equal(everything, newer.AsEnumerable().Reverse().SelectMany(page => page).Concat(lastMarks));
    }

    [Fact]
    public async Task Versions_are_named_in_their_order_and_a_withdrawal_has_its_own_mark()
    {
        await seed.AddAsync("Acme", "1.10.0", "WEB-1", PackageSeed.Noon.AddDays(20));
        await ImportAsync("GHSA-1", PackageSeed.Noon, introduced: "1.2.0");
        await ImportAsync("GHSA-1", PackageSeed.Noon, withdrawn: PackageSeed.Noon.AddDays(3), introduced: "1.2.0");
        await ImportAsync("GHSA-2", PackageSeed.Noon.AddDays(4), introduced: "9.0.0");

        var marks = await AllAsync(new HistoryFilter { Package = Acme });

        Assert.Equal([("GHSA-1", true), ("GHSA-1", false)], marks.Select(mark => (mark.Id, mark.IsWithdrawal)));
        Assert.All(marks, mark => Assert.Equal(
            ["1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0", "1.10.0"], mark.Versions));
        Assert.Equal(PackageSeed.Noon.AddDays(3), marks[0].At);
        Assert.Equal((SeverityLevel.High, 7.5), (marks[1].Severity, marks[1].Score));
    }

    [Fact]
    public async Task Filters_hold_for_marks_too()
    {
        await ImportAsync("GHSA-1", PackageSeed.Noon.AddDays(1.5), introduced: "1.1.0", fixedIn: "1.2.0");
        var all = new HistoryFilter { Package = Acme };

        Assert.Single(await AllAsync(all with { VersionKey = "1.1.0" }));
        Assert.Empty(await AllAsync(all with { VersionKey = "1.2.0" }));
        Assert.Single(await AllAsync(all with { Target = "web-2" }));
        Assert.Empty(await AllAsync(all with { Target = "WEB-1" }));
        Assert.Empty(await AllAsync(all with { User = "jdoe" }));
        Assert.Empty(await AllAsync(all with { Application = "BuildMaster" }));
        Assert.Single(await AllAsync(all with { From = PackageSeed.Noon, To = PackageSeed.Noon.AddDays(2) }));
        Assert.Empty(await AllAsync(all with { From = PackageSeed.Noon.AddDays(2) }));
        Assert.Empty(await AllAsync(all with { To = PackageSeed.Noon.AddDays(1.1) }));
        Assert.Empty(await AllAsync(all with { Package = new PackageKey("nuget", "", "other") }));
    }

    [Fact]
    public async Task Other_names_of_one_vulnerability_make_one_mark_at_the_first_date()
    {
        await ImportAsync("GHSA-1", PackageSeed.Noon.AddDays(3), alias: "CVE-2026-1");
        await ImportAsync("PYSEC-1", PackageSeed.Noon.AddDays(2), alias: "CVE-2026-1");

        var mark = Assert.Single(await AllAsync(new HistoryFilter { Package = Acme }));

        Assert.Equal(("GHSA-1", PackageSeed.Noon.AddDays(2)), (mark.Id, mark.At));
    }

    [Fact]
    public void Marks_stand_between_the_deployments_of_their_day()
    {
        using var context = new BunitContext();
        var shown = context.Render<HistoryTable>(set => set
            .Add(table => table.Rows, [Row(2, 4), Row(1, 2)])
            .Add(table => table.Marks,
            [
                Mark("GHSA-2", 3, ["1.0"]) with { IsWithdrawal = true },
                Mark("GHSA-1", 2, [.. Enumerable.Range(1, 12).Select(n => $"1.{n}")]),
                Mark("GHSA-0", -50, ["1.0", "1.1"]),
            ]));

        Assert.Equal(["", "GHSA-2", "GHSA-1", "", "GHSA-0"], shown.FindAll("tr[data-at]").Select(row =>
            row.ClassName == "known" ? row.QuerySelector("a")!.TextContent : ""));
        Assert.Equal(4, shown.FindAll("tr.day").Count);
        var texts = shown.FindAll("tr.known").Select(row => Plain(row.TextContent)).ToList();
        Assert.EndsWith("GHSA-2 High 7.5 was withdrawn; it had named 1.0", texts[0], StringComparison.Ordinal);
        Assert.EndsWith("1.7, 1.8 and 4 more affected", texts[1], StringComparison.Ordinal);
        Assert.EndsWith("GHSA-0 High 7.5 became known: 1.0, 1.1 affected", texts[2], StringComparison.Ordinal);
        Assert.Equal("/vulnerabilities/GHSA-2", shown.Find("tr.known a").GetAttribute("href"));
    }

    [Fact]
    public void Hostile_text_in_a_mark_stays_text()
    {
        using var context = new BunitContext();
        var shown = context.Render<HistoryTable>(set => set
            .Add(table => table.Rows, [Row(1, 0)]).Add(table => table.Marks, [Mark(Hostile, 1, [Hostile])]));

        Assert.Empty(shown.FindAll("script"));
        Assert.Equal(Shown.Of(Hostile), shown.Find("tr.known a").TextContent);
    }

    static string Plain(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    static HistoryRow Row(long id, double days) => new()
    {
        Id = id,
        DeployedAt = PackageSeed.Noon.AddDays(days),
        Version = "1.0",
    };

    static HistoryMark Mark(string id, double days, string[] versions) => new()
    {
        Id = id,
        At = PackageSeed.Noon.AddDays(days),
        Severity = SeverityLevel.High,
        Score = 7.5,
        Versions = versions,
    };

    async Task ImportAsync(
        string id, DateTimeOffset published, DateTimeOffset? withdrawn = null, string introduced = "0",
        string? fixedIn = null, string? alias = null)
    {
        var advisory = Osv.Advisory(id, "Acme", introduced, fixedIn);
        advisory["published"] = published.ToString("O");
        if (withdrawn is { } at)
            (advisory["withdrawn"], advisory["modified"]) = (at.ToString("O"), at.ToString("O"));
        if (alias is not null)
            advisory["aliases"] = new System.Text.Json.Nodes.JsonArray(alias);
        await new AdvisoryStore(database.DataSource).ImportAsync([Osv.Read(advisory)], default);
    }

    Task<HistoryPage> PageAsync(HistoryFilter filter, HistoryCursor? cursor, int count) =>
        new HistoryQueries(database.DataSource).PageAsync(filter, cursor, count, VisibleFeeds.All, default);

    async Task<IReadOnlyList<HistoryMark>> AllAsync(HistoryFilter filter) =>
        await new HistoryMarkQueries(database.DataSource).OfPageAsync(
            filter, await PageAsync(filter, null, 50), VisibleFeeds.All, default);

    async Task<List<string>> MarksAsync(HistoryFilter filter, HistoryPage page) =>
        [.. (await new HistoryMarkQueries(database.DataSource).OfPageAsync(filter, page, VisibleFeeds.All, default))
            .Select(mark => mark.Id)];

    async Task<(List<List<string>> Pages, HistoryPage? Last)> TurnAsync(
        HistoryFilter filter, HistoryCursor? cursor, Func<HistoryPage, HistoryCursor?> next)
    {
        var pages = new List<List<string>>();
        HistoryPage page;
        do
        {
            page = await PageAsync(filter, cursor, 2);
            pages.Add(await MarksAsync(filter, page));
            cursor = next(page);
        }
        while (cursor is not null);
        return (pages, page);
    }
}
