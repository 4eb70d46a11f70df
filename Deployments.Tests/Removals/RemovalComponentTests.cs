using Bunit;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Data.Targets;
using Deployments.Tests.Packages;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Pages.Targets;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Removals;

/// <summary>How removals are drawn.</summary>
public sealed class RemovalComponentTests
{
    const string Hostile = "\u202E</td><script>alert(1)</script>'\"&";

    [Fact]
    public void A_removal_stands_between_the_deployments_and_says_who_where_and_why()
    {
        using var context = new BunitContext();
        var shown = context.Render<HistoryTable>(set => set
            .Add(table => table.Rows, [Row(2, 4), Row(1, 1)])
            .Add(table => table.Removals, [Removal(5) with { Version = null, Url = null }, Removal(2)]));

        Assert.Equal(["known", "", "known", ""], shown.FindAll("tr[data-at]").Select(row => row.ClassName ?? ""));
        var texts = shown.FindAll("tr.known").Select(row => string.Join(
            ' ', row.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))).ToList();
        Assert.Contains(
            "removed from WEB-01 by jdoe (claimed via API key \"ci\") with uninstall.sh, told by the API",
            texts[0], StringComparison.Ordinal);
        Assert.Equal("moved", shown.Find("tr.known div div").TextContent.Trim());
        Assert.Contains("removed 1.0 from WEB-01", texts[1], StringComparison.Ordinal);
        Assert.Equal("https://example.com/7", shown.Find("tr.known a[rel]").GetAttribute("href"));
    }

    [Fact]
    public void What_was_said_of_a_removal_is_text()
    {
        using var context = new BunitContext();
        var hostile = Removal(1) with
        {
            Target = Hostile,
            User = Hostile,
            Application = Hostile,
            Description = Hostile,
            Version = Hostile,
            Url = "javascript:alert(1)",
            Name = Hostile,
        };
        var history = context.Render<HistoryTable>(set => set.Add(table => table.Removals, [hostile]));
        var removed = context.Render<RemovedTable>(set => set.Add(table => table.Rows, [hostile]));

        foreach (var markup in (string[])[history.Markup, removed.Markup])
        {
            Assert.DoesNotContain("<script", markup, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("javascript:", markup, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void A_bar_of_time_ends_with_the_removal_and_a_new_one_begins_with_the_return()
    {
        var start = PackageSeed.Noon;
        InstalledRow[] changes =
        [
            Change("1.0", 0) with { RemovedAt = start.AddDays(3) },
            Change("1.0", 1) with { RemovedAt = start.AddDays(3) },
            Change("1.0", 5) with { RemovedAt = start.AddDays(9) },
            Change("1.1", 7) with { RemovedAt = start.AddDays(9) },
        ];

        var row = Assert.Single(TargetTimeline.Rows(changes, start.AddDays(10), VulnerabilityText.NoBadges));

        Assert.Equal(
            [
                ("1.0", 0, 3, VersionChange.First), ("1.0", 5, 7, VersionChange.Return),
                ("1.1", 7, 9, VersionChange.Upgrade),
            ],
            row.Spans.Select(span => (span.Text, (span.From - start).Days, (span.To - start).Days, span.Change)));
        Assert.Equal("removed", row.Now);

        InstalledRow Change(string version, double days) => new()
        {
            Name = "Acme",
            Version = version,
            SortKey = [(byte)version[^1]],
            Feed = "main",
            DeployedAt = start.AddDays(days),
        };
    }

    static HistoryRow Row(long id, double days) => new()
    {
        Id = id,
        DeployedAt = PackageSeed.Noon.AddDays(days),
        Version = "1.0",
        Target = "WEB-01",
        UserName = "jdoe",
        Recorder = "jdoe",
    };

    static RemovalRow Removal(double days) => new()
    {
        RemovalId = 1,
        RemovedAt = PackageSeed.Noon.AddDays(days),
        Feed = "main",
        Name = "Acme",
        Version = "1.0",
        Target = "WEB-01",
        Application = "uninstall.sh",
        User = "jdoe",
        RecordedBy = "API key \"ci\"",
        Description = "moved",
        Url = "https://example.com/7",
        Road = RecordRoad.Api,
    };
}
