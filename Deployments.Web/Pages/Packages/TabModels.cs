using System.Globalization;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;

namespace Deployments.Web.Pages.Packages;

/// <summary>What runs where now, and through which feeds it came.</summary>
public sealed class OverviewModel(
    FeedQueries feeds, PackageQueries packages, VulnerabilityQueries vulnerabilities, FeedTypeCatalog types,
    TimeProvider time) : PackageModel(feeds, packages, types)
{
    const int MonthsShown = 12;
    const int LinesMax = 12;

    /// <summary>How many rows a list of the page has at most.</summary>
    public const int RowsMax = 100;

    readonly PackageQueries packages = packages;

    /// <summary>Targets that run it now.</summary>
    public IReadOnlyList<InstallationRow> Installations { get; private set; } = [];

    /// <summary>Versions that run somewhere now.</summary>
    public IReadOnlyList<VersionRow> Live { get; private set; } = [];

    /// <summary>What is known to be vulnerable, by version.</summary>
    public IReadOnlyDictionary<int, VersionBadge> Badges { get; private set; } = VulnerabilityText.NoBadges;

    /// <summary>From the first to the last deployment of each of the newest versions; to now where it runs.</summary>
    public IReadOnlyList<SpanRow> Timeline { get; private set; } = [];

    /// <summary>Where the timeline ends.</summary>
    public DateTimeOffset Now { get; } = time.GetUtcNow();

    /// <summary>Where the timeline begins.</summary>
    public DateTimeOffset Start => Now.AddMonths(-MonthsShown);

    /// <summary>Feeds it came through.</summary>
    public IReadOnlyList<PackageFeedRow> Sources { get; private set; } = [];

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (!await LoadAsync(feed, name, group, version, ct))
            return NotFound();
        if (Summary is { } summary)
        {
            Installations = await packages.InstallationsAsync(summary.PackageId, RowsMax, Visible, ct);
            var versions = await packages.VersionsAsync(summary.PackageId, VersionsModel.RowsMax, Visible, ct);
            Badges = await vulnerabilities.BadgesAsync(
                [.. versions.Select(row => row.VersionId), .. Installations.Select(row => row.VersionId)], ct);
            Live = [.. versions.Where(row => row.TargetsNow > 0)];
            Timeline = [.. versions.Where(row => row.TargetsNow > 0 || row.LastDeployedAt >= Start)
                .Take(LinesMax).Select(Line)];
            Sources = await packages.FeedsAsync(summary.PackageId, Visible, ct);
        }
        return Page();
    }

    SpanRow Line(VersionRow row)
    {
        var link = PackageLinks.Package(Feed.Name, Package.Group, Package.Name, "history", row.Version);
        var text = row.TargetsNow switch
        {
            0 => "",
            1 => "1 target",
            var targets => string.Create(CultureInfo.InvariantCulture, $"{targets:N0} targets"),
        };
        return new SpanRow(row.Version, link, null, row.FirstDeployedAt is not { } first ? [] : [
            new Span(text, first, row.TargetsNow > 0 ? Now : row.LastDeployedAt!.Value, VersionChange.Upgrade, null,
                Badges.GetValueOrDefault(row.VersionId)?.KnownFrom)],
            row.TargetsNow > 0 ? text : "");
    }
}

/// <summary>The versions that were deployed.</summary>
public sealed class VersionsModel(
    FeedQueries feeds, PackageQueries packages, VulnerabilityQueries vulnerabilities, FeedTypeCatalog types)
    : PackageModel(feeds, packages, types)
{
    /// <summary>How many versions are listed at most.</summary>
    public const int RowsMax = 200;

    readonly PackageQueries packages = packages;

    /// <summary>The versions, newest first.</summary>
    public IReadOnlyList<VersionRow> Versions { get; private set; } = [];

    /// <summary>What is known to be vulnerable, by version.</summary>
    public IReadOnlyDictionary<int, VersionBadge> Badges { get; private set; } = VulnerabilityText.NoBadges;

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (!await LoadAsync(feed, name, group, version, ct))
            return NotFound();
        if (Summary is { } summary)
        {
            Versions = await packages.VersionsAsync(summary.PackageId, RowsMax, Visible, ct);
            Badges = await vulnerabilities.BadgesAsync(Versions.Select(row => row.VersionId), ct);
        }

        return Page();
    }
}

/// <summary>Known vulnerabilities of the package.</summary>
public sealed class VulnerabilitiesModel(
    FeedQueries feeds, PackageQueries packages, FeedTypeCatalog types, VulnerabilityQueries vulnerabilities)
    : PackageModel(feeds, packages, types)
{
    /// <summary>How many findings are listed at most.</summary>
    public const int RowsMax = 500;

    /// <summary>What is known of its versions.</summary>
    public IReadOnlyList<FindingRow> Findings { get; private set; } = [];

    /// <summary>Whether there are advisories to compare with at all.</summary>
    public bool HasAdvisories { get; private set; }

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (!await LoadAsync(feed, name, group, version, ct))
            return NotFound();
        HasAdvisories = await vulnerabilities.AnyAdvisoryAsync(ct);
        if (Summary is { } summary)
            Findings = await vulnerabilities.OfPackageAsync(summary.PackageId, RowsMax, Visible, ct);
        return Page();
    }
}

/// <summary>How often the package is deployed, and by what.</summary>
public sealed class UsageModel(FeedQueries feeds, PackageQueries packages, FeedTypeCatalog types, TimeProvider time)
    : PackageModel(feeds, packages, types)
{
    const int MonthsShown = 12;

    readonly PackageQueries packages = packages;

    /// <summary>Deployments per month and application, newest month first.</summary>
    public IReadOnlyList<UsageRow> Usage { get; private set; } = [];

    /// <summary>The last twelve months, oldest first, with their deployments.</summary>
    public IReadOnlyList<MonthCount> Months { get; private set; } = [];

    /// <summary>Deployments in those months by application, the busiest first.</summary>
    public IReadOnlyList<(string Application, long Records)> Applications { get; private set; } = [];

    /// <summary>Whether there are more records than are counted.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (!await LoadAsync(feed, name, group, version, ct))
            return NotFound();
        var now = time.GetUtcNow();
        var first = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1 - MonthsShown);
        if (Summary is { } summary)
            Usage = await packages.UsageAsync(summary.PackageId, first, Visible, ct);
        var counts = Usage.ToLookup(row => row.Month, row => row.Records);
        Months = [.. Enumerable.Range(0, MonthsShown).Select(first.AddMonths)
            .Select(month => new MonthCount(month, counts[month].Sum()))];
        Applications = [.. Usage.GroupBy(row => row.Application)
            .Select(rows => (rows.Key, rows.Sum(row => row.Records)))
            .OrderByDescending(row => row.Item2).ThenBy(row => row.Key, StringComparer.Ordinal)];
        IsCut = Usage.Sum(row => row.Records) >= UsageRow.RecordsMax;
        return Page();
    }
}
