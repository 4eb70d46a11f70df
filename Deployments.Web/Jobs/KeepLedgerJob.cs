using System.Globalization;
using Deployments.Data.Evidence;

namespace Deployments.Web.Jobs;

/// <summary>Chains the leaves that wait, and seals rows from before the ledger.</summary>
/// <param name="chain">Does the one.</param>
/// <param name="seal">Does the other.</param>
/// <param name="time">Tells which nodes still run.</param>
public sealed class KeepLedgerJob(LedgerChainStore chain, LedgerSealStore seal, TimeProvider time) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "keep-ledger";

    // Ends soon, so that what is written meanwhile does not wait long.
    const int SealBatchesMax = 40;

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct)
    {
        var chained = await chain.ChainAsync(ct);
        var @sealed = await seal.SealAsync(SealBatchesMax, time.GetUtcNow(), ct);
        return new JobResult(chained + @sealed, @sealed == 0 ? null : string.Create(
            CultureInfo.InvariantCulture, $"Sealed {@sealed:N0} rows from before the ledger."));
    }
}
