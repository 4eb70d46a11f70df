using Deployments.Data.Calendar;
using Deployments.Data.TargetGroups;
using Deployments.Web.Accounts;
using Deployments.Web.Calendar;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Calendar;

/// <summary>What the form of the windows asks.</summary>
/// <param name="Lines">Windows and freezes, one on a line.</param>
/// <param name="Revision">The list that the form was filled with; empty: whatever it is.</param>
public sealed record ChangeWindowForm(string? Lines, string? Revision);

/// <summary>When changes are meant to happen, and when not.</summary>
public sealed class AdminChangeWindowsModel(ChangeWindowStore store, TargetGroupQueries groups) : PageModel
{
    const int TextLengthMax = 100_000;
    const int ProblemsMax = 10;

    /// <summary>What the fields show.</summary>
    public ChangeWindowForm Form { get; private set; } = new(null, null);

    /// <summary>The groups that lines may name.</summary>
    public IReadOnlyList<string> Groups { get; private set; } = [];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows what is in force.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        var windows = await store.AllAsync(ct);
        Groups = await groups.GroupNamesAsync(ct);
        Form = new ChangeWindowForm(ChangeWindowText.Write(windows), ChangeWindow.RevisionOf(windows));
    }

    /// <summary>Puts what was written into force.</summary>
    public async Task<IActionResult> OnPostAsync(ChangeWindowForm input, CancellationToken ct)
    {
        Form = input;
        Groups = await groups.GroupNamesAsync(ct);
        var isTooLong = input.Lines?.Length > TextLengthMax;
        var (windows, problems) = ChangeWindowText.Read(isTooLong ? "" : input.Lines, Groups);
        foreach (var problem in isTooLong ? ["That is far too long."] : problems.Take(ProblemsMax))
            ModelState.AddModelError("", problem);
        if (!ModelState.IsValid)
            return Refused();
        var revision = string.IsNullOrEmpty(input.Revision) ? null : input.Revision;
        if (!await store.ReplaceAsync(
            windows, revision, PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct))
        {
            ModelState.AddModelError("", "Somebody has changed the windows since you looked at them. "
                + "Open this page in another tab, compare, and save there.");
            return Refused();
        }

        Notice = "The windows are saved. The calendar is being counted again.";
        return RedirectToPage();
    }

    PageResult Refused()
    {
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}
