using Deployments.Data.Inventory;
using Deployments.Data.Targets;

namespace Deployments.Web.Inventory;

/// <summary>How it is known that a package runs on a target.</summary>
public enum KnownBy
{
    /// <summary>By a record alone.</summary>
    Recorded,

    /// <summary>By a record, and an inventory after it showed the same version.</summary>
    Confirmed,

    /// <summary>An inventory after the record showed something else, or nothing.</summary>
    Contradicted,
}

/// <summary>How it is known, and since when.</summary>
/// <param name="By">How.</param>
/// <param name="At">Of what time the inventory is that confirms it; null where none does.</param>
public sealed record Knowledge(KnownBy By, DateTimeOffset? At);

/// <summary>What inventories say of what runs on a target now.</summary>
/// <param name="seen">What they show.</param>
/// <param name="drift">Where they and the records differ, accepted or not.</param>
public sealed class TargetKnowledge(IReadOnlyList<ObservationRow> seen, IReadOnlyList<DriftRow> drift)
{
    readonly ILookup<int, ObservationRow> seenByPackage = seen.ToLookup(row => row.PackageId);

    readonly HashSet<int> contradicted = [.. drift
        .Where(row => row.Kind is DriftKind.Different or DriftKind.Missing).Select(row => row.PackageId)];

    /// <summary>How one package is known.</summary>
    /// <param name="row">What the record says.</param>
    public Knowledge Of(InstalledRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (contradicted.Contains(row.PackageId))
            return new Knowledge(KnownBy.Contradicted, null);
        var confirmed = seenByPackage[row.PackageId]
            .Where(one => one.Version == row.Version && one.LastSeenAt >= row.DeployedAt)
            .Max(one => (DateTimeOffset?)one.LastSeenAt);
        return new Knowledge(confirmed is null ? KnownBy.Recorded : KnownBy.Confirmed, confirmed);
    }

    /// <summary>What is seen there of packages that no record says to run there.</summary>
    /// <param name="installed">What the records say.</param>
    public IReadOnlyList<ObservationRow> SeenOnly(IEnumerable<InstalledRow> installed)
    {
        var recorded = installed.Select(row => row.PackageId).ToHashSet();
        return [.. seen.Where(row => !recorded.Contains(row.PackageId))];
    }
}
