using Deployments.Data.Accounts;
using Deployments.Data.Inventory;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Inventory;

/// <summary>"It is right so": decides that a difference is not to be told, with who, why and until when.</summary>
[Authorize(Policy = PageAccess.Add)]
public sealed class AcceptModel(DriftQueries drift, DriftStore store, CallerFeeds callerFeeds, TimeProvider time)
    : PageModel
{
    /// <summary>Why.</summary>
    [BindProperty]
    public string? Reason { get; set; }

    /// <summary>Until when, as typed; blank: until somebody takes it back.</summary>
    [BindProperty]
    public string? Until { get; set; }

    internal DriftRow Row { get; private set; } = new();

    /// <summary>What was decided about: what changed since the page was shown is not.</summary>
    internal string State => $"{Row.Kind}/{Row.Recorded}/{Row.Seen}";

    /// <summary>Shows the form, or what was decided.</summary>
    public async Task<IActionResult> OnGetAsync(
        string? target, string? type, string? group, string? name, CancellationToken ct) =>
        await LoadAsync(target, type, group, name, ct) ? Page() : NotFound();

    /// <summary>Decides.</summary>
    public async Task<IActionResult> OnPostAsync(
        string? target, string? type, string? group, string? name, string? known, CancellationToken ct)
    {
        if (!await LoadAsync(target, type, group, name, ct))
            return NotFound();
        var now = time.GetUtcNow();
        var reason = (Reason ?? "").Trim();
        var until = string.IsNullOrWhiteSpace(Until) ? null : TimeText.TryParseEnd(Until);
        if (reason.Length == 0)
            ModelState.AddModelError(nameof(Reason), "is missing");
        else if (DeploymentRules.DescriptionProblem(reason) is { } problem)
            ModelState.AddModelError(nameof(Reason), problem);
        if (until is null && !string.IsNullOrWhiteSpace(Until))
            ModelState.AddModelError(nameof(Until), TimeText.Problem);
        if (until <= now)
            ModelState.AddModelError(nameof(Until), "is over already");
        if (known != State)
            ModelState.AddModelError("", "It has changed meanwhile: this is how it is now.");
        if (!ModelState.IsValid)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Page();
        }

        await store.AcceptAsync(Row, reason, until, now, PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
        return Redirect("/drift");
    }

    /// <summary>Takes the decision back.</summary>
    public async Task<IActionResult> OnPostRevokeAsync(
        string? target, string? type, string? group, string? name, CancellationToken ct)
    {
        if (!await LoadAsync(target, type, group, name, ct))
            return NotFound();
        await store.RevokeAsync(Row, time.GetUtcNow(), PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
        return Redirect("/drift");
    }

    async Task<bool> LoadAsync(string? target, string? type, string? group, string? name, CancellationToken ct)
    {
        var theirs = await callerFeeds.OfAsync(PageAccess.CallerOf(HttpContext), Permissions.Add, ct);
        if (await drift.FindOrNullAsync(
            Clean(target), (Clean(type), Clean(group), Clean(name)), theirs, ct) is not { } row)
            return false;
        Row = row;
        return true;

        // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
        static string Clean(string? text) => (text ?? "").Replace('\0', '\ufffd');
    }
}
