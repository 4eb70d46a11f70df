namespace Deployments.Data.Jobs;

/// <summary>This run of the program, as other nodes know it.</summary>
/// <param name="Id">Made at the start.</param>
/// <param name="Name">Name of the machine.</param>
/// <param name="ProcessId">Number of the process.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="StartedAt">When it started.</param>
public sealed record ThisNode(Guid Id, string Name, int ProcessId, string Version, DateTimeOffset StartedAt);

/// <summary>What a node tells of itself each time.</summary>
/// <param name="JournalBytes">What waits in its journal for the database.</param>
/// <param name="RefusedBytes">Journaled entries that the database refused.</param>
/// <param name="DiskFreeBytes">Free space where its data directory is; null where it cannot be told.</param>
/// <param name="DiskBytes">All space there; null where it cannot be told.</param>
public sealed record NodeCondition(long JournalBytes, long RefusedBytes, long? DiskFreeBytes, long? DiskBytes);

/// <summary>A web node as it last told of itself.</summary>
public sealed record Node
{
    /// <summary>A node that has not been heard of for so long was killed, or has lost the database.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    /// <summary>One start of the program.</summary>
    public Guid NodeId { get; init; }

    /// <summary>Name of the machine.</summary>
    public string Name { get; init; } = "";

    /// <summary>Number of the process.</summary>
    public int ProcessId { get; init; }

    /// <summary>Version of the program.</summary>
    public string Version { get; init; } = "";

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was last heard of.</summary>
    public DateTimeOffset SeenAt { get; init; }

    /// <summary>When it ended in good order; null otherwise.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>What waits in its journal for the database, in bytes.</summary>
    public long JournalBytes { get; init; }

    /// <summary>Journaled entries that the database refused, in bytes.</summary>
    public long RefusedBytes { get; init; }

    /// <summary>Free space where its data directory is; null where it cannot be told.</summary>
    public long? DiskFreeBytes { get; init; }

    /// <summary>All space there; null where it cannot be told.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>Whether it has not been heard of for long, though it did not end.</summary>
    public bool IsSilent(DateTimeOffset now) => StoppedAt is null && SeenAt < now - Silence;
}
