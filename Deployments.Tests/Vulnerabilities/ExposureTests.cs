using Bunit;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Records;
using Deployments.Web.Pages.Vulnerabilities;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Vulnerabilities;

public sealed class ExposureTests : BunitContext
{
    const string Hostile = "\u202E</text><script>alert(1)</script>'\"&";

    static readonly Dictionary<string, string> Groups = new() { ["a"] = "test", ["b"] = "test", ["c"] = "production" };

    [Fact]
    public void An_exposure_counts_targets_by_version_and_group_and_how_long_mending_took()
    {
        var exposure = Exposure.Of(
            [Row("a", "1.0", 10), Row("b", "1.0", 5), Row("c", "1.0", 3), Row("c", "2.0", 3), Row("d", "1.0", 1)],
            [Row("e", "1.0", 90, 80), Row("f", "1.0", 100, 70), Row("g", "1.0", 50, 48), Row("h", "1.0", 60, 56)],
            new AssessmentsInForce([]), Groups);

        Assert.Equal((4, 0, 4, 7.0), (exposure.OpenTargets, exposure.AssessedTargets, exposure.Mended,
            exposure.MedianDays));
        Assert.Equal(Seed.Start.AddDays(-100), exposure.FirstAt);
        Assert.Equal(
            [("P 1.0", "test", 2), ("P 1.0", null, 1), ("P 1.0", "production", 1), ("P 2.0", "production", 1)],
            exposure.Flows.Select(flow => (flow.Version, flow.Group, flow.Targets)));
        Assert.Null(Exposure.Of([], [], new AssessmentsInForce([]), Groups).MedianDays);
    }

    [Fact]
    public void Ribbons_are_as_broad_as_they_have_targets_and_say_so_in_a_table()
    {
        var shown = Render<Ribbons>(set => set.Add(ribbons => ribbons.Flows,
        [
            new ExposureFlow(Hostile, "test", 30), new ExposureFlow(Hostile, null, 10),
            new ExposureFlow("P 2.0", "test", 10),
        ]));

        Assert.Equal(3, shown.FindAll("path.ribbon").Count);
        Assert.Equal(["128", "32", "128", "32"],
            shown.FindAll("rect.bar").Select(bar => bar.GetAttribute("height")));
        Assert.Equal(["30", "10", "10"], shown.FindAll("td.num").Select(cell => cell.TextContent));
        Assert.Empty(shown.FindAll("script"));
        Assert.Equal(Shown.Of(Hostile), shown.Find("td bdi").TextContent);
    }

    static AffectedTargetRow Row(string target, string version, int daysAgo, int? until = null) => new()
    {
        Target = target,
        Name = "P",
        Type = "nuget",
        Version = version,
        ExposedFrom = Seed.Start.AddDays(-daysAgo),
        ExposedTo = until is { } end ? Seed.Start.AddDays(-end) : null,
    };
}
