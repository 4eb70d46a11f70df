namespace Deployments.Data.Figures;

/// <summary>By what figures are broken down.</summary>
public enum FigureBy
{
    /// <summary>Quarters of a year, UTC.</summary>
    Quarter,

    /// <summary>Packages.</summary>
    Package,

    /// <summary>What deployed a version first.</summary>
    Application,

    /// <summary>The groups of targets that versions come to.</summary>
    TargetGroup,
}

/// <summary>Which versions a figure counts, of those that came to a group.</summary>
public enum FigureKind
{
    /// <summary>All.</summary>
    Deployments,

    /// <summary>Those that had come to the first group before.</summary>
    LeadTime,

    /// <summary>Those that an older version replaced within seven days.</summary>
    RolledBack,
}

/// <summary>What figures are of, every condition optional but the time.</summary>
public sealed record FigureFilter
{
    /// <summary>How long a version is watched for being rolled back, in days; also in the SQL that counts.</summary>
    public const int WatchedDays = 7;

    /// <summary>Came to the group at this time or later.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Came to the group before this time.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>
    /// The group that versions come to, in any case; <see cref="Database.TargetGroupSql.None"/>: targets in none; null:
    /// every group, and none, each by itself.
    /// </summary>
    public string? TargetGroup { get; init; }

    /// <summary>The group from which the way is measured, in any case; null: it is not.</summary>
    public string? FromGroup { get; init; }

    /// <summary>Feed name, in any case; a deleted feed counts.</summary>
    public string? Feed { get; init; }

    /// <summary>Package URL type.</summary>
    public string? Type { get; init; }

    /// <summary>Package group; empty for packages without one.</summary>
    public string? Group { get; init; }

    /// <summary>Package name.</summary>
    public string? Name { get; init; }

    /// <summary>What deployed a version to the group first, in any case.</summary>
    public string? Application { get; init; }
}

/// <summary>The figures of some versions.</summary>
public sealed record FigureRow
{
    /// <summary>Of a quarter: its year, times four, and the quarters of that year before it; of others an id.</summary>
    public int Key { get; init; }

    /// <summary>Name of the package, application or group; empty for quarters and for targets in no group.</summary>
    public string Name { get; init; } = "";

    /// <summary>Of a package: its package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Of a package: its group.</summary>
    public string Group { get; init; } = "";

    /// <summary>How many versions came to the group.</summary>
    public long Deployments { get; init; }

    /// <summary>How many of them had come to the first group before.</summary>
    public long Led { get; init; }

    /// <summary>The middle of the times that these took, in seconds; null when there are none.</summary>
    public double? LeadSeconds { get; init; }

    /// <summary>How many of them an older version replaced within seven days.</summary>
    public long RolledBack { get; init; }

    /// <summary>The middle of the times until these were replaced, in seconds; null when there are none.</summary>
    public double? RestoreSeconds { get; init; }

    /// <summary>The year of a quarter.</summary>
    public int Year => Key / 4;

    /// <summary>Which quarter of the year, from 1.</summary>
    public int Quarter => (Key % 4) + 1;

    /// <summary>The begin of the quarter with a key.</summary>
    public static DateTimeOffset StartOf(int quarter) =>
        new(quarter / 4, (quarter % 4 * 3) + 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The key of the quarter that a day is in.</summary>
    public static int QuarterOf(DateOnly day) => (day.Year * 4) + ((day.Month - 1) / 3);
}

/// <summary>Figures, and how far they are worked out.</summary>
/// <param name="Total">Of all.</param>
/// <param name="Rows">Of each, those with the most deployments first; quarters in order, without empty ones.</param>
/// <param name="IsTruncated">Whether there are more.</param>
/// <param name="IsComplete">Whether all packages are counted.</param>
/// <param name="OldestAt">When the package was counted whose count is the oldest; null: none was.</param>
public sealed record FigureReport(
    FigureRow Total, IReadOnlyList<FigureRow> Rows, bool IsTruncated, bool IsComplete, DateTimeOffset? OldestAt);

/// <summary>A version that came to a group: what figures count.</summary>
public sealed record ArrivalRow
{
    /// <summary>The first record in the group; retention may have removed it since.</summary>
    public long DeploymentId { get; init; }

    /// <summary>When it came.</summary>
    public DateTimeOffset ArrivedAt { get; init; }

    /// <summary>Name of the group; null: targets in none.</summary>
    public string? TargetGroup { get; init; }

    /// <summary>Name of the feed it came through.</summary>
    public string Feed { get; init; } = "";

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version as displayed.</summary>
    public string Version { get; init; } = "";

    /// <summary>What deployed it.</summary>
    public string Application { get; init; } = "";

    /// <summary>When it had come to the first group; null: it had not, or not before.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    /// <summary>When an older version had replaced it on the last target; null: none did within seven days.</summary>
    public DateTimeOffset? RestoredAt { get; init; }
}
