using System.Security.Cryptography;
using Deployments.Data.Audit;
using Deployments.Data.Evidence;
using Deployments.Web.Accounts;
using Deployments.Web.Jobs;
using Deployments.Web.Ledger;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Ledger;

/// <summary>What the last verification of the ledger found, and what the ledger covers.</summary>
public sealed class LedgerModel(
    LedgerQueries ledger, LedgerVerificationStore verifications, LedgerAnchorStore anchors, LedgerSigner signer,
    DeploymentsSettings settings, JobQueue jobs, AuditStore audit) : PageModel
{
    const int AnchorsShown = 10;

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    internal LedgerReport? Report { get; private set; }

    /// <summary>Null when entries are missing.</summary>
    internal LedgerHead? Head { get; private set; }

    internal IReadOnlyList<LedgerCoverage> Coverage { get; private set; } = [];

    internal IReadOnlyList<NotedAnchor> Anchors { get; private set; } = [];

    /// <summary>What checkpoints are checked with; null when the key was lost.</summary>
    internal string? VerifierKey { get; private set; }

    /// <summary>Whether the settings have the ledger noted anywhere else.</summary>
    internal bool IsAnchored => settings.LedgerAnchorFile is not null || settings.LedgerAnchorWebhook is not null;

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Report = await verifications.LatestOrNullAsync(ct);
        Coverage = await ledger.CoverageAsync(ct);
        Anchors = await anchors.NewestAsync(AnchorsShown, ct);
        try
        {
            Head = await ledger.HeadAsync(ct);
        }
        catch (InvalidDataException)
        {
            Head = null;
        }

        try
        {
            VerifierKey = await signer.VerifierKeyAsync(ct);
        }
        catch (CryptographicException)
        {
            VerifierKey = null;
        }
    }

    /// <summary>Has the ledger verified now, on any node.</summary>
    public async Task<IActionResult> OnPostVerifyAsync(CancellationToken ct)
    {
        await audit.AddAsync(
            new AuditedChange("job.run", "job", VerifyLedgerJob.Name, null, null),
            PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
        jobs.RunNow(VerifyLedgerJob.Name);
        Notice = "It is being verified. Reload this page to see the result; of millions of records it takes minutes.";
        return RedirectToPage();
    }
}
