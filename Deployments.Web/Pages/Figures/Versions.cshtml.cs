using Deployments.Data.Figures;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Figures;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Figures;

/// <summary>The versions that a figure counts.</summary>
public sealed class VersionsModel(FigureReader reader, FigureQueries figures) : PageModel
{
    const int PageSize = 50;

    internal const string Path = "/figures/versions";

    internal FigureQuery Query { get; private set; } = null!;

    internal IReadOnlyList<ArrivalRow> Rows { get; private set; } = [];

    internal string? OlderUrl { get; private set; }

    /// <summary>The first page, where this is another; null where it is the first.</summary>
    internal string? FirstUrl => Query.Given.TextOrNull("cursor") is null ? null : Query.Given.Link(Path);

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        (_, Query) = await reader.QueryAsync(Request.Query, ct);
        var cursor = Query.Given.CursorOrNull();
        if (Query.Given.Problem is not null)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var rows = await figures.ArrivalsAsync(
            Query.Filter, Query.Kind, cursor, PageSize, CallerFeeds.Of(HttpContext), ct);
        Rows = [.. rows.Take(PageSize)];
        if (rows.Count > PageSize)
            OlderUrl = Query.Given.Link(Path, new RecordCursor(Rows[^1].ArrivedAt, Rows[^1].DeploymentId, false));
    }
}
