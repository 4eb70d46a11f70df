using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Rollout;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Packages;

/// <summary>How versions of the package came to its targets: lanes of time, adoption, stragglers.</summary>
public sealed class RolloutModel(
    FeedQueries feeds, PackageQueries packages, RolloutQueries rollout, VulnerabilityQueries vulnerabilities,
    FeedTypeCatalog types, TimeProvider time) : PackageModel(feeds, packages, types)
{
    /// <summary>How far back the picture goes.</summary>
    public const int MonthsShown = 12;

    /// <summary>How many lanes the picture has at most; the CSV has them all.</summary>
    public const int LanesMax = 80;

    /// <summary>How many stragglers are listed at most; the JSON has them all.</summary>
    public const int StragglersMax = 100;

    readonly PackageQueries packages = packages;

    /// <summary>Only targets of this group.</summary>
    [BindProperty(SupportsGet = true)]
    public string? TargetGroup { get; set; }

    /// <summary><c>group</c>: a lane for each group; else for each target.</summary>
    [BindProperty(SupportsGet = true)]
    public string? By { get; set; }

    /// <summary>What is drawn.</summary>
    public RolloutView View { get; private set; } = new();

    /// <summary>The versions to choose from, newest first.</summary>
    public IReadOnlyList<VersionRow> Versions { get; private set; } = [];

    /// <summary>What is known to be vulnerable, by version.</summary>
    public IReadOnlyDictionary<int, VersionBadge> Badges { get; private set; } = VulnerabilityText.NoBadges;

    /// <summary>Every stay on every target as CSV.</summary>
    public string CsvUrl => "/api/rollout.csv" + Export;

    /// <summary>The same with adoption and stragglers as JSON.</summary>
    public string JsonUrl => "/api/rollout" + Export;

    string Export => QueryHelpers.AddQueryString("", new Dictionary<string, string?>
    {
        ["feed"] = Feed.Name,
        ["group"] = Package.Group,
        ["name"] = Package.Name,
        ["version"] = Package.Version,
        ["targetGroup"] = TargetGroup,
    }.Where(pair => !string.IsNullOrEmpty(pair.Value)));

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (!await LoadAsync(feed, name, group, version, ct))
            return NotFound();
        TargetGroup = Clean(TargetGroup);
        if (Summary is not { } summary)
            return Page();
        Versions = await packages.VersionsAsync(summary.PackageId, VersionsModel.RowsMax, Visible, ct);
        Badges = await vulnerabilities.BadgesAsync(Versions.Select(row => row.VersionId), ct);
        var now = time.GetUtcNow();
        var history = await rollout.OfAsync(
            summary.PackageId, now.AddMonths(-MonthsShown), TargetGroup.Length == 0 ? null : TargetGroup, Visible, ct);
        View = RolloutView.Of(history, now, Chosen(Versions, VersionKey, Type), Versions, By == "group", Badges);
        return Page();
    }

    /// <summary>The version that was asked for; none was: the newest that runs anywhere, else the newest.</summary>
    internal static VersionRow? Chosen(IReadOnlyList<VersionRow> versions, string? versionKey, IFeedType type) =>
        versionKey is not null
            ? versions.FirstOrDefault(row =>
                type.Normalize(new PackageCoordinates("", "x", row.Version)).Version == versionKey)
            : versions.FirstOrDefault(row => row.TargetsNow > 0) ?? (versions.Count > 0 ? versions[0] : null);
}
