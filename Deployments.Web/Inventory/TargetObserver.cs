using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Data.Targets;

namespace Deployments.Web.Inventory;

/// <summary>Finds what inventories say of one target, for its page and the API.</summary>
public sealed class TargetObserver(ObservationQueries observations, DriftQueries drift)
{
    const int SeenMax = 20_000;
    const int DriftMax = 5_000;

    /// <summary>What is known of the target now, and where that differs from the records.</summary>
    /// <param name="target">The target; one that the reader sees.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<(TargetKnowledge Knowledge, IReadOnlyList<DriftRow> Drift)> OfAsync(
        TargetRow target, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(target);
        var seen = await observations.OfTargetAsync(target.TargetId, null, false, SeenMax, visible, ct);
        var page = await drift.PageAsync(
            new DriftFilter { Target = target.Name, IsAccepted = null, Limit = DriftMax }, visible, ct);
        return (new TargetKnowledge(seen, page.Items), page.Items);
    }

    /// <summary>The inventories that the target sends, by scope; none to whom not everything is visible.</summary>
    /// <param name="target">The target; one that the reader sees.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public Task<IReadOnlyList<ScopeRow>> ScopesAsync(TargetRow target, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(target);
        return observations.ScopesAsync(target.TargetId, visible, ct);
    }
}
