using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Feeds;

/// <summary>Every feed.</summary>
public sealed class FeedsModel(FeedQueries feeds, FeedTypeCatalog types) : PageModel
{
    /// <summary>The feeds, by name.</summary>
    public IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>The name of a feed's type.</summary>
    public string TypeName(Feed feed) => types.FindOrNull(feed.FeedType)?.DisplayName ?? feed.FeedType;

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken ct) =>
        Feeds = await feeds.AllAsync(CallerFeeds.Of(HttpContext), ct);
}

/// <summary>The packages of one feed, and how to connect to it.</summary>
public sealed class FeedModel(FeedQueries feeds, PackageQueries packages, FeedTypeCatalog types) : PageModel
{
    const int RowsPerPage = 100;

    /// <summary>The feed.</summary>
    public Feed Feed { get; private set; } = null!;

    /// <summary>Its type.</summary>
    public IFeedType Type { get; private set; } = null!;

    /// <summary>Part of the names to list; empty for all.</summary>
    public string Search { get; private set; } = "";

    /// <summary>Its packages that were deployed.</summary>
    public PackagePage Packages { get; private set; } = new([], null);

    /// <summary>The address that package managers are given.</summary>
    public string FeedUrl =>
        $"{ServerAddress.Of(HttpContext)}/{Type.Root}/{Uri.EscapeDataString(Feed.Name)}/"
        + (Type.Key == "nuget" ? "v3/index.json" : "");

    /// <summary>How the type's clients are pointed at this feed.</summary>
    public IReadOnlyList<ClientSetup> ClientSetups => Type.ClientSetups(new Uri(
        $"{ServerAddress.Of(HttpContext)}/{Type.Root}/{Uri.EscapeDataString(Feed.Name)}/"));

    /// <summary>Whether this is not the first page.</summary>
    public bool IsLaterPage { get; private set; }

    /// <summary>The first page of the same search.</summary>
    public string FirstUrl => Here + (Search.Length > 0 ? QueryString.Create("search", Search).ToString() : "");

    /// <summary>The next page; null on the last.</summary>
    public string? NextUrl
    {
        get
        {
            if (Packages.Next is not { } next)
                return null;
            var query = QueryString.Create("after", next.NameKey).Add("afterGroup", next.GroupKey);
            return Here + (Search.Length > 0 ? query.Add("search", Search) : query);
        }
    }

    /// <summary>Where the reader changes its settings; null: the reader may not.</summary>
    public string? SettingsUrl => PageAccess.CallerOf(HttpContext) is var reader && reader.CanManage()
        ? "/admin/feeds/" + Uri.EscapeDataString(Feed.Name)
        : reader.CanChange(Feed.FeedId) ? Here + "/settings" : null;

    string Here => "/feeds/" + Uri.EscapeDataString(Feed.Name);

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string? search, string? after, string? afterGroup, CancellationToken ct)
    {
        if (await feeds.ByNameOrNullAsync(feed, CallerFeeds.Of(HttpContext), ct) is not { } found
            || types.FindOrNull(found.FeedType) is not { } type)
            return NotFound();
        (Feed, Type) = (found, type);
        Search = Clean(search);
        IsLaterPage = !string.IsNullOrEmpty(after);
        Packages = await packages.InFeedAsync(
            found.FeedId, type.PackageType, Search,
            IsLaterPage ? new PackagePlace(Clean(after), Clean(afterGroup)) : null,
            RowsPerPage, CallerFeeds.Of(HttpContext), ct);
        return Page();
    }

    static string Clean(string? text) => (text ?? "").Trim().Replace("\0", "", StringComparison.Ordinal);
}
