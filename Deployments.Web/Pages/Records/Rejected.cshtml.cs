using System.Globalization;
using Deployments.Data.Audit;
using Deployments.Data.Octopus;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Records;

/// <summary>Rejected records: what waits for an administrator, and what has become of the others.</summary>
[RequestFormLimits(ValueCountLimit = FormValuesMax)]
public sealed class RejectedModel(
    RejectedQueries queries, RejectedStore store, RejectedMender mender, OctopusMappingStore octopus) : PageModel
{
    internal const string Path = "/admin/rejected";

    /// <summary>Longest reason of a dismissal, in characters.</summary>
    internal const int DismissalLengthMax = 500;

    const int PageSize = 50;
    const int FormValuesMax = 25_000; // more than may be chosen: what is too many is refused in words
    const int BulkMax = 1000; // one transaction holds their locks, and one page shows what became of them

    internal static readonly (string Name, string Label)[] Conditions =
    [
        ("state", "State"), ("feed", "Feed"), ("package", "Package"), ("reason", "Reason"), ("from", "From"),
        ("to", "To"),
    ];

    RejectedFilter filter = new();

    internal FilterQuery Query { get; private set; } = null!;

    internal RejectedPage Found { get; private set; } = new([], null, null);

    /// <summary>
    /// The oldest packages of Octopus deployments that wait; none where the list is filtered, turned over or of
    /// resolved records, since they have no feed that a filter could ask for.
    /// </summary>
    internal IReadOnlyList<OctopusSetAside> OctopusSetAside { get; private set; } = [];

    /// <summary>How many there are in all.</summary>
    internal long OctopusSetAsideCount { get; private set; }

    internal bool ShowsResolved => filter.Resolved;

    internal bool IsFiltered => Query.Given.Any(given => given.Name != "state");

    internal string? NewerUrl => Query.Link(Path, Found.Newer);

    internal string? OlderUrl => Query.Link(Path, Found.Older);

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows a page of the list.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken ct)
    {
        ReadFilter();
        return await ShowAsync(ct);
    }

    /// <summary>Dismisses many.</summary>
    public async Task<IActionResult> OnPostDismissAsync(
        List<long> ids, bool all, string? dismissal, CancellationToken ct)
    {
        ReadFilter();
        if (DismissalProblem(dismissal) is { } problem)
            ModelState.AddModelError("", problem);
        var chosen = await ChosenAsync(ids, all, ct);
        if (!ModelState.IsValid)
            return await ShowAsync(ct);
        var dismissed = await store.DismissAsync(chosen, dismissal!.Trim(), By, ct);
        Notice = $"{Counted(dismissed)} dismissed.{Stale(chosen.Count - dismissed)}";
        return Redirect(Query.Link(Path));
    }

    /// <summary>Replays many, with the same corrections for all of them.</summary>
    public async Task<IActionResult> OnPostReplayAsync(
        List<long> ids, bool all, MendCorrections corrections, CancellationToken ct)
    {
        ReadFilter();
        var chosen = await ChosenAsync(ids, all, ct);
        if (!ModelState.IsValid)
            return await ShowAsync(ct);
        var report = await mender.ReplayAsync(
            chosen, row => corrections.Over(RejectedMender.FieldsOf(row)).Cleaned(), By, ct);
        var repeated = report.Recorded.Count(result => result.IsDuplicate);
        Notice = $"{Counted(report.Recorded.Count)} replayed"
            + (repeated > 0 ? $", of which {Counted(repeated)} had been on record already" : "") + "."
            + (report.Problems.Count == 0
                ? ""
                : $" {Counted(report.Problems.Count)} still to be mended, for instance because: "
                    + $"{report.Problems.First().Value}.")
            + Stale(chosen.Count - report.Recorded.Count - report.Problems.Count);
        return Redirect(Query.Link(Path));
    }

    /// <summary>What is wrong with a reason for dismissing; null when nothing is.</summary>
    internal static string? DismissalProblem(string? reason) =>
        string.IsNullOrWhiteSpace(reason) ? "Say why: the reason of the dismissal is missing."
        : reason.Length > DismissalLengthMax ? $"The reason is longer than {DismissalLengthMax} characters."
        : reason.Any(c => char.IsControl(c) || char.IsSurrogate(c)) ? "The reason has control characters."
        : null;

    async Task<IReadOnlyList<long>> ChosenAsync(List<long> ids, bool all, CancellationToken ct)
    {
        if (filter.Resolved || Query.Errors.Count > 0)
            ModelState.AddModelError("", "Only open records of a valid filter can be chosen.");
        else if (all)
        {
            var matching = await queries.PageAsync(filter with { Cursor = null }, BulkMax, ct);
            return [.. matching.Items.Select(row => row.Id)];
        }
        else if (ids.Count is 0 or > BulkMax)
            ModelState.AddModelError("", $"Choose at least one record, and at most {BulkMax}.");
        return ids;
    }

    async Task<IActionResult> ShowAsync(CancellationToken ct)
    {
        if (Query.Errors.Count > 0 || !ModelState.IsValid)
            Response.StatusCode = StatusCodes.Status400BadRequest;
        if (Query.Errors.Count == 0)
            Found = await queries.PageAsync(filter, PageSize, ct);
        if (!ShowsResolved && !IsFiltered && filter.Cursor is null && Query.Errors.Count == 0)
            (OctopusSetAside, OctopusSetAsideCount) = await octopus.SetAsideAsync(PageSize, ct);
        return Page();
    }

    void ReadFilter()
    {
        Query = new FilterQuery(Request.Query, Conditions);
        filter = new RejectedFilter
        {
            Resolved = Query.ChoiceOrNull("state", "open", "resolved") == "resolved",
            Feed = Query.TextOrNull("feed"),
            Package = Query.TextOrNull("package"),
            Reason = Query.TextOrNull("reason"),
            From = Query.TimeOrNull("from"),
            To = Query.TimeOrNull("to", isEnd: true),
            Cursor = Query.CursorOrNull(),
        };
    }

    static string Counted(int count) =>
        count == 1 ? "1 record" : count.ToString("N0", CultureInfo.InvariantCulture) + " records";

    static string Stale(int count) =>
        count == 0 ? "" : $" {Counted(count)} had been dealt with by somebody else meanwhile.";
}
