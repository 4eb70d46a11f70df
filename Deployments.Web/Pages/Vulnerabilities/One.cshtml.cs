using Deployments.Data.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>One vulnerability: what it is, who runs an affected version now, and who did.</summary>
public sealed class OneVulnerabilityModel(VulnerabilityQueries queries, TimeProvider time) : PageModel
{
    const int NowMax = 5_000;
    const int BeforeMax = 200;
    const int PackagesMax = 100;

    internal Vulnerability Found { get; private set; } = new();

    internal IReadOnlyList<AffectedTargetRow> Now { get; private set; } = [];

    internal IReadOnlyList<AffectedTargetRow> Before { get; private set; } = [];

    internal IReadOnlyList<AffectedPackageRow> Packages { get; private set; } = [];

    internal int Applications => Now.Select(row => row.Application).Distinct(StringComparer.Ordinal).Count();

    internal DateTimeOffset Clock { get; private set; }

    /// <summary>Shows the vulnerability under any of its ids.</summary>
    public async Task<IActionResult> OnGetAsync(string id, CancellationToken ct)
    {
        if (id.Contains('\0', StringComparison.Ordinal) || await queries.FindOrNullAsync(id, ct) is not { } found)
            return NotFound();
        Found = found;
        Clock = time.GetUtcNow();
        Now = await queries.TargetsNowAsync(found.GroupId, NowMax, ct);
        Before = await queries.TargetsBeforeAsync(found.GroupId, BeforeMax, ct);
        Packages = await queries.PackagesAsync(found.GroupId, PackagesMax, ct);
        return Page();
    }
}
