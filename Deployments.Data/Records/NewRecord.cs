using System.Net;

namespace Deployments.Data.Records;

/// <summary>A deployment record about to be born: validated, its package identified. Times are UTC.</summary>
public sealed record NewRecord : IdentifiedPackage
{
    /// <summary>From <see cref="RecordIds"/>; a record with an id that exists already is the same record.</summary>
    public required long Id { get; init; }

    /// <summary>The feed it came through.</summary>
    public required int FeedId { get; init; }

    /// <summary>
    /// The source package that a distribution built it from; null when not known, or of the same name and version.
    /// </summary>
    public string? SourceKey { get; init; }

    /// <summary>The version of the source package; null when there is none.</summary>
    public string? SourceVersion { get; init; }

    /// <summary>The key of that version; null when there is none.</summary>
    public byte[]? SourceSortKey { get; init; }

    /// <summary>
    /// The folder of the feed that a distribution's package came from; null when not known, or where it tells nothing.
    /// </summary>
    public string? Place { get; init; }

    /// <summary>Whether it is a Debian package, of which the suites that name it tell the distribution.</summary>
    public bool IsInPool { get; init; }

    /// <summary>Application or tool that deployed.</summary>
    public required string Application { get; init; }

    /// <summary>Brief summary; may be empty.</summary>
    public required string Description { get; init; }

    /// <summary>Where the package was installed.</summary>
    public required string Target { get; init; }

    /// <summary>Link to more information, http or https; null when there is none.</summary>
    public string? Url { get; init; }

    /// <summary>Who deployed, as claimed or by default the authenticated user.</summary>
    public required string UserName { get; init; }

    /// <summary>When it was deployed.</summary>
    public required DateTimeOffset DeployedAt { get; init; }

    /// <summary>Whether that date was given; then an equal record is the same record.</summary>
    public required bool DateIsExplicit { get; init; }

    /// <summary>When this server heard of it.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The authenticated account or key, or <c>Anonymous</c>.</summary>
    public required string Recorder { get; init; }

    /// <summary>Where the request came from; null when unknown.</summary>
    public IPAddress? ClientAddress { get; init; }

    /// <summary>The client's User-Agent; null when it sent none.</summary>
    public string? UserAgent { get; init; }

    /// <summary>By which road it came in.</summary>
    public required RecordRoad Road { get; init; }

    /// <summary>Headers as received, where they are not literally the fields above; else null.</summary>
    public string? RawHeaders { get; init; }
}

/// <summary>By which road a record came in. Stored as a number: never renumber.</summary>
public enum RecordRoad
{
    /// <summary>Request headers on a download.</summary>
    Header = 1,

    /// <summary>The Package Deployment API.</summary>
    Api = 2,

    /// <summary>The batch form of that API.</summary>
    Batch = 3,

    /// <summary>Typed in on a page.</summary>
    Manual = 4,

    /// <summary>An API key that records by policy.</summary>
    KeyPolicy = 5,

    /// <summary>A deployment of an Octopus server.</summary>
    Octopus = 6,

    /// <summary>A CDEvent that a delivery tool sent.</summary>
    Cdevents = 7,

    /// <summary>What an inventory showed, written down after the fact.</summary>
    Inventory = 8,

    /// <summary>The log of a package manager.</summary>
    Log = 9,
}

/// <summary>What became of a <see cref="NewRecord"/>.</summary>
/// <param name="Id">The id it was offered under.</param>
/// <param name="DeploymentId">The record that now stands for it: its own, or the earlier one it repeats.</param>
public sealed record RecordResult(long Id, long DeploymentId)
{
    /// <summary>Whether it repeats an earlier record with the same explicit date.</summary>
    public bool IsDuplicate => Id != DeploymentId;
}
