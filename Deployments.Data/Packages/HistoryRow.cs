using Deployments.Data.Records;

namespace Deployments.Data.Packages;

/// <summary>One deployment record with everything known of it, and what it replaced on its target.</summary>
public sealed record HistoryRow
{
    /// <summary>The record's id.</summary>
    public long Id { get; init; }

    /// <summary>When it was deployed.</summary>
    public DateTimeOffset DeployedAt { get; init; }

    /// <summary>When this server heard of it.</summary>
    public DateTimeOffset RecordedAt { get; init; }

    /// <summary>Package URL type.</summary>
    public string PackageType { get; init; } = "";

    /// <summary>Group as displayed; empty when there is none.</summary>
    public string GroupName { get; init; } = "";

    /// <summary>Package name as displayed.</summary>
    public string PackageName { get; init; } = "";

    /// <summary>The key of the version.</summary>
    public int VersionId { get; init; }

    /// <summary>Version as displayed.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>Bytewise-ordered key of the version, or null when it is not one of its ecosystem.</summary>
    public byte[]? SortKey { get; init; }

    /// <summary>Where it was installed.</summary>
    public string Target { get; init; } = "";

    /// <summary>Application or tool that deployed.</summary>
    public string Application { get; init; } = "";

    /// <summary>Who deployed, as the client said.</summary>
    public string UserName { get; init; } = "";

    /// <summary>Who wrote it down, as authenticated, or <c>Anonymous</c>.</summary>
    public string Recorder { get; init; } = "";

    /// <summary>Brief summary; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Link to more information, as received; null when there is none.</summary>
    public string? Url { get; init; }

    /// <summary>The client's User-Agent; null when unknown.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Address the request came from; null when unknown.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>The headers as received, where they were not literally these fields; else null.</summary>
    public string? RawHeaders { get; init; }

    /// <summary>Name of the feed it came through.</summary>
    public string Feed { get; init; } = "";

    /// <summary>Whether that feed still exists.</summary>
    public bool FeedExists { get; init; } = true;

    /// <summary>By which road it came in.</summary>
    public RecordRoad Road { get; init; }

    /// <summary>The key of the version that was on the target before; null when this was the first.</summary>
    public int? PreviousVersionId { get; init; }

    /// <summary>That version as displayed; null when this was the first.</summary>
    public string? PreviousVersion { get; init; }

    /// <summary>Its bytewise-ordered key.</summary>
    public byte[]? PreviousSortKey { get; init; }

    /// <summary>When that version was removed from the target again; null when this record replaced it.</summary>
    public DateTimeOffset? PreviousRemovedAt { get; init; }

    /// <summary>What this record changed on its target.</summary>
    public VersionChange Change
    {
        get
        {
            if (PreviousVersionId is null)
                return VersionChange.First;
            if (PreviousRemovedAt is not null)
                return VersionChange.Return;
            if (PreviousVersionId == VersionId)
                return VersionChange.Redeploy;
            if (SortKey is null || PreviousSortKey is null)
                return VersionChange.Other;
            return SortKey.AsSpan().SequenceCompareTo(PreviousSortKey) switch
            {
                > 0 => VersionChange.Upgrade,
                < 0 => VersionChange.Rollback,
                _ => VersionChange.Redeploy,
            };
        }
    }
}

/// <summary>What a deployment changed on its target.</summary>
public enum VersionChange
{
    /// <summary>The package was not there before.</summary>
    First,

    /// <summary>The package had been removed.</summary>
    Return,

    /// <summary>A later version than before.</summary>
    Upgrade,

    /// <summary>An earlier version than before.</summary>
    Rollback,

    /// <summary>The version that was there already, or one of equal order.</summary>
    Redeploy,

    /// <summary>Another version, and nothing says which of the two is later.</summary>
    Other,
}
