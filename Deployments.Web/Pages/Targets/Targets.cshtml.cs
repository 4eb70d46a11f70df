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

    /// <summary>The group of the targets to list; <c>-</c>: those in none.</summary>
    [BindProperty(SupportsGet = true)]
    public string? TargetGroup { get; set; }

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
        (Text, TargetGroup) = (GivenOrNull(Text), GivenOrNull(TargetGroup));
        var edge = string.IsNullOrEmpty(place) ? null : TargetEdge.TryParse(place);
        if (!string.IsNullOrEmpty(Sort) && Sort is not ("name" or "last" or "packages"))
            Problems.Add(("sort", "is not one of name, last, packages"));
        if (edge is null && !string.IsNullOrEmpty(place))
            Problems.Add(("place", RecordQuery.NoCursor));
        if (Problems.Count > 0)
            Response.StatusCode = StatusCodes.Status400BadRequest;
        else
            Found = await targets.PageAsync(
                new TargetFilter(Text, TargetGroup), Order, edge, PageSize, CallerFeeds.Of(HttpContext), ct);
    }

    /// <summary>The filters in force: label, value, and the address without each.</summary>
    internal IEnumerable<(string Label, string Value, string Without)> Chips
    {
        get
        {
            if (Text is not null)
                yield return ("Contains", Text, Address(Sort, null, ("targetGroup", TargetGroup)));
            if (TargetGroup is not null)
                yield return ("Target group", TargetGroup, Address(Sort, null, ("text", Text)));
        }
    }

    /// <summary>The first page of the same targets in another order.</summary>
    internal string SortedBy(string? sort) => Address(sort, null, ("text", Text), ("targetGroup", TargetGroup));

    string? Link(TargetEdge? edge) =>
        edge is null ? null : Address(Sort, edge.ToString(), ("text", Text), ("targetGroup", TargetGroup));

    // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
    static string? GivenOrNull(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : text.Trim().Replace('\0', '\ufffd');

    static string Address(string? sort, string? place, params ReadOnlySpan<(string Name, string? Value)> filters)
    {
        var query = new List<KeyValuePair<string, string?>>();
        foreach (var (name, value) in filters)
            query.Add(new(name, value));
        return QueryHelpers.AddQueryString(
            "/targets", query.Append(new("sort", sort)).Append(new("place", place))
                .Where(pair => !string.IsNullOrEmpty(pair.Value)));
    }
}
