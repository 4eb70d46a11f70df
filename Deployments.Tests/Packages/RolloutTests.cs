using Bunit;
using Deployments.Data.Packages;
using Deployments.Data.Rollout;
using Deployments.Data.Targets;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Pages.Packages;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Packages;

public sealed class RolloutTests : BunitContext
{
    const string Hostile = "\u202E</td><script>alert(1)</script>'\"&";

    static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly DateTimeOffset Now = Start.AddDays(100);

    static readonly VersionRow[] Versions =
    [
        .. new[] { "3.0", "2.0", "1.0" }.Select(
            (version, i) => new VersionRow { VersionId = 3 - i, Version = version }),
    ];

    [Fact]
    public void Adoption_counts_those_that_have_the_version_or_a_newer_one_and_take_back_what_was_rolled_back()
    {
        var view = View("2.0",
        [
            Row("a", "1.0", 0), Row("a", "2.0", 10), Row("a", "3.0", 40),
            Row("b", "1.0", 0), Row("b", "2.0", 20), Row("b", "1.0", 30),
            Row("c", "1.0", 5),
            Row("d", "2.0", 15, removed: 25),
        ]);

        Assert.Equal((3, 1, Start.AddDays(10)), (view.Targets, view.Adopted, view.FirstAt));
        Assert.Equal([(10, 1), (20, 2), (30, 1)],
            view.Steps.Select(step => ((int)(step.At - Start).TotalDays, step.Targets)));
        Assert.Equal([("b", "1.0", 1, 30), ("c", "1.0", 1, 5)], view.Stragglers
            .Select(row => (row.Target, row.Version, row.Behind, (int)(row.Since - Start).TotalDays)));
    }

    [Fact]
    public void A_target_that_lost_the_package_for_a_while_did_not_have_the_version_then()
    {
        var view = View("2.0", [Row("a", "2.0", 10, removed: 20), Row("a", "2.0", 30)]);

        Assert.Equal([(10, 1), (20, 0), (30, 1)],
            view.Steps.Select(step => ((int)(step.At - Start).TotalDays, step.Targets)));
    }

    [Fact]
    public void What_is_no_version_of_its_ecosystem_is_behind_by_nobody_knows_how_many()
    {
        var view = View("2.0", [Row("a", "nightly", 1)]);

        Assert.Null(Assert.Single(view.Stragglers).Behind);
        Assert.Equal(0, View(null, [Row("a", "1.0", 1)]).Adopted);
    }

    [Fact]
    public void A_lane_of_a_group_shows_what_most_of_it_had()
    {
        var view = RolloutView.Of(
            new RolloutHistory(Start,
            [
                Row("a", "1.0", 0), Row("a", "2.0", 10), Row("b", "1.0", 0), Row("b", "2.0", 20), Row("c", "1.0", 0),
                Row("c", "2.0", 30, removed: 50),
            ]), Now, Versions[1], Versions, byGroup: true, VulnerabilityText.NoBadges);

        var lane = Assert.Single(Assert.Single(view.Lanes).Lanes);
        Assert.Equal([("1.0", 0), ("2.0", 20)],
            lane.Spans.Select(span => (span.Text, (int)(span.From - Start).TotalDays)));
        Assert.Equal(("web", "2.0"), (lane.Name, lane.Now));
    }

    [Fact]
    public void A_curve_has_the_same_numbers_in_its_table()
    {
        var shown = Render<AdoptionCurve>(set => set
            .Add(curve => curve.Steps, [new AdoptionStep(Start, 1), new AdoptionStep(Start.AddDays(20), 3)])
            .Add(curve => curve.Total, 4).Add(curve => curve.Now, Now));

        Assert.Equal(["0 1 25%", "20 3 75%", "40 3 75%", "60 3 75%", "80 3 75%", "100 3 75%"],
            shown.FindAll("tbody tr").Select(row => string.Join(' ', row.Children.Select(cell => cell.TextContent))));
        Assert.Contains("after 20 days 75%", shown.Find("svg").GetAttribute("aria-label"), StringComparison.Ordinal);
        Assert.DoesNotContain(",", shown.Find(".adoption-line").GetAttribute("d"), StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_names_of_stragglers_stay_text()
    {
        var shown = Render<StragglerTable>(set => set
            .Add(table => table.Rows, [new Straggler(Hostile, Hostile, Hostile, 1, 2, Start)])
            .Add(table => table.Badges, new Dictionary<int, VersionBadge>())
            .Add(table => table.VulnerabilitiesUrl, "/x"));

        Assert.Empty(shown.FindAll("script"));
        Assert.Contains("2 versions", shown.Markup, StringComparison.Ordinal);
    }

    static RolloutView View(string? version, InstalledRow[] rows) => RolloutView.Of(
        new RolloutHistory(Start, rows), Now, Versions.FirstOrDefault(row => row.Version == version), Versions,
        byGroup: false, VulnerabilityText.NoBadges);

    static InstalledRow Row(string target, string version, int day, int? removed = null) => new()
    {
        Target = target,
        TargetGroup = "web",
        Version = version,
        VersionId = Versions.FirstOrDefault(row => row.Version == version)?.VersionId ?? 99,
        SortKey = [(byte)version[0]],
        DeployedAt = Start.AddDays(day),
        RemovedAt = removed is { } gone ? Start.AddDays(gone) : null,
    };
}
