using Deployments.Data.TargetGroups;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>The exposure to one vulnerability, made to be printed and sent on.</summary>
public sealed class ReportModel(
    VulnerabilityQueries queries, AssessmentQueries assessments, TargetGroupQueries groups, TimeProvider time)
    : PageModel
{
    /// <summary>How many targets it has at most, as the API has.</summary>
    public const int TargetsMax = 10_000;

    internal Vulnerability Found { get; private set; } = new();

    internal Exposure Exposure { get; private set; } = new();

    internal IReadOnlyDictionary<string, string> Groups { get; private set; } = new Dictionary<string, string>();

    internal DateTimeOffset Clock { get; private set; }

    internal string MadeBy => PageAccess.CallerOf(HttpContext).Name;

    internal AssessmentsInForce InForce { get; private set; } = new([]);

    /// <summary>Shows the report under any of the vulnerability's ids.</summary>
    public async Task<IActionResult> OnGetAsync(string id, CancellationToken ct)
    {
        var visible = CallerFeeds.Of(HttpContext);
        if (id.Contains('\0', StringComparison.Ordinal)
            || await queries.FindOrNullAsync(id, visible, ct) is not { } found)
            return NotFound();
        Found = found;
        Clock = time.GetUtcNow();
        var now = await queries.TargetsNowAsync(found.GroupId, TargetsMax, visible, ct);
        var before = await queries.TargetsBeforeAsync(found.GroupId, TargetsMax, visible, ct);
        InForce = await assessments.InForceAsync(found.GroupId, Clock, visible, ct);
        Groups = await groups.OfTargetsAsync(now.Select(row => row.Target), ct);
        Exposure = Exposure.Of(now, before, InForce, Groups);
        return Page();
    }
}
