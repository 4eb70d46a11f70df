using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Octopus;
using Deployments.Web.Accounts;
using Deployments.Web.Octopus;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Octopus;

/// <summary>One Octopus server: how far it is, what waits, which feeds are which.</summary>
public sealed class AdminOctopusServerModel(
    OctopusConnectionStore connections, OctopusDeploymentStore deployments, OctopusMappingStore mappings,
    FeedQueries feeds, OctopusDesk desk) : PageModel
{
    const int Shown = 50;
    const int NameLengthMax = 500;

    /// <summary>The connection.</summary>
    public OctopusConnection Octopus { get; private set; } = null!;

    /// <summary>Its deployments in numbers.</summary>
    public OctopusCounts Counts { get; private set; } = new();

    /// <summary>How far its spaces were listed.</summary>
    public IReadOnlyList<OctopusSpace> Spaces { get; private set; } = [];

    /// <summary>Deployments that could not be read yet.</summary>
    public IReadOnlyList<OctopusTrouble> Troubles { get; private set; } = [];

    /// <summary>What waits for an administrator: a page of it.</summary>
    public IReadOnlyList<OctopusSetAside> SetAside { get; private set; } = [];

    /// <summary>Where the next page begins; null: this is the last.</summary>
    public long? After { get; private set; }

    /// <summary>Its feeds that were met.</summary>
    public IReadOnlyList<OctopusFeed> Feeds { get; private set; } = [];

    /// <summary>The names of ours.</summary>
    public IReadOnlyList<string> OurFeeds { get; private set; } = [];

    /// <summary>What came of a test; null: none was made.</summary>
    public OctopusCheck? Check { get; private set; }

    /// <summary>What did not work just now; null: nothing.</summary>
    public string? Problem { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>What a subscription must send; null when it is lost.</summary>
    public string? Secret => desk.SecretOrNull(Octopus);

    /// <summary>Where a subscription must send it.</summary>
    public string EventsAddress =>
        ServerAddress.Of(HttpContext).TrimEnd('/')
        + $"/api/integrations/octopus/{Uri.EscapeDataString(Octopus.Name)}/events";

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <inheritdoc/>
    public override async Task OnPageHandlerExecutionAsync(
        PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var name = (string?)context.RouteData.Values["name"] ?? "";
        if (await connections.FindOrNullAsync(name, HttpContext.RequestAborted) is not { } octopus)
        {
            context.Result = NotFound();
            return;
        }

        Octopus = octopus;
        await next();
    }

    /// <summary>Shows it.</summary>
    public async Task OnGetAsync(long after, CancellationToken ct)
    {
        var id = Octopus.ConnectionId;
        Counts = await deployments.CountsAsync(id, ct);
        Spaces = await deployments.SpacesAsync(id, ct);
        Troubles = await deployments.TroublesAsync(id, Shown, ct);
        var setAside = await mappings.SetAsideAsync(id, after, Shown + 1, ct);
        SetAside = [.. setAside.Take(Shown)];
        After = setAside.Count > Shown ? SetAside[^1].SetAsideId : null;
        Feeds = await mappings.FeedsAsync(id, ct);
        OurFeeds = [.. (await feeds.AllAsync(VisibleFeeds.All, ct)).Select(feed => feed.Name)];
    }

    /// <summary>Asks the server what works.</summary>
    public async Task<IActionResult> OnPostTestAsync(CancellationToken ct)
    {
        Check = await desk.CheckAsync(Octopus, ct);
        await OnGetAsync(0, ct);
        return Page();
    }

    /// <summary>Has it asked now.</summary>
    public async Task<IActionResult> OnPostPollAsync(CancellationToken ct)
    {
        await connections.PollSoonAsync(Octopus.ConnectionId, ct);
        return Done("It is asked within seconds.");
    }

    /// <summary>Stops asking, or goes on.</summary>
    public async Task<IActionResult> OnPostPauseAsync(bool pause, CancellationToken ct)
    {
        await connections.PauseAsync(Octopus, pause, By, ct);
        return Done(pause ? "Paused." : "It goes on.");
    }

    /// <summary>Makes the subscription in Octopus.</summary>
    public async Task<IActionResult> OnPostSubscribeAsync(CancellationToken ct)
    {
        Problem = await desk.SubscribeAsync(Octopus, EventsAddress, ct);
        if (Problem is null)
            return Done("Octopus tells of deployments from now on.");
        await OnGetAsync(0, ct);
        return Page();
    }

    /// <summary>Says which of our feeds one of Octopus is.</summary>
    public async Task<IActionResult> OnPostFeedAsync(string? octopusFeed, string? feed, CancellationToken ct)
    {
        if (octopusFeed is null || octopusFeed.Length > NameLengthMax || !await IsOursAsync(feed, ct))
            return BadRequest();
        await mappings.ChooseFeedAsync(Octopus, octopusFeed, feed!, By, ct);
        return await ReplayAsync(ct);
    }

    /// <summary>Says which package a step deploys.</summary>
    public async Task<IActionResult> OnPostPackageAsync(
        long id, string? feed, string? package, CancellationToken ct)
    {
        var name = package?.Trim() ?? "";
        if (name.Length is 0 or > NameLengthMax || name.Any(char.IsControl) || !await IsOursAsync(feed, ct))
            return BadRequest();
        if (await mappings.SetAsideAsync(Octopus.ConnectionId, id - 1, 1, ct) is not [var step]
            || step.SetAsideId != id)
            return Done("It waits no more.");
        await mappings.ChoosePackageAsync(Octopus, step, feed!, name, By, ct);
        return await ReplayAsync(ct);
    }

    /// <summary>Ends the waiting of a package without recording it.</summary>
    public async Task<IActionResult> OnPostDismissAsync(long id, CancellationToken ct) =>
        Done(await mappings.DismissAsync(Octopus, id, By, ct) ? "Dismissed." : "It waits no more.");

    /// <summary>Removes the connection.</summary>
    public async Task<IActionResult> OnPostDeleteAsync(CancellationToken ct)
    {
        await connections.DeleteAsync(Octopus.Name, By, ct);
        Notice = $"Deleted {Octopus.Name}. What it recorded stays.";
        return RedirectToPage("/Octopus/AdminOctopus");
    }

    async Task<bool> IsOursAsync(string? feed, CancellationToken ct) =>
        feed is not null && (await feeds.AllAsync(VisibleFeeds.All, ct)).Any(ours => ours.Name == feed);

    async Task<IActionResult> ReplayAsync(CancellationToken ct)
    {
        var recorded = await desk.ReplayAsync(Octopus, ct);
        return Done(recorded == 0 ? "Chosen."
            : $"Chosen. {OctopusText.Number(recorded)} that {(recorded == 1 ? "was" : "were")} set aside "
                + $"{(recorded == 1 ? "is" : "are")} recorded now.");
    }

    RedirectToPageResult Done(string notice)
    {
        Notice = notice;
        return RedirectToPage(new { name = Octopus.Name });
    }
}
