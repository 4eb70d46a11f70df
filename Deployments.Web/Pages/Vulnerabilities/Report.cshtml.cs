using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>The exposure to one vulnerability, made to be printed and sent on.</summary>
public sealed class ReportModel(VulnerabilityQueries queries, ExposureReader exposures) : PageModel
{
    internal Vulnerability Found { get; private set; } = new();

    /// <summary>Of which targets it is.</summary>
    internal FilterQuery Query { get; private set; } = null!;

    internal ExposureReport Report { get; private set; } = null!;

    internal string MadeBy => PageAccess.CallerOf(HttpContext).Name;

    /// <summary>Shows the report under any of the vulnerability's ids.</summary>
    public async Task<IActionResult> OnGetAsync(string id, CancellationToken ct)
    {
        var visible = CallerFeeds.Of(HttpContext);
        if (id.Contains('\0', StringComparison.Ordinal)
            || await queries.FindOrNullAsync(id, visible, ct) is not { } found)
            return NotFound();
        Found = found;
        Query = VulnerabilityQuery.OfTargets(Request.Query);
        Report = await exposures.OfAsync(found.GroupId, Query.TextOrNull("targetGroup"), visible, ct);
        return Page();
    }
}
