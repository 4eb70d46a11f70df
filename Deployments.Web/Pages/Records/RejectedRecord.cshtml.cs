using Deployments.Data.Audit;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Records;

/// <summary>One rejected record: everything known of it, and what can be done about it.</summary>
public sealed class RejectedRecordModel(RejectedQueries queries, RejectedStore store, RejectedMender mender) : PageModel
{
    const string TooLate = "Somebody else has dealt with this record meanwhile; nothing was done.";

    /// <summary>What the record shall say.</summary>
    [BindProperty]
    public MendFields Form { get; set; } = new();

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    internal RejectedRow Row { get; private set; } = new();

    /// <summary>The reason typed for a dismissal that was not accepted.</summary>
    internal string? Dismissal { get; private set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the record, the form filled in with what its headers said.</summary>
    public async Task<IActionResult> OnGetAsync(long id, CancellationToken ct)
    {
        if (!await LoadAsync(id, ct))
            return NotFound();
        Form = RejectedMender.FieldsOf(Row);
        return Page();
    }

    /// <summary>Records it as the form says.</summary>
    public async Task<IActionResult> OnPostAsync(long id, CancellationToken ct)
    {
        if (!await LoadAsync(id, ct))
            return NotFound();
        Form = Form.Cleaned();
        foreach (var (property, problem) in mender.ProblemsOf(Row, Form))
        {
            // The feed is no field of the form.
            if (property == "Feed")
                ModelState.AddModelError("", $"The feed {problem}.");
            else
                ModelState.AddModelError($"{nameof(Form)}.{property}", problem);
        }

        if (!ModelState.IsValid)
            return Refuse();

        var report = await mender.ReplayAsync([id], _ => Form, By, ct);
        if (report.Problems.TryGetValue(id, out var refusal))
        {
            ModelState.AddModelError("", refusal);
            return Refuse();
        }

        Notice = report.Recorded is [var recorded]
            ? recorded.IsDuplicate ? "This deployment was on record already; nothing was added." : "Recorded."
            : TooLate;
        return Redirect($"{RejectedModel.Path}/{id}");
    }

    /// <summary>Resolves it without recording anything.</summary>
    public async Task<IActionResult> OnPostDismissAsync(long id, string? dismissal, CancellationToken ct)
    {
        if (!await LoadAsync(id, ct))
            return NotFound();
        ModelState.Clear(); // the fields of the other form were not sent
        if (RejectedModel.DismissalProblem(dismissal) is { } problem)
        {
            Form = RejectedMender.FieldsOf(Row);
            Dismissal = dismissal;
            ModelState.AddModelError("dismissal", problem);
            return Refuse();
        }

        Notice = await store.DismissAsync([id], dismissal!.Trim(), By, ct) == 1 ? "Dismissed." : TooLate;
        return Redirect($"{RejectedModel.Path}/{id}");
    }

    async Task<bool> LoadAsync(long id, CancellationToken ct)
    {
        if (await queries.FindOrNullAsync(id, ct) is not { } row)
            return false;
        Row = row;
        return true;
    }

    PageResult Refuse()
    {
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}
