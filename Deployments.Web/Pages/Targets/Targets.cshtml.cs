using Deployments.Data.Targets;
using Deployments.Web.Accounts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Targets;

/// <summary>Every target: by name, by its last deployment, or by how many packages it runs.</summary>
public sealed class TargetsModel(TargetQueries targets) : PageModel
{
    const int PageSize = 50;

    /// <summary>Part of the names to list.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Text { get; set; }

    /// <summary><c>last</c> or <c>packages</c>; anything else is by name.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Sort { get; set; }

    internal TargetPage Found { get; private set; } = new([], null, null);

    internal TargetOrder Order => Sort switch
    {
        "last" => TargetOrder.Last,
        "packages" => TargetOrder.Packages,
        _ => TargetOrder.Name,
    };

    internal string? PreviousUrl => Link(Found.Previous);

    internal string? NextUrl => Link(Found.Next);

    public async Task OnGetAsync(string? place, CancellationToken ct)
    {
        // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
        Text = string.IsNullOrWhiteSpace(Text) ? null : Text.Trim().Replace('\0', '\ufffd');
        Found = await targets.PageAsync(
            Text, Order, place is null ? null : TargetEdge.TryParse(place), PageSize,
            CallerFeeds.Of(HttpContext), ct);
    }

    /// <summary>The first page of the same targets in another order.</summary>
    internal string SortedBy(string? sort) => Address(Text, sort, null);

    /// <summary>The same order without the filter.</summary>
    internal string Unfiltered => Address(null, Sort, null);

    string? Link(TargetEdge? edge) => edge is null ? null : Address(Text, Sort, edge.ToString());

    static string Address(string? text, string? sort, string? place) => QueryHelpers.AddQueryString(
        "/targets",
        new Dictionary<string, string?> { ["text"] = text, ["sort"] = sort, ["place"] = place }
            .Where(pair => !string.IsNullOrEmpty(pair.Value)));
}
