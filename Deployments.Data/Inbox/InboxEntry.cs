using Deployments.Data.Records;

namespace Deployments.Data.Inbox;

/// <summary>
/// One tagged download as the inbox keeps it: what the client said, which package it fetched, and the verdict. Members
/// are the columns of <c>deployment_inbox</c>, and of a line of the journal.
/// </summary>
public record InboxEntry
{
    /// <summary>From <see cref="RecordIds"/>; becomes the record's id.</summary>
    public required long Id { get; init; }

    /// <summary>Time of the request, UTC.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The feed asked.</summary>
    public required int FeedId { get; init; }

    /// <summary>Group in the spelling of the request; empty when there is none.</summary>
    public required string GroupName { get; init; }

    /// <summary>Package name in the spelling of the request or of its manifest.</summary>
    public required string Name { get; init; }

    /// <summary>The version downloaded.</summary>
    public required string Version { get; init; }

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public required string Qualifier { get; init; }

    /// <summary>Empty only in a refused entry, as are the fields below.</summary>
    public string Application { get; init; } = "";

    /// <summary>May be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Where the package goes.</summary>
    public string Target { get; init; } = "";

    /// <summary>http or https; null when none was given.</summary>
    public string? Url { get; init; }

    /// <summary>As claimed, or the authenticated user.</summary>
    public string UserName { get; init; } = "";

    /// <summary>The date the client gave; null: <see cref="ReceivedAt"/>.</summary>
    public DateTimeOffset? DeployedAt { get; init; }

    /// <summary>The authenticated account or key, or <c>Anonymous</c>.</summary>
    public required string Recorder { get; init; }

    /// <summary>The client's address; null when unknown.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>The client's User-Agent; null when it sent none.</summary>
    public string? UserAgent { get; init; }

    /// <summary>By which road it came.</summary>
    public required RecordRoad Road { get; init; }

    /// <summary>
    /// The request's path as sent, but for credentials in its query: whoever makes an entry, none is kept.
    /// </summary>
    public required string RawPath { get; init => field = SecretFree.Address(value); }

    /// <summary>
    /// The deployment headers as received, one <c>Name: value</c> per line; null when they are literally the fields.
    /// </summary>
    public string? RawHeaders { get; init; }

    /// <summary>
    /// The source package as Debian writes it, <c>openssl (3.0.11-1)</c>; null when not known, or the package itself.
    /// </summary>
    public string? Source { get; init; }

    /// <summary>Why the record is refused; null for an accepted one.</summary>
    public string? Reason { get; init; }
}

/// <summary>How safe an entry is.</summary>
public enum InboxOutcome
{
    /// <summary>Committed to the database.</summary>
    Recorded,

    /// <summary>On this machine's disk, to be delivered when the database is back.</summary>
    Journaled,

    /// <summary>Neither could be written.</summary>
    Failed,
}
