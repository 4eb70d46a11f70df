namespace Deployments.Data.Records;

/// <summary>
/// A rejected record: which package was fetched, what the client said, and why that could not be accepted.
/// </summary>
public sealed record RejectedRow
{
    /// <summary>The id that its record will have.</summary>
    public long Id { get; init; }

    /// <summary>Time of the request, UTC.</summary>
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The feed asked.</summary>
    public int FeedId { get; init; }

    /// <summary>Its name; it may have been deleted since.</summary>
    public string Feed { get; init; } = "";

    /// <summary>Key of the feed's type.</summary>
    public string FeedType { get; init; } = "";

    /// <summary>Group in the spelling of the request; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name in the spelling of the request.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version downloaded.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>The authenticated account or key, or <c>Anonymous</c>.</summary>
    public string Recorder { get; init; } = "";

    /// <summary>The client's address; null when unknown.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>The client's User-Agent; null when it sent none.</summary>
    public string? UserAgent { get; init; }

    /// <summary>By which road it came.</summary>
    public RecordRoad Road { get; init; }

    /// <summary>The request's path as sent.</summary>
    public string RawPath { get; init; } = "";

    /// <summary>The deployment headers as received, one <c>Name: value</c> per line; may be empty.</summary>
    public string RawHeaders { get; init; } = "";

    /// <summary>Why it was rejected.</summary>
    public string Reason { get; init; } = "";

    /// <summary>When an administrator dealt with it; null: it is open.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Who did; null: nobody yet.</summary>
    public string? ResolvedBy { get; init; }

    /// <summary><c>replayed</c> or <c>dismissed</c>; null: open.</summary>
    public string? Resolution { get; init; }

    /// <summary>Why it was dismissed; null when it was not.</summary>
    public string? DismissalReason { get; init; }

    /// <summary>Whether it waits for an administrator.</summary>
    public bool IsOpen => ResolvedAt is null;
}

/// <summary>Which rejected records to read, every condition optional and all of them combined.</summary>
public sealed record RejectedFilter
{
    /// <summary>Those that somebody has dealt with; else those that wait.</summary>
    public bool Resolved { get; init; }

    /// <summary>Feed name, in any case.</summary>
    public string? Feed { get; init; }

    /// <summary>Part of the package's group or name, in any case.</summary>
    public string? Package { get; init; }

    /// <summary>Part of the reason, in any case.</summary>
    public string? Reason { get; init; }

    /// <summary>Received at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Received before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>
    /// Where the page begins: next to a record by its time of receipt and id; null for the newest.
    /// </summary>
    public RecordCursor? Cursor { get; init; }
}

/// <summary>One page of rejected records, newest first.</summary>
/// <param name="Items">The records.</param>
/// <param name="Newer">Where the next newer page begins; null when there is none.</param>
/// <param name="Older">Where the next older page begins; null when there is none.</param>
public sealed record RejectedPage(IReadOnlyList<RejectedRow> Items, RecordCursor? Newer, RecordCursor? Older);
