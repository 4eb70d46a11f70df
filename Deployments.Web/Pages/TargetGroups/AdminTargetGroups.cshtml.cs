using Deployments.Data.TargetGroups;
using Deployments.Web.Accounts;
using Deployments.Web.TargetGroups;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.TargetGroups;

/// <summary>What the form of the groups asks.</summary>
/// <param name="Groups">Names, one on a line.</param>
/// <param name="Rules">Rules, one on a line.</param>
/// <param name="Revision">The definition that the form was filled with; empty: whatever it is.</param>
public sealed record TargetGroupForm(string? Groups, string? Rules, string? Revision);

/// <summary>The groups of targets, the rules that say who is in which, and what each rule takes.</summary>
public sealed class AdminTargetGroupsModel(TargetGroupQueries queries, TargetGroupStore store) : PageModel
{
    const int TextLengthMax = 200_000;

    /// <summary>What the fields show.</summary>
    public TargetGroupForm Form { get; private set; } = new(null, null, null);

    /// <summary>What is shown below them.</summary>
    public TargetGroupDefinition Definition { get; private set; } = TargetGroupDefinition.Empty;

    /// <summary>What its rules take; null where it is not fit to be tried.</summary>
    public TargetGroupPreview? Preview { get; private set; }

    /// <summary>Whether the fields say what is in force.</summary>
    public bool IsInForce { get; private set; }

    /// <summary>Whether the fields were filled from the names of targets.</summary>
    public bool IsProposed { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows what is in force, or proposes.</summary>
    public async Task OnGetAsync(bool propose, CancellationToken ct)
    {
        var now = await queries.DefinitionAsync(ct);
        Definition = propose ? TargetGroupProposals.Of(await queries.NamesAsync(ct)) : now;
        (IsInForce, IsProposed) = (!propose, propose);
        Form = new TargetGroupForm(
            TargetGroupText.WriteGroups(Definition), TargetGroupText.WriteRules(Definition), now.Revision);
        Preview = await queries.PreviewAsync(Definition, ct);
    }

    /// <summary>Shows what the rules would take; changes nothing.</summary>
    public async Task<IActionResult> OnPostPreviewAsync(TargetGroupForm input, CancellationToken ct)
    {
        await ReadAsync(input, ct);
        return ModelState.IsValid ? Page() : Refused();
    }

    /// <summary>Puts what was written into force.</summary>
    public async Task<IActionResult> OnPostAsync(TargetGroupForm input, CancellationToken ct)
    {
        await ReadAsync(input, ct);
        if (!ModelState.IsValid)
            return Refused();
        var by = PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);
        var revision = string.IsNullOrEmpty(input.Revision) ? null : input.Revision;
        if (!await store.ReplaceAsync(Definition, revision, by, ct))
        {
            ModelState.AddModelError("", "Somebody has changed the groups since you looked at them. "
                + "Open this page in another tab, compare, and save there.");
            return Refused();
        }

        Notice = "The groups are saved, and every target is in its group.";
        return RedirectToPage();
    }

    PageResult Refused()
    {
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }

    async Task ReadAsync(TargetGroupForm input, CancellationToken ct)
    {
        Form = input;
        if (input.Groups?.Length > TextLengthMax || input.Rules?.Length > TextLengthMax)
        {
            ModelState.AddModelError("", "That is far too long.");
            return;
        }

        Definition = TargetGroupText.Read(input.Groups, input.Rules);
        var result = await new TargetGroupValidator().ValidateAsync(Definition, ct);
        foreach (var problem in result.Errors.Select(error => error.ErrorMessage + ".").Distinct().Take(10))
            ModelState.AddModelError("", problem);
        if (await queries.LostWindowsOrNullAsync(Definition, ct) is { } lost)
            ModelState.AddModelError("", lost);
        if (ModelState.IsValid)
            Preview = await queries.PreviewAsync(Definition, ct);
    }
}
