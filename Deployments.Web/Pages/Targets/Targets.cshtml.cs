using Deployments.Data.Targets;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Targets;

/// <summary>Every target by name.</summary>
public sealed class TargetsModel(TargetQueries targets) : PageModel
{
    const int PageSize = 50;

    [BindProperty(SupportsGet = true)]
    public string? Text { get; set; }

    internal TargetPage Found { get; private set; } = new([], null, null);

    internal string? PreviousUrl => Link("before", Found.Before);

    internal string? NextUrl => Link("after", Found.After);

    public async Task OnGetAsync(string? after, string? before, CancellationToken ct)
    {
        // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
        Text = string.IsNullOrWhiteSpace(Text) ? null : Text.Trim().Replace('\0', '\ufffd');
        Found = await targets.PageAsync(
            Text, after?.Replace('\0', '\ufffd'), before?.Replace('\0', '\ufffd'), PageSize, ct);
    }

    string? Link(string edge, string? key) => key is null
        ? null
        : QueryHelpers.AddQueryString("/targets", new Dictionary<string, string?> { ["text"] = Text, [edge] = key });
}
