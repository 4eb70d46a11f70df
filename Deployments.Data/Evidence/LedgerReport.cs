using Deployments.Data.Ledger;

namespace Deployments.Data.Evidence;

/// <summary>What a verification of the ledger found.</summary>
public sealed record LedgerReport
{
    /// <summary>Of more problems than these, only the number is told.</summary>
    public const int ProblemsMax = 100;

    /// <summary>When it began: what was written by then was checked.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset EndedAt { get; init; }

    /// <summary>How many entries the ledger had.</summary>
    public long Entries { get; init; }

    /// <summary>The root over them, in hexadecimal digits.</summary>
    public string Root { get; init; } = "";

    /// <summary>How many anchors outside of this database it was compared with.</summary>
    public int Anchors { get; init; }

    /// <summary>What was checked of each kind of row.</summary>
    public IReadOnlyList<LedgerChecked> Checked { get; init; } = [];

    /// <summary>What is wrong, in sentences; the first of them.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>How much is wrong.</summary>
    public long ProblemCount { get; init; }
}

/// <summary>What was checked of a kind of row.</summary>
public sealed record LedgerChecked
{
    /// <summary>The kind.</summary>
    public LedgerKind Kind { get; init; }

    /// <summary>How many rows the ledger has of it.</summary>
    public long Leaves { get; init; }

    /// <summary>How many of them were there before the ledger and were sealed later.</summary>
    public long Sealed { get; init; }

    /// <summary>How many of them a rule has deleted, of which the tombstone was checked.</summary>
    public long Deleted { get; init; }

    /// <summary>How many of them were written a moment ago and are not chained yet.</summary>
    public long Waiting { get; init; }

    /// <summary>How many rows are from before the ledger and not sealed yet: nothing can be said of them.</summary>
    public long Unsealed { get; init; }
}

/// <summary>What the ledger was at a time, as somebody noted outside of it.</summary>
/// <param name="Size">How many entries it had.</param>
/// <param name="Root">The root over them.</param>
/// <param name="At">When.</param>
/// <param name="Where">Where that is noted, for people.</param>
/// <param name="IsOutside">Whether it is out of reach of who may change the database.</param>
public sealed record LedgerAnchor(long Size, byte[] Root, DateTimeOffset At, string Where, bool IsOutside = true);

/// <summary>What somebody outside of the database can tell of the ledger.</summary>
/// <param name="Anchors">What it was.</param>
/// <param name="Problems">What is wrong with how that was noted, in sentences.</param>
public sealed record LedgerWitness(IReadOnlyList<LedgerAnchor> Anchors, IReadOnlyList<string> Problems)
{
    /// <summary>Nothing was noted.</summary>
    public static LedgerWitness None { get; } = new([], []);
}
