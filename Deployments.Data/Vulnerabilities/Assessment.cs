using Deployments.Data.Findings;
using Deployments.Data.Packages;

namespace Deployments.Data.Vulnerabilities;

/// <summary>What somebody decided about a vulnerability. Stored as a number: never renumber.</summary>
public enum AssessmentState
{
    /// <summary>It cannot be exploited there.</summary>
    NotAffected = 1,

    /// <summary>It is lived with until a date.</summary>
    Accepted = 2,

    /// <summary>It was dealt with in another way than by a version that is not affected.</summary>
    FixedByOtherMeans = 3,
}

/// <summary>A decision about to be written. The texts hold no zero byte.</summary>
public sealed record NewAssessment
{
    /// <summary>The group of the vulnerability's advisories.</summary>
    public required int GroupId { get; init; }

    /// <summary>The id of the advisory that was looked at; one of the group.</summary>
    public required string AdvisoryId { get; init; }

    /// <summary>The package it is for; null for every package.</summary>
    public PackageKey? Package { get; init; }

    /// <summary>The target it is for, in any case; null for every target.</summary>
    public string? Target { get; init; }

    /// <summary>What was decided.</summary>
    public required AssessmentState State { get; init; }

    /// <summary>
    /// One of OpenVEX's justifications; null where only the reason is known, and for other states than
    /// <see cref="AssessmentState.NotAffected"/>.
    /// </summary>
    public string? Justification { get; init; }

    /// <summary>Why; 1 to 2,000 characters.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// Until when, in the future; null for ever, which <see cref="AssessmentState.Accepted"/> is not.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>What became of a decision.</summary>
public enum AssessmentOutcome
{
    /// <summary>It is written.</summary>
    Assessed,

    /// <summary>No advisory of the group has the id; it was just imported anew.</summary>
    UnknownAdvisory,

    /// <summary>The vulnerability concerns no recorded version of the package.</summary>
    UnknownPackage,

    /// <summary>Nothing was ever deployed to a target of the name.</summary>
    UnknownTarget,
}

/// <summary>A decision about a vulnerability.</summary>
public sealed record Assessment
{
    /// <summary>Its id; a newer one has a higher one.</summary>
    public int AssessmentId { get; init; }

    /// <summary>The id of the advisory that was looked at.</summary>
    public string AdvisoryId { get; init; } = "";

    /// <summary>Package URL type; null for every package.</summary>
    public string? Type { get; init; }

    /// <summary>Package group, empty when it has none; null for every package.</summary>
    public string? Group { get; init; }

    /// <summary>Package name; null for every package.</summary>
    public string? Name { get; init; }

    /// <summary>The target; null for every target.</summary>
    public string? Target { get; init; }

    /// <summary>What was decided.</summary>
    public AssessmentState State { get; init; }

    /// <summary>One of OpenVEX's justifications; null where only the reason is known.</summary>
    public string? Justification { get; init; }

    /// <summary>Why.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The account or API key that decided.</summary>
    public string AssessedBy { get; init; } = "";

    /// <summary>When.</summary>
    public DateTimeOffset AssessedAt { get; init; }

    /// <summary>From when on it no longer counts; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Who took it back; null: nobody.</summary>
    public string? RevokedBy { get; init; }

    /// <summary>When it was taken back; null: it was not.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Whether a newer one for the same package and target took its place.</summary>
    public bool IsReplaced { get; init; }

    /// <summary>Whether it counts at a time; the present or later.</summary>
    public bool IsInForce(DateTimeOffset at) => !IsReplaced && !(RevokedAt <= at) && !(ExpiresAt <= at);
}

/// <summary>The assessments of one vulnerability that count at a time.</summary>
/// <param name="rows">At most one for each package and target.</param>
public sealed class AssessmentsInForce(IEnumerable<Assessment> rows)
{
    // Names are the dictionaries' own on both sides, so equal ones are the same package and the same target.
    readonly Dictionary<(string? Target, string? Type, string? Group, string? Name), Assessment> byScope =
        rows.ToDictionary(row => (row.Target, row.Type, row.Group, row.Name));

    /// <summary>The one that is for every package and every target; null when there is none.</summary>
    public Assessment? Everywhere => byScope.GetValueOrDefault((null, null, null, null));

    /// <summary>What says that it is not open there, the one that names most; null when it is open.</summary>
    /// <param name="row">What runs on a target.</param>
    public Assessment? OfOrNull(AffectedTargetRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return byScope.GetValueOrDefault((row.Target, row.Type, row.Group, row.Name))
            ?? byScope.GetValueOrDefault((row.Target, null, null, null))
            ?? byScope.GetValueOrDefault((null, row.Type, row.Group, row.Name))
            ?? Everywhere;
    }
}

/// <summary>What an assessment says of one version.</summary>
public sealed record AssessedVersion
{
    /// <summary>The assessment.</summary>
    public int AssessmentId { get; init; }

    /// <summary>The id of the vulnerability.</summary>
    public string Id { get; init; } = "";

    /// <summary>Its other ids, in no order.</summary>
    public string[] Aliases { get; init; } = [];

    /// <summary>Its one line; may be empty.</summary>
    public string Summary { get; init; } = "";

    /// <summary>How bad it is.</summary>
    public SeverityLevel Severity { get; init; }

    /// <summary>CVSS score; null when only a word is known, or nothing.</summary>
    public double? Score { get; init; }

    /// <summary>The vector or word behind the severity.</summary>
    public string SeveritySource { get; init; } = "";

    /// <summary>When published; null when it does not say.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>When changed last.</summary>
    public DateTimeOffset ModifiedAt { get; init; }

    /// <summary>What was decided.</summary>
    public AssessmentState State { get; init; }

    /// <summary>One of OpenVEX's justifications; null where only the reason is known.</summary>
    public string? Justification { get; init; }

    /// <summary>Why.</summary>
    public string Reason { get; init; } = "";

    /// <summary>When.</summary>
    public DateTimeOffset AssessedAt { get; init; }

    /// <summary>From when on it no longer counts; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The target on which the version runs; null: the assessment is for every target.</summary>
    public string? Target { get; init; }

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";
}
