using System.Globalization;
using Deployments.Web.Ledger;

namespace Deployments.Web.Jobs;

/// <summary>Notes outside of the database what the ledger is.</summary>
/// <param name="anchors">Does the work.</param>
sealed class AnchorLedgerJob(LedgerAnchors anchors) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "anchor-ledger";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) =>
        anchors.Places.Count == 0
            ? new JobResult(0, "No setting names a file or a webhook.")
            : await anchors.NoteAsync(ct) is { } size
                ? new JobResult(1, string.Create(CultureInfo.InvariantCulture, $"Noted the first {size:N0} entries."))
                : new JobResult(0, "Nothing has been added since.");
}
