using Bunit;
using Deployments.Data.Records;
using Deployments.Data.Targets;
using Deployments.Web.Feeds;
using Deployments.Web.Pages;
using Deployments.Web.Pages.Records;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Pages.Targets;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Tests.Records;

public sealed class RecordComponentTests : BunitContext
{
    const string Hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e";

    static readonly RecordRow HostileRow = new()
    {
        Id = 7,
        DeployedAt = Seed.Start,
        RecordedAt = Seed.Start,
        Feed = Hostile,
        Type = "nuget",
        Group = Hostile,
        Name = Hostile,
        Version = Hostile,
        Qualifier = Hostile,
        Application = Hostile,
        Description = string.Concat(Enumerable.Repeat(Hostile, 40)),
        Target = Hostile,
        Url = "javascript:alert(3)",
        User = Hostile,
        RecordedBy = Hostile,
        Road = RecordRoad.Header,
        UserAgent = Hostile,
        RawHeaders = Hostile,
    };

    [Fact]
    public void A_table_of_records_is_text_whatever_they_say()
    {
        var table = Render<RecordTable>(parameters => parameters.Add(t => t.Rows, [HostileRow]));

        AssertHarmless(table);
        Assert.Single(table.FindAll("details.clamp"));
        Assert.Equal(Shown.Of(Hostile), table.Find("td[data-label=Target] bdi").TextContent);
    }

    [Fact]
    public void One_deployment_to_many_targets_is_one_line_also_where_two_take_turns()
    {
        RecordRow Row(long id, string name, int minutes, string target, string description = "OPS-7") => new()
        {
            Id = id,
            DeployedAt = Seed.Start.AddMinutes(-minutes),
            Feed = "main",
            Type = "nuget",
            Name = name,
            Version = "1.0",
            Application = "deploy.sh",
            Description = description,
            Target = target,
            User = "jdoe",
        };
        RecordRow[] rows =
        [
            Row(9, "a", 0, "WEB-1"), Row(8, "b", 1, "WEB-1"), Row(7, "a", 2, "WEB-2"), Row(6, "b", 3, "WEB-2"),
            Row(5, "a", 4, "WEB-2"), Row(4, "a", 20, "WEB-3"), Row(3, "a", 21, "WEB-4", "OPS-8"),
        ];

        var rolled = Render<RecordTable>(set => set.Add(t => t.Rows, rows).Add(t => t.RollsUp, true));
        Assert.Equal(["2 targets", "2 targets", "WEB-2", "WEB-3", "WEB-4"], rolled.FindAll("tbody > tr").Select(line =>
            (line.QuerySelector("summary")?.FirstChild ?? line.QuerySelector("[data-label=Target] bdi"))!.TextContent));
        Assert.Equal(["WEB-1", "WEB-2"],
            rolled.FindAll("tbody > tr:first-child li > a:first-child").Select(target => target.TextContent));
        Assert.Equal(7, Render<RecordTable>(set => set.Add(t => t.Rows, rows)).FindAll("tbody > tr").Count);
    }

    [Fact]
    public void What_one_command_of_a_package_manager_did_is_one_line()
    {
        RecordRow Row(long id, string name, int seconds, string command, RecordRoad road = RecordRoad.Log) => new()
        {
            Id = id,
            DeployedAt = Seed.Start.AddSeconds(seconds),
            Feed = "debian",
            Type = "deb",
            Name = name,
            Version = $"{id}.0",
            Application = "apt",
            Description = command,
            Target = "WEB-07",
            User = "jane",
            Road = road,
        };

        var table = Render<RecordTable>(parameters => parameters.Add(t => t.Rows,
        [
            Row(5, "five", 90, "upgrade"), Row(4, "four", 60, "upgrade"), Row(3, "three", 30, "install"),
            Row(2, "two", 0, "same", RecordRoad.Api), Row(1, "one", 0, "same", RecordRoad.Api),
        ]));

        Assert.Equal(["2 packages of record 5"], table.FindAll("summary").Select(line => line.TextContent));
        Assert.Equal(["/deployments/5", "/deployments/4"],
            table.FindAll("details li a.mono, details li a:has(.mono)").Select(link => link.GetAttribute("href")));
        Assert.Equal(4, table.FindAll("tbody tr").Count);
    }

    [Fact]
    public void A_record_is_text_whatever_it_says()
    {
        var facts = Render<RecordFacts>(parameters => parameters.Add(f => f.Row, HostileRow).Add(f => f.Purl, Hostile));

        AssertHarmless(facts);
        Assert.DoesNotContain(facts.FindAll("a"),
            link => link.GetAttribute("href")!.StartsWith("javascript", StringComparison.Ordinal));
    }

    [Fact]
    public void What_runs_on_a_target_is_text_whatever_it_is_called()
    {
        var row = new InstalledRow
        {
            Feed = Hostile,
            Type = "npm",
            Group = Hostile,
            Name = Hostile,
            Version = Hostile,
            Application = Hostile,
            User = Hostile,
        };

        AssertHarmless(Render<InstalledTable>(parameters => parameters.Add(t => t.Rows, [row])));
    }

    [Fact]
    public void Chips_name_each_filter_and_remove_it()
    {
        var given = new Dictionary<string, string?> { ["target"] = Hostile, ["text"] = "a", ["limit"] = "5" };
        var query = new QueryCollection(QueryHelpers.ParseQuery(QueryHelpers.AddQueryString("", given)));
        var chips = Render<QueryChips>(parameters => parameters
            .Add(c => c.Query, RecordQuery.Read(query, new FeedTypeCatalog(), 50, default).Given)
            .Add(c => c.Path, "/deployments"));

        AssertHarmless(chips);
        Assert.Equal(2, chips.FindAll(".chip").Count);
        Assert.Equal("/deployments?text=a", chips.Find(".chip").GetAttribute("href"));
    }

    [Fact]
    public void Bars_are_as_high_as_the_days_are_busy_and_the_table_says_the_same()
    {
        var bars = Render<DayBars>(parameters => parameters.Add(b => b.Days,
            [new DayCount(new(2026, 1, 30), 0), new DayCount(new(2026, 1, 31), 1), new DayCount(new(2026, 2, 1), 4)]));

        Assert.Equal(["24", "96"], bars.FindAll("rect.bar:not(.soft)").Select(bar => bar.GetAttribute("height")));
        Assert.Equal(["4", "1", "0"], bars.FindAll("tbody td.num").Select(cell => cell.TextContent));
    }

    [Fact]
    public void Days_without_any_deployment_make_no_bar()
    {
        var bars = Render<DayBars>(parameters => parameters.Add(b => b.Days, [new DayCount(new(2026, 1, 31), 0)]));

        Assert.Empty(bars.FindAll("rect.bar:not(.soft)"));
    }

    static void AssertHarmless<T>(IRenderedComponent<T> component) where T : Microsoft.AspNetCore.Components.IComponent
    {
        Assert.Empty(component.FindAll("script, img"));
        Assert.DoesNotContain(component.FindAll("*"),
            element => element.HasAttribute("onerror") || element.HasAttribute("style"));
    }
}
