using Deployments.Data.Ledger;

namespace Deployments.Data.Evidence;

/// <summary>That a row is in the ledger: two paths, from the row to its entry and from the entry to the head.</summary>
public sealed record LedgerProof
{
    /// <summary>The text of the row's leaf; null when a rule deleted the row and only its hash is left.</summary>
    public string? Leaf { get; init; }

    /// <summary>The hash of the leaf.</summary>
    public required byte[] LeafHash { get; init; }

    /// <summary>Its place among the leaves of the entry, from 0.</summary>
    public required int LeafIndex { get; init; }

    /// <summary>From the leaf to the root of the entry.</summary>
    public required IReadOnlyList<byte[]> LeafPath { get; init; }

    /// <summary>The entry.</summary>
    public required LedgerEntry Entry { get; init; }

    /// <summary>The text of the entry, which is its leaf in the tree of entries.</summary>
    public required string EntryText { get; init; }

    /// <summary>From the entry to the root of the head.</summary>
    public required IReadOnlyList<byte[]> EntryPath { get; init; }

    /// <summary>The head that is proved.</summary>
    public required LedgerHead Head { get; init; }
}
