using Deployments.Data.Findings;

namespace Deployments.Data.Vulnerabilities;

/// <summary>An advisory as read, about to be stored. Times are UTC; no text holds a zero byte.</summary>
public sealed record NewAdvisory
{
    /// <summary>Its id in the database it comes from, such as <c>GHSA-…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>When it was changed last; of two with the same id the newer one counts.</summary>
    public required DateTimeOffset Modified { get; init; }

    /// <summary>When it was published; null when it does not say.</summary>
    public DateTimeOffset? Published { get; init; }

    /// <summary>When it was, or will be, taken back; null when it stands.</summary>
    public DateTimeOffset? Withdrawn { get; init; }

    /// <summary>One line; may be empty.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Markdown of a stranger; may be empty.</summary>
    public string Details { get; init; } = "";

    /// <summary>How bad it is.</summary>
    public SeverityLevel Severity { get; init; }

    /// <summary>CVSS score from 0 to 10; null when only a word is known, or nothing.</summary>
    public double? Score { get; init; }

    /// <summary>The vector or word behind the severity; empty when nothing is known.</summary>
    public string SeveritySource { get; init; } = "";

    /// <summary>Other ids of the same vulnerability.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>http and https addresses.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Whom it concerns; the same package may occur several times. Empty: nobody.</summary>
    public IReadOnlyList<AffectedPackage> Packages { get; init; } = [];
}

/// <summary>One package of an advisory, under the keys by which packages are recorded.</summary>
/// <param name="Ecosystem">As the advisory writes it, with the release: <c>Debian:12</c>.</param>
/// <param name="Release">The release alone; empty for all.</param>
/// <param name="Type">Package URL type.</param>
/// <param name="GroupKey">Group under which spellings are equal; empty when there is none.</param>
/// <param name="NameKey">Name under which spellings are equal.</param>
/// <param name="Name">As the advisory writes it.</param>
/// <param name="Ranges">Stretches of versions.</param>
/// <param name="Versions">Versions listed one by one.</param>
/// <param name="Imports">JSON: the affected packages of a Go module; null where the advisory names none.</param>
public sealed record AffectedPackage(
    string Ecosystem, string Release, string Type, string GroupKey, string NameKey, string Name,
    IReadOnlyList<AffectedRange> Ranges, IReadOnlyList<AffectedVersion> Versions, string? Imports = null)
{
    /// <summary>Whether its distribution names source packages, from which others are built.</summary>
    public bool NamesSource { get; init; }
}

/// <summary>A stretch of versions, by their sort keys.</summary>
/// <param name="LowKey">The first affected key; empty: from the beginning; null: the range cannot be compared.</param>
/// <param name="HighKey">The first key that is affected no more; null: there is no end.</param>
/// <param name="Introduced">The version it begins with, as written; null when not said.</param>
/// <param name="Fixed">The version that ends it by fixing; null when none is known.</param>
/// <param name="LastAffected">The last affected version, where only that is known.</param>
public sealed record AffectedRange(
    byte[]? LowKey, byte[]? HighKey, string? Introduced, string? Fixed, string? LastAffected);

/// <summary>A version listed as affected.</summary>
/// <param name="Version">As written.</param>
/// <param name="SortKey">Its key, by which other spellings of it are found; null when it is no version.</param>
public sealed record AffectedVersion(string Version, byte[]? SortKey);
