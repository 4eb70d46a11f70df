using Deployments.Data.Feeds;
using Deployments.Data.TargetGroups;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>
/// One vulnerability: what it is, who runs an affected version now, who did, and what was decided about it.
/// </summary>
public sealed class OneVulnerabilityModel(
    VulnerabilityQueries queries, AssessmentQueries assessments, AssessmentStore store, TargetGroupQueries groups,
    FeedTypeCatalog types, IAntiforgery antiforgery, TimeProvider time) : PageModel
{
    const int NowMax = 5_000;
    const int BeforeMax = 200;
    const int PackagesMax = 100;
    const int AssessmentsMax = 200;

    internal Vulnerability Found { get; private set; } = new();

    VisibleFeeds Visible => CallerFeeds.Of(HttpContext);

    /// <summary>Of which targets it is shown.</summary>
    internal FilterQuery Query { get; private set; } = null!;

    /// <summary>Whether there are groups of targets to choose from.</summary>
    internal bool HasGroups { get; private set; }

    /// <summary>Who runs an affected version now, what is assessed last.</summary>
    internal IReadOnlyList<AffectedTargetRow> Now { get; private set; } = [];

    /// <summary>The part of it that is not assessed.</summary>
    internal IReadOnlyList<AffectedTargetRow> Open { get; private set; } = [];

    internal IReadOnlyList<AffectedTargetRow> Before { get; private set; } = [];

    /// <summary>Where only an inventory tells of an affected version.</summary>
    internal IReadOnlyList<SeenTargetRow> Seen { get; private set; } = [];

    internal IReadOnlyList<AffectedPackageRow> Packages { get; private set; } = [];

    internal AssessmentsInForce InForce { get; private set; } = new([]);

    internal IReadOnlyList<Assessment> Assessments { get; private set; } = [];

    /// <summary>What was typed and refused.</summary>
    internal AssessmentFields Fields { get; private set; } = new();

    /// <summary>Why it was refused, by the fields' names.</summary>
    internal IReadOnlyDictionary<string, string> Problems { get; private set; } = new Dictionary<string, string>();

    internal int Applications => Open.Select(row => row.Application).Distinct(StringComparer.Ordinal).Count();

    internal IReadOnlyList<string> OpenTargets => [.. Open.Select(row => row.Target).Distinct()];

    /// <summary>How many targets run it only where it is assessed.</summary>
    internal int AssessedTargets => Now.Select(row => row.Target).Except(Open.Select(row => row.Target)).Count();

    /// <summary>The packages that may be assessed by themselves.</summary>
    internal IReadOnlyList<AssessedPackage> AssessedPackages =>
        [.. Now.Concat(Before).Select(row => new AssessedPackage(row.Type, row.Group, row.Name)).Distinct()];

    internal DateTimeOffset Clock { get; private set; }

    internal bool MayAssess => PageAccess.CallerOf(HttpContext).CanManage();

    /// <summary>The form's token; null for those who have no form.</summary>
    internal string? Token => MayAssess ? antiforgery.GetAndStoreTokens(HttpContext).RequestToken : null;

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the vulnerability under any of its ids.</summary>
    public async Task<IActionResult> OnGetAsync(string id, CancellationToken ct)
    {
        if (id.Contains('\0', StringComparison.Ordinal)
            || await queries.FindOrNullAsync(id, Visible, ct) is not { } found)
            return NotFound();
        Found = found;
        Clock = time.GetUtcNow();
        InForce = await assessments.InForceAsync(found.GroupId, Clock, Visible, ct);
        Query = VulnerabilityQuery.OfTargets(Request.Query);
        HasGroups = (await groups.GroupNamesAsync(ct)).Count > 0;
        var group = Query.TextOrNull("targetGroup");
        Now = [.. (await queries.TargetsNowAsync(found.GroupId, NowMax, group, Visible, ct))
            .OrderBy(row => InForce.OfOrNull(row) is not null)];
        Open = [.. Now.TakeWhile(row => InForce.OfOrNull(row) is null)];
        Before = await queries.TargetsBeforeAsync(found.GroupId, BeforeMax, group, Visible, ct);
        Seen = await queries.TargetsSeenAsync(found.GroupId, NowMax, group, Visible, ct);
        Packages = await queries.PackagesAsync(found.GroupId, PackagesMax, Visible, ct);
        Assessments = await assessments.OfGroupAsync(found.GroupId, AssessmentsMax, Visible, ct);
        return Page();
    }

    /// <summary>Decides about the vulnerability.</summary>
    public async Task<IActionResult> OnPostAssessAsync(
        [FromRoute] string id, [FromForm] AssessmentForm form, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(form);
        if (!MayAssess)
            return Refused();
        if (await queries.FindOrNullAsync(id, Visible, ct) is not { } found)
            return NotFound();
        Fields = form.ToFields();
        var result = new AssessmentFieldsValidator(time).Validate(Fields);
        var problems = result.Errors.DistinctBy(error => error.PropertyName)
            .ToDictionary(error => error.PropertyName, error => error.ErrorMessage);
        if (result.IsValid)
        {
            var (outcome, _) = await store.AssessAsync(
                Fields.ToAssessment(found, types), time.GetUtcNow(),
                PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
            if (outcome == AssessmentOutcome.Assessed)
            {
                Notice = "Assessed.";
                return Redirect(VulnerabilityText.Link(found.Id) + "#assessment");
            }

            var (property, problem) = AssessmentText.ProblemOrNull(outcome)!.Value;
            problems[property switch { "target" => "Target", "name" => "Name", _ => "State" }] = problem;
        }

        Problems = problems;
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return await OnGetAsync(id, ct);
    }

    /// <summary>Takes a decision back.</summary>
    public async Task<IActionResult> OnPostRevokeAsync([FromRoute] string id, int assessment, CancellationToken ct)
    {
        if (!MayAssess)
            return Refused();
        if (await queries.FindOrNullAsync(id, Visible, ct) is not { } found)
            return NotFound();
        var by = PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);
        Notice = await store.RevokeAsync(found.GroupId, assessment, time.GetUtcNow(), by, ct)
            ? "Revoked: what it was about is open again."
            : "Nothing was revoked: it no longer counted.";
        return Redirect(VulnerabilityText.Link(found.Id) + "#assessment");
    }

    IActionResult Refused() => PageAccess.CallerOf(HttpContext).IsAnonymous ? Challenge() : Forbid();
}
