using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Inventory;

/// <summary>"Record it": turns what was seen into a record after the fact.</summary>
[Authorize(Policy = PageAccess.Add)]
public sealed class RecordModel(
    ObservationQueries observations, FeedQueries feeds, CallerFeeds callerFeeds, FeedTypeCatalog types,
    RecordStore store, RecordIds ids, IValidator<DeploymentFields> fields, TimeProvider time) : PageModel
{
    /// <summary>What is said of it beside what was seen.</summary>
    [BindProperty]
    public DeploymentFields Form { get; set; } = new() { Application = "By hand" };

    /// <summary>The feed that the package is of.</summary>
    [BindProperty]
    public string? Feed { get; set; }

    internal OpenObservation Seen { get; private set; } = new();

    /// <summary>Feeds of its type; those that know the package come first.</summary>
    internal IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>Shows the form.</summary>
    public async Task<IActionResult> OnGetAsync(long id, CancellationToken ct)
    {
        if (!await LoadAsync(id, ct))
            return NotFound();
        // A record that is older than the newest one would change nothing.
        Form = Form with
        {
            Date = TimeText.Write(Seen.ChangedAt >= Seen.FirstSeenAt ? Seen.LastSeenAt : Seen.FirstSeenAt),
        };
        return Page();
    }

    /// <summary>Records it. Sent twice it is one.</summary>
    public async Task<IActionResult> OnPostAsync(long id, CancellationToken ct)
    {
        if (!await LoadAsync(id, ct))
            return NotFound();
        var form = Form.Trimmed() with { Target = Seen.Target, Description = Form.Description?.Trim() ?? "" };
        (await fields.ValidateAsync(form, ct)).AddToModelState(ModelState, nameof(Form));
        var feed = Feeds.FirstOrDefault(feed => feed.Name == Feed);
        if (feed is null)
            ModelState.AddModelError(nameof(Feed), "is not a feed of this type");
        if (!ModelState.IsValid)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Page();
        }

        var type = types[feed!.FeedType];
        var record = RecordFactory.ToRecord(type, RecordEntry.Of(
            form with { Date = form.Date ?? TimeText.Write(Seen.FirstSeenAt) },
            new PackageCoordinates(Seen.Group, Seen.Name, Seen.Version, Seen.Qualifier), feed.FeedId,
            PageAccess.CallerOf(HttpContext), HttpContext, RecordRoad.Inventory, await ids.NextAsync(ct),
            time.GetUtcNow()));
        var recorded = (await store.RecordAsync([record], ct))[0];
        return Redirect($"/deployments/{recorded.DeploymentId}?notice={(recorded.IsDuplicate ? "repeated" : "added")}");
    }

    async Task<bool> LoadAsync(long id, CancellationToken ct)
    {
        var theirs = await callerFeeds.OfAsync(PageAccess.CallerOf(HttpContext), Permissions.Add, ct);
        if (await observations.OpenOrNullAsync(id, theirs, ct) is not { } seen)
            return false;
        Seen = seen;
        Feeds =
        [
            .. (await feeds.AllAsync(theirs, ct))
                .Where(feed => types.FindOrNull(feed.FeedType)?.PackageType == seen.Type)
                .OrderByDescending(feed => seen.Feeds.Contains(feed.Name)),
        ];
        return true;
    }
}
