using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Removals;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Targets;

/// <summary>Says that a package no longer runs on a target: those of the record that says it does.</summary>
[Authorize(Policy = PageAccess.Add)]
public sealed class RemoveModel(
    RecordQueries records, RemovalQueries removals, CallerFeeds callerFeeds, FeedTypeCatalog types,
    RemovalStore store, IValidator<DeploymentFields> fields, TimeProvider time) : PageModel
{
    [BindProperty]
    public DeploymentFields Form { get; set; } = new() { Application = "By hand" };

    internal RecordRow Row { get; private set; } = new();

    // The feeds that the reader may add to.
    VisibleFeeds Theirs { get; set; } = VisibleFeeds.None;

    /// <summary>Shows the form. Of what runs there no longer, or by another record, the target tells.</summary>
    public async Task<IActionResult> OnGetAsync(long id, CancellationToken ct)
    {
        if (!await LoadAsync(id, ct))
            return NotFound();
        return await removals.FeedOfRunningOrNullAsync(id, Theirs, ct) is null
            ? Redirect(RecordText.TargetLink(Row.Target))
            : Page();
    }

    /// <summary>Writes the removal. Sent twice it is one.</summary>
    public async Task<IActionResult> OnPostAsync(long id, CancellationToken ct)
    {
        if (!await LoadAsync(id, ct))
            return NotFound();
        var form = Form.Trimmed() with { Target = Row.Target, Description = Form.Description?.Trim() ?? "" };
        (await fields.ValidateAsync(form, ct)).AddToModelState(ModelState, nameof(Form));
        if (form.DeployedAt < Row.DeployedAt && ModelState.IsValid)
            ModelState.AddModelError("Form.Date", "is before the deployment, after which it did run there");
        if (!ModelState.IsValid)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Page();
        }

        // Another record may have come meanwhile: what nobody has looked at is not removed.
        var isRemoved = await removals.FeedOfRunningOrNullAsync(id, Theirs, ct) is { } feedId
            && await store.RemoveAsync(Removal(form, feedId), ct) is { Outcome: RemovalOutcome.Removed };
        return Redirect($"{RecordText.TargetLink(Row.Target)}?notice={(isRemoved ? "removed" : "changed")}");
    }

    NewRemoval Removal(DeploymentFields form, int feedId) => RemovalFactory.Make(
        form, new PackageCoordinates(Row.Group, Row.Name, Row.Version, Row.Qualifier), types[Row.FeedType], feedId,
        PageAccess.CallerOf(HttpContext), HttpContext, RecordRoad.Manual, time.GetUtcNow());

    async Task<bool> LoadAsync(long id, CancellationToken ct)
    {
        Theirs = await callerFeeds.OfAsync(PageAccess.CallerOf(HttpContext), Permissions.Add, ct);
        if (await records.FindOrNullAsync(id, Theirs, ct) is not { } row
            || types.FindOrNull(row.FeedType) is null)
            return false;
        Row = row;
        return true;
    }
}
