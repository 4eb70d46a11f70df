using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Groups;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Feeds;

/// <summary>What of a feed those may change who manage it without being administrators.</summary>
public sealed class FeedSettingsModel(
    FeedQueries queries, FeedStore store, FeedTypeCatalog types, FeedAccessReader access) : PageModel
{
    /// <summary>The feed as it is.</summary>
    public Feed Feed { get; private set; } = null!;

    /// <summary>What the form shows.</summary>
    public FeedForm Input { get; private set; } = new();

    /// <summary>The groups that may something on it.</summary>
    public IReadOnlyList<FeedGroupRow> Groups { get; private set; } = [];

    /// <summary>The keys that were made for it.</summary>
    public IReadOnlyList<ApiKey> Keys { get; private set; } = [];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>A release of each distribution that has such packages; empty for other types.</summary>
    public IReadOnlyList<string> DistributionExamples =>
        types.FindOrNull(Feed.FeedType) is { } type ? Distributions.Examples(type.PackageType) : [];

    Caller Reader => PageAccess.CallerOf(HttpContext);

    /// <summary>Shows the settings.</summary>
    public async Task<IActionResult> OnGetAsync([FromRoute] string feed, CancellationToken ct)
    {
        if (await RefusalOrNullAsync(feed, ct) is { } refusal)
            return refusal;
        Input = FeedForm.Of(Feed);
        return Page();
    }

    /// <summary>Changes them.</summary>
    public async Task<IActionResult> OnPostAsync([FromRoute] string feed, FeedForm input, CancellationToken ct)
    {
        if (await RefusalOrNullAsync(feed, ct) is { } refusal)
            return refusal;
        Input = input;
        FeedFields Change(FeedFields now)
        {
            var all = input.Over(now);
            return now with
            {
                Description = all.Description,
                Active = all.Active,
                DeploymentRecordsEnabled = all.DeploymentRecordsEnabled,
                Distributions = input.Distributions is null ? now.Distributions : all.Distributions,
            };
        }

        (await new FeedValidator(types).ValidateAsync(Change(Feed.Fields), ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Page();
        }

        if (await store.ChangeAsync(Feed.Name, Change, Reader.ActorFor(HttpContext), ct) != FeedOutcome.Saved)
            return NotFound();
        Notice = "Saved.";
        return RedirectToPage(new { feed = Feed.Name });
    }

    // Null: the reader may, and the feed is loaded. One that is not seen is not there.
    async Task<IActionResult?> RefusalOrNullAsync(string name, CancellationToken ct)
    {
        if (await queries.ByNameOrNullAsync(name, CallerFeeds.Of(HttpContext), ct) is not { } feed)
            return NotFound();
        if (!Reader.CanChange(feed.FeedId))
            return Reader.IsAnonymous ? Challenge() : Forbid();
        Feed = feed;
        (Groups, Keys) = await access.OfAsync(feed, ct);
        return null;
    }
}
