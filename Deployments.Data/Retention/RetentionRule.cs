namespace Deployments.Data.Retention;

/// <summary>What of a retention rule an administrator decides.</summary>
/// <param name="KeepMonths">Records stay for so many months: 1 to 1,200.</param>
/// <param name="FeedId">Only records that came through this feed; null: through any, and for inventories.</param>
/// <param name="TargetPattern">
/// Only records of targets whose name matches in any case, <c>*</c> standing for any text; null: of any.
/// </param>
/// <param name="Subject">What it removes.</param>
public sealed record RetentionFields(
    int KeepMonths, int? FeedId, string? TargetPattern, RetentionSubject Subject = RetentionSubject.Records);

/// <summary>What a retention rule removes. Stored as a number: never renumber.</summary>
public enum RetentionSubject
{
    /// <summary>Deployment records.</summary>
    Records = 1,

    /// <summary>What inventories showed and is gone, and that they were sent.</summary>
    Inventories = 2,
}

/// <summary>Which deployment records are old enough to be removed.</summary>
public sealed record RetentionRule
{
    /// <summary>Its key.</summary>
    public int RetentionRuleId { get; init; }

    /// <summary>What it removes.</summary>
    public RetentionSubject Subject { get; init; } = RetentionSubject.Records;

    /// <summary>Records stay for so many months.</summary>
    public int KeepMonths { get; init; }

    /// <summary>Only records that came through this feed; null: through any.</summary>
    public int? FeedId { get; init; }

    /// <summary>That feed's name.</summary>
    public string? FeedName { get; init; }

    /// <summary>Only records of targets that match; null: of any.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Whether it removes anything.</summary>
    public bool Active { get; init; }

    /// <summary>Grows with every change.</summary>
    public int Revision { get; init; }

    /// <summary>When it was last applied; null: never.</summary>
    public DateTimeOffset? LastRunAt { get; init; }

    /// <summary>How many deployment records, or observations, went then; null: never applied.</summary>
    public long? LastRemoved { get; init; }

    /// <summary>The part that an administrator decides.</summary>
    public RetentionFields Fields => new(KeepMonths, FeedId, TargetPattern, Subject);

    /// <summary>Records from before this time go, at that time.</summary>
    public DateTimeOffset Cutoff(DateTimeOffset now) => CutoffOf(KeepMonths, now);

    /// <summary>The rule in words, for the audit log.</summary>
    public string Words => $"{(Subject == RetentionSubject.Inventories ? "inventories " : "")}"
        + $"older than {KeepMonths} {(KeepMonths == 1 ? "month" : "months")}"
        + (FeedName is null ? "" : $", feed {FeedName}")
        + (TargetPattern is null ? "" : $", targets {TargetPattern}");

    internal static DateTimeOffset CutoffOf(int keepMonths, DateTimeOffset now)
    {
        var utc = now.ToUniversalTime();
        // More months than there have been: nothing is that old.
        return keepMonths < (utc.Year - 1) * 12 ? utc.AddMonths(-keepMonths) : DateTimeOffset.MinValue;
    }
}

/// <summary>What a rule would remove now.</summary>
/// <param name="Months">
/// Records per month of deployment, or observations per month in which they ended, oldest first; months without any are
/// left out.
/// </param>
/// <param name="Oldest">The oldest of them; null when there is none.</param>
/// <param name="Newest">The newest of them; null when there is none.</param>
/// <param name="Kept">
/// Records that are as old and stay, because they are the newest of their target and package.
/// </param>
/// <param name="Rejected">Resolved rejected records that go too.</param>
/// <param name="Uploads">Inventories that go too: that they were sent.</param>
public sealed record RetentionPreview(
    IReadOnlyList<RetentionMonth> Months, DateTimeOffset? Oldest, DateTimeOffset? Newest, long Kept, long Rejected,
    long Uploads = 0)
{
    /// <summary>How many deployment records, or observations, go.</summary>
    public long Records => Months.Sum(month => month.Records);
}

/// <summary>The records of a month that would go.</summary>
/// <param name="Month">Its first day, UTC.</param>
/// <param name="Records">How many.</param>
public sealed record RetentionMonth(DateOnly Month, long Records);

/// <summary>How a change of a rule ended.</summary>
public enum RetentionOutcome
{
    /// <summary>Done.</summary>
    Saved,

    /// <summary>There is no such rule.</summary>
    NotFound,

    /// <summary>Somebody has changed it since it was looked at.</summary>
    Changed,

    /// <summary>There is no such feed.</summary>
    UnknownFeed,
}
