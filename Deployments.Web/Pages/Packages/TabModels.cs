using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;
using Microsoft.AspNetCore.Mvc;

namespace Deployments.Web.Pages.Packages;

/// <summary>What runs where now, and through which feeds it came.</summary>
public sealed class OverviewModel(FeedQueries feeds, PackageQueries packages, FeedTypeCatalog types)
    : PackageModel(feeds, packages, types)
{
    /// <summary>How many rows a list of the page has at most.</summary>
    public const int RowsMax = 100;

    readonly PackageQueries packages = packages;

    /// <summary>Targets that run it now.</summary>
    public IReadOnlyList<InstallationRow> Installations { get; private set; } = [];

    /// <summary>Versions that run somewhere now.</summary>
    public IReadOnlyList<VersionRow> Live { get; private set; } = [];

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
            Installations = await packages.InstallationsAsync(summary.PackageId, RowsMax, ct);
            Live = [.. (await packages.VersionsAsync(summary.PackageId, 1000, ct)).Where(row => row.TargetsNow > 0)];
            Sources = await packages.FeedsAsync(summary.PackageId, ct);
        }
        return Page();
    }
}

/// <summary>The versions that were deployed.</summary>
public sealed class VersionsModel(FeedQueries feeds, PackageQueries packages, FeedTypeCatalog types)
    : PackageModel(feeds, packages, types)
{
    /// <summary>How many versions are listed at most.</summary>
    public const int RowsMax = 500;

    readonly PackageQueries packages = packages;

    /// <summary>The versions, newest first.</summary>
    public IReadOnlyList<VersionRow> Versions { get; private set; } = [];

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (!await LoadAsync(feed, name, group, version, ct))
            return NotFound();
        if (Summary is { } summary)
            Versions = await packages.VersionsAsync(summary.PackageId, RowsMax, ct);
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
            Findings = await vulnerabilities.OfPackageAsync(summary.PackageId, RowsMax, ct);
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
    public IReadOnlyList<(DateTimeOffset Month, long Records)> Months { get; private set; } = [];

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (!await LoadAsync(feed, name, group, version, ct))
            return NotFound();
        var now = time.GetUtcNow();
        var first = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1 - MonthsShown);
        if (Summary is { } summary)
            Usage = await packages.UsageAsync(summary.PackageId, first, ct);
        var counts = Usage.ToLookup(row => row.Month, row => row.Records);
        Months = [.. Enumerable.Range(0, MonthsShown).Select(first.AddMonths)
            .Select(month => (month, counts[month].Sum()))];
        return Page();
    }
}
