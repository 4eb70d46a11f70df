using Deployments.Data.Audit;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Audit;

/// <summary>What administrators did, newest first, with filters in the query string.</summary>
public sealed class AuditLogModel(AuditQueries queries) : PageModel
{
    internal const string Path = "/admin/audit";
    const int PageSize = 50;

    internal FilterQuery Query { get; private set; } = null!;

    internal IReadOnlyList<AuditEvent> Events { get; private set; } = [];

    internal IReadOnlyList<string> Actions { get; private set; } = [];

    internal string? NewerUrl { get; private set; }

    internal string? OlderUrl { get; private set; }

    /// <summary>Shows a page.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken ct)
    {
        Query = new FilterQuery(Request.Query, AuditQuery.Conditions);
        var filter = AuditQuery.FilterOf(Query);
        var cursor = AuditQuery.CursorOrNull(Query);
        Actions = await queries.ActionsAsync(ct);
        if (Query.Errors.Count > 0)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Page();
        }

        var towardsNewer = cursor is { TowardsNewer: true };
        // One more than is shown tells whether there is a further page.
        var found = await queries.PageAsync(filter, cursor, PageSize + 1, ct);
        var hasMore = found.Count > PageSize;
        Events = [.. towardsNewer ? found.TakeLast(PageSize) : found.Take(PageSize)];
        if (Events.Count > 0 && (towardsNewer ? hasMore : cursor is not null))
            NewerUrl = Link(new AuditCursor(Events[0].AuditEventId, TowardsNewer: true));
        if (Events.Count > 0 && (towardsNewer || hasMore))
            OlderUrl = Link(new AuditCursor(Events[^1].AuditEventId, TowardsNewer: false));
        return Page();
    }

    string Link(AuditCursor cursor) =>
        QueryHelpers.AddQueryString(Query.Link(Path), "cursor", AuditQuery.Write(cursor));
}
