using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>Open vulnerabilities of what was deployed.</summary>
public sealed class AllVulnerabilitiesModel(VulnerabilityQueries queries) : PageModel
{
    const string Path = "/vulnerabilities";
    const int PageSize = 50;

    internal VulnerabilityQuery Query { get; private set; } = null!;

    internal FilterQuery Given => Query.Given;

    internal IReadOnlyList<VulnerabilityRow> Rows { get; private set; } = [];

    internal bool HasAdvisories { get; private set; }

    internal bool IsFiltered => Given.Given.Any();

    internal string? FirstUrl => Query.Filter.Cursor is null ? null : Given.Link(Path);

    internal string? NextUrl { get; private set; }

    /// <summary>Shows a page of the list.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Query = VulnerabilityQuery.Read(Request.Query, PageSize);
        HasAdvisories = await queries.AnyAdvisoryAsync(ct);
        if (Query.Problem is not null)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var limit = Query.Filter.Limit;
        var rows = await queries.PageAsync(
            Query.Filter with { Limit = limit + 1 }, CallerFeeds.Of(HttpContext), ct);
        Rows = [.. rows.Take(limit)];
        NextUrl = rows.Count > limit ? Query.Link(Path, Rows[^1].Cursor) : null;
    }
}
