namespace Deployments.Data.Packages;

/// <summary>A package version of a feed, by its normalised names.</summary>
/// <param name="FeedId">The feed.</param>
/// <param name="GroupKey">Normalised group; empty when there is none.</param>
/// <param name="NameKey">Normalised name.</param>
/// <param name="VersionKey">Normalised version.</param>
public sealed record FeedVersionKey(int FeedId, string GroupKey, string NameKey, string VersionKey);

/// <summary>What was decided about a package version.</summary>
public sealed record PackageStatus
{
    /// <summary>Whether it is offered as the latest version.</summary>
    public bool Listed { get; init; } = true;

    /// <summary>False: downloads are refused. Null: nothing was decided, which allows them.</summary>
    public bool? Allow { get; init; }

    /// <summary>Whether people are told not to use it any more.</summary>
    public bool Deprecated { get; init; }

    /// <summary>Why it is deprecated, up to 2,000 characters; empty when nobody said.</summary>
    public string DeprecationReason { get; init; } = "";
}
