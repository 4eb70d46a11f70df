using Deployments.Data.Accounts;
using Deployments.Data.Inventory;
using Deployments.Web.Accounts;
using Deployments.Web.Inventory;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Inventory;

/// <summary>Where what was recorded and what was seen differ, over the fleet.</summary>
public sealed class DriftModel(DriftQueries drift) : PageModel
{
    const string Path = "/drift";
    const int PageSize = 50;

    internal DriftQuery Query { get; private set; } = null!;

    internal DriftPage Found { get; private set; } = new([], null);

    internal bool IsFiltered => Query.Given.Given.Any();

    internal bool CanAdd => PageAccess.CallerOf(HttpContext).CanSomewhere(Permissions.Add);

    internal string? FirstUrl => Query.Filter.Cursor is null ? null : Query.Given.Link(Path);

    internal string? NextUrl => Query.Link(Path, Found.Next);

    /// <summary>Shows a page of the list.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Query = DriftQuery.Read(Request.Query, PageSize);
        if (Query.Given.Problem is null)
            Found = await drift.PageAsync(Query.Filter, CallerFeeds.Of(HttpContext), ct);
        else
            Response.StatusCode = StatusCodes.Status400BadRequest;
    }
}
