using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Records;

/// <summary>One record with everything known of it, or what has become of an id that was handed out.</summary>
public sealed class DeploymentModel(RecordQueries records, VulnerabilityQueries vulnerabilities, FeedTypeCatalog types)
    : PageModel
{
    internal long Id { get; private set; }

    internal RecordState State { get; private set; } = new();

    internal RecordRow? Row { get; private set; }

    internal VersionBadge? Known { get; private set; }

    internal string? Purl => Row is null ? null : RecordText.PurlOrNull(types, Row);

    internal string? Notice { get; private set; }

    /// <summary>A reason quotes what a client sent, which may be meant for nobody else.</summary>
    internal bool MayKnowReason => PageAccess.CallerOf(HttpContext).CanManage();

    public async Task<IActionResult> OnGetAsync(long id, string? notice, CancellationToken ct)
    {
        Id = id;
        State = await records.StateOfAsync(id, CallerFeeds.Of(HttpContext), ct);
        Notice = notice switch
        {
            "added" => "The deployment is on record.",
            "repeated" => "This deployment was on record already; nothing was added.",
            _ => null,
        };
        switch (State.Status)
        {
            case RecordStatus.Unknown:
                return NotFound();
            case RecordStatus.Duplicate:
                return Redirect($"/deployments/{State.DeploymentId}");
            case RecordStatus.Recorded:
                Row = await records.FindOrNullAsync(id, CallerFeeds.Of(HttpContext), ct);
                if (Row is not null)
                    Known = (await vulnerabilities.BadgesAsync([Row.VersionId], ct)).GetValueOrDefault(Row.VersionId);
                break;
        }

        return Page();
    }
}
