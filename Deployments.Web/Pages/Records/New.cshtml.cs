using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Records;

/// <summary>Adds a record by hand, for what no tool has recorded.</summary>
[Authorize(Policy = PageAccess.Add)]
public sealed class NewModel(
    FeedQueries feeds, CallerFeeds callerFeeds, FeedTypeCatalog types, RecordStore store, RecordIds ids,
    IValidator<DeploymentFields> fields, TimeProvider time) : PageModel
{
    [BindProperty]
    public NewDeploymentForm Form { get; set; } = new();

    internal IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>Fills in what a link knows already: <c>?feed=&amp;package=&amp;version=&amp;target=</c>.</summary>
    public async Task OnGetAsync(
        string? feed, string? group, string? package, string? version, string? target, CancellationToken ct)
    {
        Feeds = await FeedsAsync(ct);
        Form = new NewDeploymentForm
        {
            Feed = feed,
            Group = group,
            Package = package,
            Version = version,
            Target = target,
        };
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken ct)
    {
        Feeds = await FeedsAsync(ct);
        var form = Form.Cleaned();
        var result = await new NewDeploymentFormValidator(fields).ValidateAsync(form, ct);
        result.AddToModelState(ModelState, nameof(Form));
        var feed = Feeds.FirstOrDefault(feed => feed.Name.Equals(form.Feed, StringComparison.OrdinalIgnoreCase));
        var type = feed is null ? null : types.FindOrNull(feed.FeedType);
        if (result.IsValid && type is null)
            ModelState.AddModelError("Form.Feed", "is not a feed");
        if (ModelState.IsValid && CoordinateLimits.ProblemOrNull(type!, PackageOf(form, type!)) is var (which, problem))
            ModelState.AddModelError(which == "Name" ? "Form.Package" : $"Form.{which}", problem);
        if (!ModelState.IsValid)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Page();
        }

        var entry = RecordEntry.Of(
            form, PackageOf(form, type!), feed!.FeedId, PageAccess.CallerOf(HttpContext), HttpContext,
            RecordRoad.Manual, await ids.NextAsync(ct), time.GetUtcNow());
        var recorded = (await store.RecordAsync([RecordFactory.ToRecord(type!, entry)], ct))[0];
        return Redirect($"/deployments/{recorded.DeploymentId}?notice={(recorded.IsDuplicate ? "repeated" : "added")}");
    }

    async Task<IReadOnlyList<Feed>> FeedsAsync(CancellationToken ct) => await feeds.AllAsync(
        await callerFeeds.OfAsync(PageAccess.CallerOf(HttpContext), Permissions.Add, ct), ct);

    static PackageCoordinates PackageOf(NewDeploymentForm form, IFeedType type) =>
        type.FromNames(form.Group ?? "", form.Package!, form.Version!);
}
