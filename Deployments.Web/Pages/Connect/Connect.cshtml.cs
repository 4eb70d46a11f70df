using System.Text;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Connect;

/// <summary>Snippets for every tool, with this server's address and a feed filled in.</summary>
public sealed class ConnectModel(FeedQueries feeds, FeedTypeCatalog types) : PageModel
{
    /// <summary>The feeds to choose from; those that this program knows how to serve.</summary>
    public IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>This server's address as the reader knows it.</summary>
    public string Server => ServerAddress.Of(HttpContext);

    /// <summary>What the snippets are about; null while there is no feed.</summary>
    public ConnectPlace? Place { get; private set; }

    /// <summary>The same for Maven; null while there is no Maven feed.</summary>
    public ConnectPlace? Maven { get; private set; }

    /// <summary>The same for containers; null while there is no registry.</summary>
    public ConnectPlace? Registry { get; private set; }

    /// <summary>Shows the page.</summary>
    /// <param name="feed">The feed that the snippets name; null for the first one.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IActionResult> OnGetAsync(string? feed, CancellationToken ct)
    {
        Feeds = [.. (await feeds.AllAsync(CallerFeeds.Of(HttpContext), ct))
            .Where(f => f.Active && types.FindOrNull(f.FeedType) is not null)];
        var chosen = string.IsNullOrEmpty(feed)
            ? Feeds is [var first, ..] ? first : null
            : Feeds.FirstOrDefault(f => f.Name.Equals(feed, StringComparison.OrdinalIgnoreCase)
                || f.AlternateNames.Contains(feed, StringComparer.OrdinalIgnoreCase));
        if (chosen is null && !string.IsNullOrEmpty(feed))
            return NotFound();
        Place = PlaceOf(chosen);
        Maven = PlaceOf(OfType(chosen, type => type.Key == "maven"));
        Registry = PlaceOf(OfType(chosen, type => type.Root == "v2"));
        return Page();
    }

    /// <summary>The step template for Octopus Deploy.</summary>
    /// <param name="syntax"><c>bash</c>, else for PowerShell.</param>
    public IActionResult OnGetOctopusStep(string? syntax)
    {
        var isBash = syntax == "bash";
        return File(
            Encoding.UTF8.GetBytes(OctopusStepTemplate.Write(ServerAddress.Of(HttpContext), isBash)),
            "application/json", isBash ? "record-deployment-bash.json" : "record-deployment-powershell.json");
    }

    /// <summary>The chosen feed where it is of that type, else the first one that is.</summary>
    Feed? OfType(Feed? chosen, Func<IFeedType, bool> isWanted) =>
        Feeds.OrderByDescending(feed => feed == chosen).FirstOrDefault(feed => isWanted(types[feed.FeedType]));

    ConnectPlace? PlaceOf(Feed? feed) => feed is null ? null
        : new ConnectPlace(ServerAddress.Of(HttpContext), feed, types[feed.FeedType]);
}
