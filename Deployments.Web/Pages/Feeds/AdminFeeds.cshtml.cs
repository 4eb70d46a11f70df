using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Feeds;

/// <summary>Feeds and connectors: list and add.</summary>
public sealed class AdminFeedsModel(
    FeedQueries queries, FeedStore feeds, ConnectorStore connectors, FeedTypeCatalog types) : PageModel
{
    /// <summary>Every feed, by name.</summary>
    public IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>Every connector, by name.</summary>
    public IReadOnlyList<Connector> Connectors { get; private set; } = [];

    /// <summary>The types a feed can have.</summary>
    public IReadOnlyList<IFeedType> Types => types.All;

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the lists.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Feeds = await queries.AllAsync(VisibleFeeds.All, ct);
        Connectors = await queries.ConnectorsAsync(ct);
    }

    /// <summary>Adds a feed, and shows it for the rest.</summary>
    public async Task<IActionResult> OnPostFeedAsync(string? name, string? feedType, CancellationToken ct)
    {
        var feed = new FeedFields { Name = name ?? "", FeedType = types.FindOrNull(feedType ?? "")?.Key ?? "" };
        (await new FeedValidator(types).ValidateAsync(feed, ct)).AddToModelState(ModelState, null);
        if (ModelState.IsValid && await feeds.AddAsync(feed, By, ct) == FeedOutcome.NameTaken)
            ModelState.AddModelError("", "Another feed answers to this name.");
        if (ModelState.IsValid)
            return RedirectToPage("/Feeds/AdminFeed", new { name });
        await OnGetAsync(ct);
        return Page();
    }

    /// <summary>Adds a connector, and shows it for the rest.</summary>
    public async Task<IActionResult> OnPostConnectorAsync(
        string? name, string? feedType, string? url, CancellationToken ct)
    {
        var connector = new ConnectorFields
        {
            Name = name ?? "",
            FeedType = types.FindOrNull(feedType ?? "")?.Key ?? "",
            Url = url ?? "",
        };
        (await new ConnectorValidator(types).ValidateAsync(connector, ct)).AddToModelState(ModelState, null);
        if (ModelState.IsValid && await connectors.AddAsync(connector, By, ct) == FeedOutcome.NameTaken)
            ModelState.AddModelError("", "Another connector has this name.");
        if (ModelState.IsValid)
            return RedirectToPage("/Feeds/AdminConnector", new { name });
        await OnGetAsync(ct);
        return Page();
    }
}
