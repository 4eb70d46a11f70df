using Deployments.Data.Audit;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Audit;

/// <summary>What administrators did, newest first.</summary>
public sealed class AuditLogModel(AuditQueries queries) : PageModel
{
    internal const int PageSize = 50;

    /// <summary>Only by this account or key.</summary>
    [BindProperty(SupportsGet = true, Name = "actor")]
    public string? Actor { get; set; }

    /// <summary>Only of this kind.</summary>
    [FromQuery(Name = "action")]
    public string? Action { get; set; }

    /// <summary>Only events older than this one.</summary>
    [BindProperty(SupportsGet = true, Name = "before")]
    public long? Before { get; set; }

    /// <summary>The page.</summary>
    public IReadOnlyList<AuditEvent> Events { get; private set; } = [];

    /// <summary>Where the next page begins; null on the last.</summary>
    public long? Next { get; private set; }

    /// <summary>The choices of the filter.</summary>
    public IReadOnlyList<string> Actions { get; private set; } = [];

    /// <summary>Shows a page.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        var found = await queries.PageAsync(new AuditFilter(Text(Actor), Text(Action)), Before, PageSize + 1, ct);
        Events = [.. found.Take(PageSize)];
        Next = found.Count > PageSize ? Events[^1].AuditEventId : null;
        Actions = await queries.ActionsAsync(ct);
    }

    // PostgreSQL's text has no NUL.
    static string? Text(string? value) =>
        string.IsNullOrWhiteSpace(value) ? null : value.Trim().Replace("\0", "", StringComparison.Ordinal);
}
