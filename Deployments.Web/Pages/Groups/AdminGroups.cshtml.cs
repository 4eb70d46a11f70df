using Deployments.Data.Groups;
using Deployments.Web.Accounts;
using Deployments.Web.Groups;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Groups;

/// <summary>The groups of people and keys; makes one.</summary>
public sealed class AdminGroupsModel(AccessGroupQueries queries, AccessGroupDesk desk) : PageModel
{
    /// <summary>Every group, by name.</summary>
    public IReadOnlyList<AccessGroupRow> Groups { get; private set; } = [];

    /// <summary>What was typed for a group that could not be made.</summary>
    public string? Name { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken ct) => Groups = await queries.ListAsync(ct);

    /// <summary>Makes a group.</summary>
    public async Task<IActionResult> OnPostAsync(string? name, CancellationToken ct)
    {
        var by = PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);
        var (id, problem) = await desk.AddAsync(new AccessGroupInput { Name = name ?? "" }, by, ct);
        if (problem is null)
            return RedirectToPage("/Groups/AdminGroup", new { id });
        ModelState.AddModelError("", problem.Text);
        Name = name;
        await OnGetAsync(ct);
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}

/// <summary>What pages say of groups.</summary>
static class GroupText
{
    /// <summary>Who is in a group, in numbers.</summary>
    public static string Members(AccessGroupRow group)
    {
        var parts = new[]
        {
            Count(group.Accounts, "user", "users"), Count(group.Keys, "key", "keys"),
            Count(group.Claims, "group of a provider", "groups of providers"),
        }.OfType<string>().ToList();
        return parts.Count == 0 ? "nobody" : string.Join(", ", parts);
    }

    /// <summary>What a level is, in words.</summary>
    public static string Of(AccessLevel level) => level switch
    {
        AccessLevel.View => "view: see and download",
        AccessLevel.Add => "add: also upload and record",
        _ => "manage: also delete packages, change the feed's settings",
    };

    static string? Count(long count, string one, string more) =>
        count == 0 ? null : $"{count} {(count == 1 ? one : more)}";
}
