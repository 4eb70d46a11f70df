using Deployments.Data.Matrix;
using Deployments.Data.TargetGroups;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Matrix;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Matrix;

/// <summary>Packages by groups, or by targets: which version is where, now or at any time.</summary>
public sealed class MatrixModel(
    MatrixQueries matrix, TargetGroupQueries groups, VulnerabilityQueries vulnerabilities, FeedTypeCatalog types)
    : PageModel
{
    const string Path = "/matrix";
    const int PageSize = 100;

    internal MatrixQuery Query { get; private set; } = null!;

    internal MatrixView View { get; private set; } = new([], []);

    /// <summary>Whether there are groups to choose from.</summary>
    internal bool HasGroups { get; private set; }

    internal bool HasMoreTargets { get; private set; }

    internal bool IsByTarget { get; private set; }

    internal bool IsFiltered => Query.Given.Given.Any();

    internal bool CanManage => HttpContext.User.IsInRole("Administrator");

    internal string? FirstUrl => Query.Filter.After is null ? null : Query.Given.Link(Path);

    internal string? NextUrl { get; private set; }

    /// <summary>Shows a page of it.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Query = MatrixQuery.Read(Request.Query, types, PageSize);
        if (Query.Given.Problem is not null)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        HasGroups = (await groups.GroupNamesAsync(ct)).Count > 0;
        var page = await matrix.PageAsync(Query.Filter, CallerFeeds.Of(HttpContext), ct);
        View = MatrixView.Of(
            page, await vulnerabilities.BadgesAsync(page.Versions.Select(version => version.VersionId), ct));
        (IsByTarget, HasMoreTargets, NextUrl) = (page.IsByTarget, page.HasMoreTargets, Query.Link(Path, page.Next));
    }
}
