using Deployments.Data.Vulnerabilities;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>Open vulnerabilities of what was deployed.</summary>
public sealed class AllVulnerabilitiesModel(VulnerabilityQueries queries) : PageModel
{
    const int PageSize = 50;

    internal VulnerabilityQuery Query { get; private set; } = new(new VulnerabilityFilter(), null);

    internal IReadOnlyList<VulnerabilityRow> Rows { get; private set; } = [];

    internal bool HasAdvisories { get; private set; }

    internal bool IsFiltered => Query.Filter is not { Text: null, Severity: null, OnlyRunning: false };

    internal string? FirstUrl => Query.Filter.Cursor is null ? null : Link(null);

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
        var rows = await queries.PageAsync(Query.Filter with { Limit = limit + 1 }, ct);
        Rows = [.. rows.Take(limit)];
        NextUrl = rows.Count > limit ? Link(VulnerabilityQuery.Write(Rows[^1].Cursor)) : null;
    }

    string Link(string? cursor) => QueryHelpers.AddQueryString("/vulnerabilities", new Dictionary<string, string?>
    {
        ["text"] = Query.Filter.Text,
        ["severity"] = Query.Filter.Severity?.ToString(),
        ["running"] = Query.Filter.OnlyRunning ? "true" : null,
        ["cursor"] = cursor,
    });
}
