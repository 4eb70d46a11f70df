namespace Deployments.Data.Notifications;

/// <summary>Where a notification stands. Stored as a number: never renumber.</summary>
public enum NotificationState
{
    /// <summary>It will be tried, perhaps again.</summary>
    Waiting = 0,

    /// <summary>The receiver took it.</summary>
    Delivered = 1,

    /// <summary>It was given up.</summary>
    Failed = 2,
}

/// <summary>A notification that this node has taken to deliver.</summary>
public sealed record ClaimedNotification
{
    /// <summary>Its key.</summary>
    public long NotificationId { get; init; }

    /// <summary>The same in every attempt.</summary>
    public Guid DeliveryKey { get; init; }

    /// <summary>What it tells of.</summary>
    public NotificationOccasion Occasion { get; init; }

    /// <summary>What happened, as <see cref="NotificationFacts"/> in JSON.</summary>
    public string Facts { get; init; } = "{}";

    /// <summary>When it happened.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The how-manieth attempt this is.</summary>
    public int Attempts { get; init; }
}

/// <summary>What happened, as it was then. What does not apply is null.</summary>
public sealed record NotificationFacts
{
    /// <summary>The feed it came through.</summary>
    public string Feed { get; init; } = "";

    /// <summary>Package URL type.</summary>
    public string PackageType { get; init; } = "";

    /// <summary>Group as displayed; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name as displayed.</summary>
    public string Name { get; init; } = "";

    /// <summary>Version as displayed.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>Where it runs.</summary>
    public string Target { get; init; } = "";

    /// <summary>The deployment record that brought it there.</summary>
    public long DeploymentId { get; init; }

    /// <summary>When it was deployed.</summary>
    public DateTimeOffset DeployedAt { get; init; }

    /// <summary>Application or tool that deployed.</summary>
    public string Application { get; init; } = "";

    /// <summary>Who deployed, as claimed.</summary>
    public string User { get; init; } = "";

    /// <summary>Brief summary; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Link to more information; null when there is none.</summary>
    public string? Url { get; init; }

    /// <summary>The advisory; null where none is told of.</summary>
    public AdvisoryFacts? Advisory { get; init; }

    /// <summary>The assessment that has run out; null where none is told of.</summary>
    public AssessmentFacts? Assessment { get; init; }

    /// <summary>The differences; null where none are told of.</summary>
    public DriftFacts? Drift { get; init; }

    /// <summary>Group and name in one.</summary>
    public string FullName() => Group.Length > 0 ? $"{Group}/{Name}" : Name;
}

/// <summary>What an advisory said.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Severity">How bad, as a number of <see cref="Findings.SeverityLevel"/>.</param>
/// <param name="Score">CVSS score; null when there is none.</param>
/// <param name="Summary">One line of a stranger; may be empty.</param>
/// <param name="IsCertain">False when the version cannot be compared with the advisory.</param>
/// <param name="Fixed">The smallest unaffected version of the branch; null when none is known.</param>
public sealed record AdvisoryFacts(
    string Id, int Severity, double? Score, string Summary, bool IsCertain, string? Fixed);

/// <summary>What was decided about an advisory, until then.</summary>
/// <param name="State">What, as the assessments' own number.</param>
/// <param name="Reason">Why.</param>
/// <param name="By">Who decided.</param>
/// <param name="ExpiredAt">From when on it no longer counts.</param>
public sealed record AssessmentFacts(int State, string Reason, string By, DateTimeOffset ExpiredAt);

/// <summary>What one inventory changed in where records and machines differ.</summary>
/// <param name="Scope">The part of the target that it is of; empty for those who do not see all of it.</param>
/// <param name="At">Of what time it is.</param>
/// <param name="Count">How many differences.</param>
/// <param name="Items">The first of them.</param>
public sealed record DriftFacts(string Scope, DateTimeOffset At, int Count, IReadOnlyList<DriftItemFacts> Items);

/// <summary>A difference.</summary>
/// <param name="Target">Where.</param>
/// <param name="PackageType">Package URL type.</param>
/// <param name="Group">Package group; empty when there is none.</param>
/// <param name="Name">Package name.</param>
/// <param name="Kind">How, as a number of <see cref="Inventory.DriftKind"/>.</param>
/// <param name="Recorded">The version that was recorded; null when none was.</param>
/// <param name="Seen">The version that was seen; null when none was.</param>
public sealed record DriftItemFacts(
    string Target, string PackageType, string Group, string Name, int Kind, string? Recorded, string? Seen);

/// <summary>What came of an attempt.</summary>
/// <param name="Ok">Whether the receiver took it.</param>
/// <param name="TookMs">How long it took, in milliseconds.</param>
/// <param name="Status">The HTTP status; null without one.</param>
/// <param name="Answer">What the receiver answered; cut when it is stored.</param>
/// <param name="Problem">Why it failed; null when it did not.</param>
public sealed record DeliveryResult(bool Ok, int TookMs, int? Status, string Answer, string? Problem)
{
    /// <summary>How much of answer and problem is kept, in characters.</summary>
    public const int TextLengthMax = 500;
}

/// <summary>A notification in a list, with its last attempt.</summary>
public sealed record NotificationRow
{
    /// <summary>Its key.</summary>
    public long NotificationId { get; init; }

    /// <summary>The same in every attempt.</summary>
    public Guid DeliveryKey { get; init; }

    /// <summary>What it tells of.</summary>
    public NotificationOccasion Occasion { get; init; }

    /// <summary>What happened, as <see cref="NotificationFacts"/> in JSON.</summary>
    public string Facts { get; init; } = "{}";

    /// <summary>When it happened.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Where it stands.</summary>
    public NotificationState State { get; init; }

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; init; }

    /// <summary>When it is tried next, while it waits.</summary>
    public DateTimeOffset NextAttemptAt { get; init; }

    /// <summary>When it was tried last; null: never.</summary>
    public DateTimeOffset? AttemptedAt { get; init; }

    /// <summary>How long that took, in milliseconds.</summary>
    public int? TookMs { get; init; }

    /// <summary>The HTTP status then; null without one.</summary>
    public int? Status { get; init; }

    /// <summary>The beginning of the answer then: text of a stranger.</summary>
    public string? Answer { get; init; }

    /// <summary>Why it failed then; null when it did not.</summary>
    public string? Problem { get; init; }
}
