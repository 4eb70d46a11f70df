using Deployments.Data.Records;
using Deployments.Data.Targets;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Targets;

/// <summary>What runs on a target now, or ran there at any time, and its history.</summary>
public sealed class TargetModel(TargetQueries targets, RecordQueries records, VulnerabilityQueries vulnerabilities)
    : PageModel
{
    const int PageSize = 25;
    const int FindingsMax = 200;

    internal TargetRow Target { get; private set; } = new();

    internal string AtText { get; private set; } = "";

    internal DateTimeOffset? At { get; private set; }

    internal string? AtProblem { get; private set; }

    internal string AtQuery => At is null ? "" : $"?at={Uri.EscapeDataString(AtText)}";

    internal IReadOnlyList<InstalledRow> Installed { get; private set; } = [];

    /// <summary>What is known of the versions that run here now; empty for a time in the past.</summary>
    internal IReadOnlyList<FindingRow> Findings { get; private set; } = [];

    internal RecordPage History { get; private set; } = new([], null, null);

    internal string? NewerUrl => Link(History.Newer);

    internal string? OlderUrl => Link(History.Older);

    public async Task<IActionResult> OnGetAsync(string name, string? at, string? cursor, CancellationToken ct)
    {
        if (await targets.FindOrNullAsync(RecordText.FromPath(name), ct) is not { } target)
            return NotFound();

        Target = target;
        AtText = at?.Trim() ?? "";
        if (AtText.Length > 0)
            At = TimeText.TryParseEnd(AtText);
        if (AtText.Length > 0 && At is null)
        {
            AtProblem = TimeText.Problem;
            Response.StatusCode = StatusCodes.Status400BadRequest;
        }

        Installed = At is { } time
            ? await targets.AtAsync(target.TargetId, time, ct)
            : await targets.NowAsync(target.TargetId, ct);
        if (At is null)
            Findings = await vulnerabilities.OfTargetAsync(target.TargetId, FindingsMax, ct);
        History = await records.PageAsync(
            new RecordFilter
            {
                Target = target.Name,
                Cursor = cursor is null ? null : RecordCursor.TryParse(cursor),
                Limit = PageSize,
            }, ct);
        return Page();
    }

    string? Link(RecordCursor? cursor)
    {
        if (cursor is null)
            return null;
        var query = new Dictionary<string, string?> { ["cursor"] = cursor.ToString() };
        if (At is not null)
            query["at"] = AtText;
        return QueryHelpers.AddQueryString(RecordText.TargetLink(Target.Name), query) + "#history";
    }
}
