namespace Deployments.Data.Records;

/// <summary>One deployment record as read back. Names are in the spelling first seen; times are UTC.</summary>
public sealed record RecordRow
{
    /// <summary>The record's id.</summary>
    public long Id { get; init; }

    /// <summary>When it was deployed.</summary>
    public DateTimeOffset DeployedAt { get; init; }

    /// <summary>When this server heard of it.</summary>
    public DateTimeOffset RecordedAt { get; init; }

    /// <summary>Name of the feed it came through, which may have been deleted since.</summary>
    public string Feed { get; init; } = "";

    /// <summary>The feed's type, such as <c>universal</c>.</summary>
    public string FeedType { get; init; } = "";

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version in the database; never told to clients.</summary>
    public int VersionId { get; init; }

    /// <summary>Package version.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>Application or tool that deployed.</summary>
    public string Application { get; init; } = "";

    /// <summary>Brief summary; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Where the package was installed.</summary>
    public string Target { get; init; } = "";

    /// <summary>Link to more information; null when there is none.</summary>
    public string? Url { get; init; }

    /// <summary>Who deployed, as the client said.</summary>
    public string User { get; init; } = "";

    /// <summary>Who wrote the record down, as authenticated.</summary>
    public string RecordedBy { get; init; } = "";

    /// <summary>By which road it came in.</summary>
    public RecordRoad Road { get; init; }

    /// <summary>Where the request came from; null when unknown.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>The client's User-Agent; null when it sent none.</summary>
    public string? UserAgent { get; init; }

    /// <summary>The headers as received, one per line, where they are not literally the fields; else null.</summary>
    public string? RawHeaders { get; init; }
}

/// <summary>One page of records, newest first.</summary>
/// <param name="Items">The records.</param>
/// <param name="Newer">Where the next newer page begins; null when there is none.</param>
/// <param name="Older">Where the next older page begins; null when there is none.</param>
public sealed record RecordPage(IReadOnlyList<RecordRow> Items, RecordCursor? Newer, RecordCursor? Older);

/// <summary>What has become of an id that was handed out.</summary>
public enum RecordStatus
{
    /// <summary>Nothing is known of it.</summary>
    Unknown,

    /// <summary>It is a record.</summary>
    Recorded,

    /// <summary>It repeats another record.</summary>
    Duplicate,

    /// <summary>It waits in the inbox and will be a record in a moment.</summary>
    Waiting,

    /// <summary>It could not be accepted.</summary>
    Rejected,
}

/// <summary>What has become of an id, and why.</summary>
public sealed record RecordState
{
    /// <summary>What has become of it.</summary>
    public RecordStatus Status { get; init; }

    /// <summary>The record that a duplicate repeats; else null.</summary>
    public long? DeploymentId { get; init; }

    /// <summary>Why it was rejected; else null.</summary>
    public string? Reason { get; init; }
}
