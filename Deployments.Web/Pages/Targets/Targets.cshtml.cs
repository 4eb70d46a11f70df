using Deployments.Data.Targets;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
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

    /// <summary><c>name</c>, <c>last</c> or <c>packages</c>; none is by name.</summary>
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

    /// <summary>What is wrong with the order or the place asked for, without its subject.</summary>
    internal List<(string Name, string Problem)> Problems { get; } = [];

    public async Task OnGetAsync(string? place, CancellationToken ct)
    {
        // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
        Text = string.IsNullOrWhiteSpace(Text) ? null : Text.Trim().Replace('\0', '\ufffd');
        var edge = string.IsNullOrEmpty(place) ? null : TargetEdge.TryParse(place);
        if (!string.IsNullOrEmpty(Sort) && Sort is not ("name" or "last" or "packages"))
            Problems.Add(("sort", "is not one of name, last, packages"));
        if (edge is null && !string.IsNullOrEmpty(place))
            Problems.Add(("place", RecordQuery.NoCursor));
        if (Problems.Count > 0)
            Response.StatusCode = StatusCodes.Status400BadRequest;
        else
            Found = await targets.PageAsync(Text, Order, edge, PageSize, CallerFeeds.Of(HttpContext), ct);
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
