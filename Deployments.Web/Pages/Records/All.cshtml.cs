using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Records;

/// <summary>Every deployment, with filters in the query string.</summary>
public sealed class AllModel(
    RecordQueries records, HistoryQueries history, VulnerabilityQueries vulnerabilities, FeedTypeCatalog types)
    : PageModel
{
    const string Path = "/deployments";
    const int PageSize = 50;

    internal static readonly (string Name, string Label, string Hint)[] Inputs =
    [
        ("name", "Package", ""), ("group", "Group", ""), ("version", "Version", ""), ("type", "Type", ""),
        ("target", "Target", ""), ("application", "Application", ""), ("user", "User", ""), ("feed", "Feed", ""),
        ("from", "From", "2026-01-31"), ("to", "To", "2026-01-31"),
        ("text", "Contains", "description, package, target"),
    ];

    internal RecordQuery Query { get; private set; } = null!;

    internal RecordPage Found { get; private set; } = new([], null, null);

    internal IReadOnlyDictionary<int, VersionBadge> Badges { get; private set; } = VulnerabilityText.NoBadges;

    /// <summary>What each of the records found changed on its target.</summary>
    internal IReadOnlyDictionary<long, HistoryRow> Changes { get; private set; } = new Dictionary<long, HistoryRow>();

    internal bool CanAdd => PageAccess.CallerOf(HttpContext).CanAdd();

    internal IEnumerable<(string Key, string Display)> Types =>
        types.All.DistinctBy(type => type.PackageType).Select(type => (type.PackageType, type.DisplayName));

    internal string? NewerUrl => Query.Given.Link(Path, Found.Newer);

    internal string? OlderUrl => Query.Given.Link(Path, Found.Older);

    public async Task<IActionResult> OnGetAsync(CancellationToken ct)
    {
        Query = RecordQuery.Read(Request.Query, types, PageSize);
        if (Query.Given.Errors.Count > 0)
            Response.StatusCode = StatusCodes.Status400BadRequest;
        else
            Found = await records.PageAsync(Query.Filter, CallerFeeds.Of(HttpContext), ct);
        Changes = await history.OfRecordsAsync(Found.Items.Select(row => row.Id), CallerFeeds.Of(HttpContext), ct);
        Badges = await vulnerabilities.BadgesAsync(Found.Items.Select(row => row.VersionId), ct);
        return Page();
    }
}
