using Deployments.Data.Accounts;
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
    RecordQueries records, HistoryQueries history, VulnerabilityQueries vulnerabilities, FeedTypeCatalog types,
    TimeProvider time) : PageModel
{
    const string Path = "/deployments";
    const int PageSize = 50;
    const int RolledUpSize = 100; // records, of fewer lines

    internal static readonly (string Name, string Label, string Hint)[] Inputs =
    [
        ("name", "Package", ""), ("group", "Group", ""), ("version", "Version", ""), ("type", "Type", ""),
        ("target", "Target", ""), ("targetGroup", "Target group", ""), ("application", "Application", ""),
        ("user", "User", ""), ("feed", "Feed", ""),
        ("period", "Period", ""), ("from", "From", ""), ("to", "To", ""),
        ("text", "Contains", "description, package, target"),
    ];

    internal RecordQuery Query { get; private set; } = null!;

    internal RecordPage Found { get; private set; } = new([], null, null);

    internal IReadOnlyDictionary<int, VersionBadge> Badges { get; private set; } = VulnerabilityText.NoBadges;

    /// <summary>What each of the records found changed on its target.</summary>
    internal IReadOnlyDictionary<long, HistoryRow> Changes { get; private set; } = new Dictionary<long, HistoryRow>();

    /// <summary>Whether records of one deployment to many targets are one line.</summary>
    internal bool IsRolledUp { get; private set; }

    /// <summary>The same list with a line for each record, or rolled up.</summary>
    internal string OtherLinesUrl => Query.Given.LinkWith(Path, ("lines", IsRolledUp ? "each" : null));

    /// <summary>Times that people ask for, with the address of the same list in that time.</summary>
    internal IEnumerable<(string Text, string Url)> Times => Period.All.Select(
        period => (period.Text, Query.Given.LinkWith(Path, ("period", period.Name), ("from", null), ("to", null))));

    internal bool CanAdd => PageAccess.CallerOf(HttpContext).CanSomewhere(Permissions.Add);

    internal IEnumerable<(string Key, string Display)> Types =>
        types.All.DistinctBy(type => type.PackageType).Select(type => (type.PackageType, type.DisplayName));

    internal string? NewerUrl => Query.Given.Link(Path, Found.Newer);

    internal string? OlderUrl => Query.Given.Link(Path, Found.Older);

    public async Task<IActionResult> OnGetAsync(CancellationToken ct)
    {
        IsRolledUp = Request.Query["lines"] != "each";
        Query = RecordQuery.Read(Request.Query, types, IsRolledUp ? RolledUpSize : PageSize, time.GetUtcNow());
        Query.Given.ChoiceOrNull("lines", "each");
        if (Query.Given.Errors.Count > 0)
            Response.StatusCode = StatusCodes.Status400BadRequest;
        else
            Found = await records.PageAsync(Query.Filter, CallerFeeds.Of(HttpContext), ct);
        Changes = await history.OfRecordsAsync(Found.Items.Select(row => row.Id), CallerFeeds.Of(HttpContext), ct);
        Badges = await vulnerabilities.BadgesAsync(Found.Items.Select(row => row.VersionId), ct);
        return Page();
    }
}
