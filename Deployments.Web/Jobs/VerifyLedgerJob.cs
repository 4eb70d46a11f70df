using Deployments.Data.Evidence;
using Deployments.Web.Ledger;

namespace Deployments.Web.Jobs;

/// <summary>Verifies the ledger. A run that finds something wrong fails: it is told where failed jobs are.</summary>
/// <param name="ledger">Does the work.</param>
/// <param name="anchors">Tells what was noted of it on this node.</param>
sealed class VerifyLedgerJob(LedgerVerificationStore ledger, LedgerAnchors anchors) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "verify-ledger";

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">Something is wrong.</exception>
    public async Task<JobResult> RunAsync(CancellationToken ct)
    {
        var report = await ledger.VerifyAsync(await anchors.ReadAsync(ct), ct);
        return report.ProblemCount == 0
            ? new JobResult(report.Entries, LedgerText.Outcome(report))
            : throw new InvalidDataException($"{LedgerText.Outcome(report)} {report.Problems[0]}");
    }
}
