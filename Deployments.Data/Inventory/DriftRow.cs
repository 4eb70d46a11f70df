namespace Deployments.Data.Inventory;

/// <summary>How what was recorded and what was seen differ. Stored as a number: never renumber.</summary>
public enum DriftKind
{
    /// <summary>Another version was seen than the one that was recorded last.</summary>
    Different = 1,

    /// <summary>It was seen, and nothing says that it was deployed, or it was said to be removed.</summary>
    Unrecorded = 2,

    /// <summary>It was recorded, and a complete inventory after that does not show it.</summary>
    Missing = 3,

    /// <summary>It was recorded, and no inventory has shown it for long.</summary>
    Unconfirmed = 4,
}

/// <summary>A difference between records and what was seen: a package on a target. Times are UTC.</summary>
public sealed record DriftRow
{
    /// <summary>Where.</summary>
    public string Target { get; init; } = "";

    /// <summary>The target's id.</summary>
    public int TargetId { get; init; }

    /// <summary>The name under which spellings are equal; lists are in its order.</summary>
    public string TargetKey { get; init; } = "";

    /// <summary>The package's id.</summary>
    public int PackageId { get; init; }

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>How.</summary>
    public DriftKind Kind { get; init; }

    /// <summary>The version that was recorded last; null when none was.</summary>
    public string? Recorded { get; init; }

    /// <summary>That version's id.</summary>
    public int? RecordedId { get; init; }

    /// <summary>The record; null when there is none.</summary>
    public long? DeploymentId { get; init; }

    /// <summary>When that was deployed.</summary>
    public DateTimeOffset? DeployedAt { get; init; }

    /// <summary>The feed of that record; null when there is none.</summary>
    public string? Feed { get; init; }

    /// <summary>The version that was seen; null when none was.</summary>
    public string? Seen { get; init; }

    /// <summary>That version's id.</summary>
    public int? SeenId { get; init; }

    /// <summary>The observation; null when it was not seen.</summary>
    public long? ObservationId { get; init; }

    /// <summary>The part of the target whose inventory tells.</summary>
    public string Scope { get; init; } = "";

    /// <summary>Of what time the newest complete inventory of that part is; null when there is none.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Since when it is known, or was last known to be otherwise.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Who decided that it is right so; null when nobody did.</summary>
    public string? AcceptedBy { get; init; }

    /// <summary>Why.</summary>
    public string? AcceptedReason { get; init; }

    /// <summary>Until when; null: until it is taken back.</summary>
    public DateTimeOffset? AcceptedUntil { get; init; }
}

/// <summary>Which differences are asked for.</summary>
public sealed record DriftFilter
{
    /// <summary>How long nobody may have looked before a record counts as unconfirmed.</summary>
    public static readonly TimeSpan QuietDefault = TimeSpan.FromDays(30);

    /// <summary>The target, in any case; null: all.</summary>
    public string? Target { get; init; }

    /// <summary>
    /// The group that the target is in, in any case; <see cref="Database.TargetGroupSql.None"/>: in none; null: all.
    /// </summary>
    public string? TargetGroup { get; init; }

    /// <summary>Part of the package's name, in any case; null: all.</summary>
    public string? Package { get; init; }

    /// <summary>The kind; null: all.</summary>
    public DriftKind? Kind { get; init; }

    /// <summary>Only those that somebody accepted, or only the others; null: both.</summary>
    public bool? IsAccepted { get; init; } = false;

    /// <summary>Whether seen packages count that no record knows.</summary>
    public bool IsAll { get; init; }

    /// <summary>How long nobody may have looked.</summary>
    public TimeSpan Quiet { get; init; } = QuietDefault;

    /// <summary>Behind which row the page begins; null: the first page.</summary>
    public DriftCursor? Cursor { get; init; }

    /// <summary>At most this many rows.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>A place in a list of differences: behind a package of a target.</summary>
/// <param name="PackageId">The package.</param>
/// <param name="TargetKey">The target's key.</param>
public sealed record DriftCursor(int PackageId, string TargetKey)
{
    /// <summary>The place as it stands in an address; opaque to clients.</summary>
    public override string ToString() => string.Create(null, $"{PackageId}-{TargetKey}");

    /// <summary>Reads what <see cref="ToString"/> wrote; null when the text is something else.</summary>
    public static DriftCursor? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && !text.Contains('\0', StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(0, dash), System.Globalization.NumberStyles.None, null, out var package)
                ? new DriftCursor(package, text[(dash + 1)..])
                : null;
    }
}

/// <summary>One page of differences.</summary>
/// <param name="Items">By target and package.</param>
/// <param name="Next">Where the next page begins; null on the last page.</param>
public sealed record DriftPage(IReadOnlyList<DriftRow> Items, DriftCursor? Next);

/// <summary>What the newest inventory of a scope came to, in packages.</summary>
/// <param name="Known">Seen, and some record knows the package.</param>
/// <param name="Matched">Seen in the version that was recorded.</param>
/// <param name="Different">Seen in another version.</param>
/// <param name="Unrecorded">Seen, known, and not recorded there.</param>
/// <param name="Missing">Recorded and not seen.</param>
public sealed record InventoryCounts(long Known, long Matched, long Different, long Unrecorded, long Missing);
