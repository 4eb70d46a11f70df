using Deployments.Data.Records;

namespace Deployments.Data.Removals;

/// <summary>A removal as read back. Names are in the spelling first seen; times are UTC.</summary>
public sealed record RemovalRow
{
    /// <summary>The removal's id.</summary>
    public long RemovalId { get; init; }

    /// <summary>Since when the package did not run there.</summary>
    public DateTimeOffset RemovedAt { get; init; }

    /// <summary>When this server heard of it.</summary>
    public DateTimeOffset RecordedAt { get; init; }

    /// <summary>Name of the feed it was told for, which may have been deleted since.</summary>
    public string Feed { get; init; } = "";

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version that ran there until then; null when that is not known, or not seen.</summary>
    public string? Version { get; init; }

    /// <summary>Where it no longer runs.</summary>
    public string Target { get; init; } = "";

    /// <summary>Application or tool that removed it.</summary>
    public string Application { get; init; } = "";

    /// <summary>Who removed it, as was said.</summary>
    public string User { get; init; } = "";

    /// <summary>Who wrote it down, as authenticated.</summary>
    public string RecordedBy { get; init; } = "";

    /// <summary>Why; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Link to more information; null when there is none.</summary>
    public string? Url { get; init; }

    /// <summary>By which road it came in.</summary>
    public RecordRoad Road { get; init; }
}
