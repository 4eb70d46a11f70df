using Bunit;
using Deployments.Data.Packages;
using Deployments.Data.Targets;
using Deployments.Web.Pages.Packages;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Pages.Targets;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Pages;

public sealed class PictureTests : BunitContext
{
    const string Hostile = "\u202E</text><script>alert(1)</script>'\"&";

    static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Bars_are_as_long_as_a_version_ran()
    {
        var shown = Bars(new SpanRow("Accounts.Web", "/a", "nuget",
        [
            new Span("1.0", Start.AddDays(-50), Start.AddDays(25), VersionChange.First, "/deployments/1"),
            new Span("0.9", Start.AddDays(25), Start.AddDays(100), VersionChange.Rollback, "/deployments/2"),
        ], "0.9"));

        Assert.Equal([("0%", "25%"), ("25%", "75%")], shown.FindAll(".span-bars > svg")
            .Select(bar => (bar.GetAttribute("x"), bar.GetAttribute("width"))));
        Assert.Equal(["1.0", "▼ 0.9"], shown.FindAll(".span-bars text").Select(text => text.TextContent));
        Assert.Contains("a rollback", shown.Find(".span-bars").GetAttribute("aria-label"), StringComparison.Ordinal);
        Assert.Equal(["/deployments/2", "/deployments/1"],
            shown.FindAll("tbody a").Select(link => link.GetAttribute("href")));
    }

    [Fact]
    public void A_picture_of_nothing_has_only_its_axis() => Assert.Single(Bars().FindAll(".span-row"));

    [Fact]
    public void Hostile_text_in_a_picture_stays_text()
    {
        var shown = Bars(new SpanRow(Hostile, "/a", "nuget",
            [new Span(Hostile, Start, Start.AddDays(100), VersionChange.First, null)], Hostile));

        Assert.Empty(shown.FindAll("script"));
        Assert.Equal(Shown.Of(Hostile), shown.Find(".span-bars text").TextContent);
    }

    [Fact]
    public void A_redeployment_begins_no_new_bar_and_a_lower_version_is_a_rollback()
    {
        var row = Assert.Single(TargetTimeline.Rows(
            [Installed(1, "1.0", 1), Installed(1, "1.0", 1), Installed(1, "2.0", 2), Installed(1, "1.0", 1)],
            Start.AddDays(9), VulnerabilityText.NoBadges));

        Assert.Equal(
            [("1.0", VersionChange.First), ("2.0", VersionChange.Upgrade), ("1.0", VersionChange.Rollback)],
            row.Spans.Select(span => (span.Text, span.Change)));
        Assert.Equal(Start.AddDays(9), row.Spans[^1].To);
    }

    [Fact]
    public void Two_sides_are_compared_package_by_package()
    {
        var rows = Comparison.Of(
            [Installed(1, "2.0", 2), Installed(2, "1.0", 1), Installed(3, "1.0", 1), Installed(4, "odd", null),
                Installed(5, "1.0", 1)],
            [Installed(1, "1.0", 1), Installed(2, "2.0", 2), Installed(3, "1.0", 1), Installed(4, "else", null),
                Installed(6, "1.0", 1)]);
        var shown = Render<CompareTable>(set => set
            .Add(table => table.Rows, rows).Add(table => table.HereName, Hostile).Add(table => table.ThereName, "B"));

        Assert.Equal(["newer", "older", "same", "different", "added", "removed"],
            shown.FindAll(".mark").Select(mark => mark.TextContent.Trim()));
        Assert.Empty(shown.FindAll("script"));
        Assert.Empty(Comparison.Of([], []));
    }

    [Fact]
    public void A_month_with_one_deployment_still_shows_beside_one_with_thousands()
    {
        var shown = Render<MonthBars>(set => set.Add(bars => bars.Months,
        [
            new MonthCount(Start, 0), new MonthCount(Start.AddMonths(1), 1), new MonthCount(Start.AddMonths(2), 9000),
        ]));

        Assert.Equal(["0", "2", "100"], shown.FindAll("rect.bar").Select(bar => bar.GetAttribute("height")));
    }

    [Theory]
    [InlineData(5, 10, "50")]
    [InlineData(0, 0, "0")]
    [InlineData(20, 10, "100")]
    public void A_share_is_a_bar_of_its_length(long value, long most, string width)
    {
        var shown = Render<ShareBar>(set => set.Add(bar => bar.Value, value).Add(bar => bar.Most, most));

        Assert.Equal(width, shown.Find("rect.bar").GetAttribute("width"));
    }

    IRenderedComponent<SpanBars> Bars(params SpanRow[] rows) => Render<SpanBars>(set => set
        .Add(bars => bars.Rows, rows).Add(bars => bars.From, Start).Add(bars => bars.To, Start.AddDays(100)));

    static InstalledRow Installed(int package, string version, byte? order) => new()
    {
        PackageId = package,
        Type = "nuget",
        Name = $"P{package}",
        Feed = "approved",
        Version = version,
        SortKey = order is { } key ? [key] : null,
        DeployedAt = Start,
    };
}
