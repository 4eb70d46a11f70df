namespace Deployments.Data.Packages;

/// <summary>A version that somebody thinks of deleting.</summary>
/// <param name="Package">The package.</param>
/// <param name="VersionKey">The normalised version.</param>
public sealed record DeletionCandidate(PackageKey Package, string VersionKey);

/// <summary>What speaks against deleting a version, or for it.</summary>
public sealed record DeletionFacts
{
    /// <summary>Which of the candidates, from 1.</summary>
    public long Place { get; init; }

    /// <summary>On how many targets it runs now, by records.</summary>
    public long RunsOn { get; init; }

    /// <summary>
    /// Of a tag that was never recorded: on how many targets images of the package run by their digest, of which any
    /// may be the one that has the tag.
    /// </summary>
    public long RunsByDigestOn { get; init; }

    /// <summary>On how many targets inventories show it now.</summary>
    public long SeenOn { get; init; }

    /// <summary>Whether some target had it at some moment of the time that was asked for.</summary>
    public bool IsRecent { get; init; }

    /// <summary>The groups of targets of which it is among the last versions; empty text: of targets in none.</summary>
    public string[] LastOf { get; init; } = [];

    /// <summary>When it was deployed last; null: never, as far as the reader sees.</summary>
    public DateTimeOffset? LastDeployedAt { get; init; }

    /// <summary>Whether nothing speaks against it.</summary>
    public bool IsSafe => RunsOn == 0 && RunsByDigestOn == 0 && SeenOn == 0 && !IsRecent && LastOf.Length == 0;
}
