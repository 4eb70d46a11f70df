using Deployments.Data.Findings;

namespace Deployments.Data.Notifications;

/// <summary>What is told of. Stored as a number: never renumber.</summary>
public enum NotificationOccasion
{
    /// <summary>Nothing happened: somebody tries the rule out.</summary>
    Test = 0,

    /// <summary>An advisory newly touches a version that a target runs.</summary>
    VulnerabilityFound = 1,

    /// <summary>A target begins to run a version that an advisory touches.</summary>
    VulnerabilityDeployed = 2,

    /// <summary>Every deployment record.</summary>
    Deployment = 3,

    /// <summary>
    /// An assessment has run out, so that a vulnerability of what a target runs is open again. No rule is made for it:
    /// it is told to those who want to hear of <see cref="VulnerabilityFound"/>.
    /// </summary>
    AssessmentExpired = 4,

    /// <summary>An inventory shows where its target differs from the records, and did not before.</summary>
    DriftFound = 5,

    /// <summary>Where a target differed from the records, it no longer does.</summary>
    DriftGone = 6,
}

/// <summary>How it is told. Stored as a number: never renumber.</summary>
public enum NotificationChannel
{
    /// <summary>A signed JSON request to a URL, one for each event.</summary>
    Webhook = 1,

    /// <summary>Mail; what waits is gathered.</summary>
    Mail = 2,
}

/// <summary>What of a notification rule an administrator decides.</summary>
public sealed record NotificationFields
{
    /// <summary>Its name; unique in any case.</summary>
    public required string Name { get; init; }

    /// <summary>When it tells.</summary>
    public required NotificationOccasion Occasion { get; init; }

    /// <summary>Only of advisories at least this bad; <c>Unknown</c>: of any.</summary>
    public SeverityLevel SeverityMin { get; init; }

    /// <summary>Only of what came through this feed; null: through any.</summary>
    public int? FeedId { get; init; }

    /// <summary>Only of packages whose group/name matches, with * and ?; null: of any.</summary>
    public string? PackagePattern { get; init; }

    /// <summary>Only of targets whose name matches, with * and ?; null: of any.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>How it tells.</summary>
    public required NotificationChannel Channel { get; init; }

    /// <summary>Where webhooks go; null for mail.</summary>
    public string? Url { get; init; }

    /// <summary>Where mail goes; empty for webhooks.</summary>
    public string[] Recipients { get; init; } = [];

    /// <summary>Whether events are noted for it.</summary>
    public bool Active { get; init; } = true;
}

/// <summary>A rule as stored.</summary>
public sealed record NotificationRule
{
    /// <summary>Its key.</summary>
    public int NotificationRuleId { get; init; }

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>When it tells.</summary>
    public NotificationOccasion Occasion { get; init; }

    /// <summary>Only of advisories at least this bad.</summary>
    public SeverityLevel SeverityMin { get; init; }

    /// <summary>Only of what came through this feed; null: through any.</summary>
    public int? FeedId { get; init; }

    /// <summary>That feed's name.</summary>
    public string? FeedName { get; init; }

    /// <summary>Only of packages that match; null: of any.</summary>
    public string? PackagePattern { get; init; }

    /// <summary>Only of targets that match; null: of any.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>How it tells.</summary>
    public NotificationChannel Channel { get; init; }

    /// <summary>Where webhooks go; null for mail.</summary>
    public string? Url { get; init; }

    /// <summary>What webhooks are signed with, encrypted; null for mail.</summary>
    public string? SecretEncrypted { get; init; }

    /// <summary>Where mail goes; empty for webhooks.</summary>
    public string[] Recipients { get; init; } = [];

    /// <summary>Whether events are noted for it.</summary>
    public bool Active { get; init; }

    /// <summary>How many notifications wait, counted up to <see cref="NotificationQueries.CountMax"/>.</summary>
    public int Waiting { get; init; }

    /// <summary>How many notifications were given up, counted up to the same limit.</summary>
    public int Failed { get; init; }

    /// <summary>The part that an administrator decides.</summary>
    public NotificationFields Fields => new()
    {
        Name = Name,
        Occasion = Occasion,
        SeverityMin = SeverityMin,
        FeedId = FeedId,
        PackagePattern = PackagePattern,
        TargetPattern = TargetPattern,
        Channel = Channel,
        Url = Url,
        Recipients = Recipients,
        Active = Active,
    };
}

/// <summary>How a change of a rule ended.</summary>
public enum NotificationOutcome
{
    /// <summary>Done.</summary>
    Saved,

    /// <summary>There is no such rule.</summary>
    NotFound,

    /// <summary>Another rule has the name.</summary>
    NameTaken,

    /// <summary>There is no such feed.</summary>
    UnknownFeed,

    /// <summary>There are as many rules as there may be.</summary>
    TooMany,
}
