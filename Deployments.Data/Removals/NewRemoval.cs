using System.Net;
using Deployments.Data.Packages;
using Deployments.Data.Records;

namespace Deployments.Data.Removals;

/// <summary>A removal about to be written: validated, its package identified. Times are UTC.</summary>
public sealed record NewRemoval
{
    /// <summary>The feed through which the package had been deployed there.</summary>
    public required int FeedId { get; init; }

    /// <summary>The package.</summary>
    public required PackageKey Package { get; init; }

    /// <summary>
    /// The normalised version that must have run there; null: whichever did. Not part of what is written.
    /// </summary>
    public string? VersionKey { get; init; }

    /// <summary>Where the package no longer runs, in any case.</summary>
    public required string Target { get; init; }

    /// <summary>Application or tool that removed it.</summary>
    public required string Application { get; init; }

    /// <summary>Why; may be empty.</summary>
    public required string Description { get; init; }

    /// <summary>Link to more information, http or https; null when there is none.</summary>
    public string? Url { get; init; }

    /// <summary>Who removed it, as claimed or by default the authenticated user.</summary>
    public required string UserName { get; init; }

    /// <summary>Since when it no longer runs; null: since now.</summary>
    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>When this server heard of it.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The authenticated account or key, or <c>Anonymous</c>.</summary>
    public required string Recorder { get; init; }

    /// <summary>Where the request came from; null when unknown.</summary>
    public IPAddress? ClientAddress { get; init; }

    /// <summary>By which road it came in.</summary>
    public required RecordRoad Road { get; init; }
}

/// <summary>What became of a <see cref="NewRemoval"/>.</summary>
public enum RemovalOutcome
{
    /// <summary>It is written.</summary>
    Removed,

    /// <summary>
    /// The same was said before, or no date was given and nothing of the package runs there any more.
    /// </summary>
    Duplicate,

    /// <summary>Nothing of the package was ever deployed there through the feed.</summary>
    NeverThere,

    /// <summary>Another version than the named one ran there then.</summary>
    OtherVersion,
}

/// <summary>What became of a <see cref="NewRemoval"/>.</summary>
/// <param name="Outcome">What.</param>
/// <param name="RemovalId">
/// The removal that now stands for it: its own or an earlier one; null when there is none.
/// </param>
public sealed record RemovalResult(RemovalOutcome Outcome, long? RemovalId);
