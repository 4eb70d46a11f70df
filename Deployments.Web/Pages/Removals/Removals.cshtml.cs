using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Removals;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Removals;

/// <summary>What was taken off targets, with filters in the query string.</summary>
public sealed class RemovalsModel(RemovalQueries removals, FeedTypeCatalog types, TimeProvider time) : PageModel
{
    const int PageSize = 50;

    internal const string Path = "/removals";

    internal static readonly (string Name, string Label)[] Inputs =
    [
        ("name", "Package"), ("target", "Target"), ("targetGroup", "Target group"), ("application", "Application"),
        ("user", "User"), ("feed", "Feed"), ("period", "Period"), ("from", "From"), ("to", "To"),
    ];

    internal RecordQuery Query { get; private set; } = null!;

    internal IReadOnlyList<RemovalRow> Rows { get; private set; } = [];

    internal string? OlderUrl { get; private set; }

    /// <summary>The first page, where this is another; null where it is the first.</summary>
    internal string? FirstUrl => Query.Given.TextOrNull("cursor") is null ? null : Query.Given.Link(Path);

    /// <summary>Shows a page of the list.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Query = RemovalQuery.Read(Request.Query, types, PageSize, time.GetUtcNow());
        if (Query.Given.Problem is not null)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var rows = await removals.PageAsync(Query.Filter, CallerFeeds.Of(HttpContext), ct);
        Rows = [.. rows.Take(Query.Filter.Limit)];
        if (rows.Count > Rows.Count)
            OlderUrl = Query.Given.Link(Path, new RecordCursor(Rows[^1].RemovedAt, Rows[^1].RemovalId, false));
    }
}
