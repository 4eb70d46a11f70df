using Deployments.Data.Following;
using Deployments.Data.Targets;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>The targets that a person follows: the dashboard tells what is new on them.</summary>
[Authorize]
public sealed class FollowedTargetsModel(
    FollowQueries queries, FollowStore store, TargetQueries targets, TimeProvider time) : PageModel
{
    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<FollowedTarget> Targets { get; private set; } = [];

    /// <summary>Why the last wish was not granted.</summary>
    public string? Problem { get; private set; }

    string Person => PageAccess.CallerOf(HttpContext).Name;

    /// <summary>Shows them.</summary>
    public async Task OnGetAsync(CancellationToken ct) =>
        Targets = await queries.AllAsync(Person, CallerFeeds.Of(HttpContext), ct);

    /// <summary>Follows a target and goes back to its page.</summary>
    public async Task<IActionResult> OnPostAsync(string? target, CancellationToken ct)
    {
        if (await targets.FindOrNullAsync(target ?? "", CallerFeeds.Of(HttpContext), ct) is not { } row)
            return NotFound();
        if (await store.FollowAsync(Person, row.TargetId, time.GetUtcNow(), ct))
            return LocalRedirect(RecordText.TargetLink(row.Name));
        Problem = $"You follow {FollowStore.TargetsMax} targets; leave one first.";
        Response.StatusCode = StatusCodes.Status400BadRequest;
        await OnGetAsync(ct);
        return Page();
    }

    /// <summary>Follows a target no longer, and goes back to its page or stays.</summary>
    public async Task<IActionResult> OnPostUnfollowAsync(string? target, bool stays, CancellationToken ct)
    {
        if (await targets.FindOrNullAsync(target ?? "", CallerFeeds.Of(HttpContext), ct) is not { } row)
            return NotFound();
        await store.UnfollowAsync(Person, row.TargetId, ct);
        return stays ? RedirectToPage() : LocalRedirect(RecordText.TargetLink(row.Name));
    }

    /// <summary>What there was up to a time is no longer new.</summary>
    /// <param name="at">When the page was made on which it was seen.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IActionResult> OnPostSeenAsync(DateTimeOffset? at, CancellationToken ct)
    {
        if (!ModelState.IsValid || at is not { } seen)
            return BadRequest();
        var now = time.GetUtcNow();
        await store.MarkSeenAsync(Person, (seen < now ? seen : now).ToUniversalTime(), ct);
        return LocalRedirect("/");
    }
}
