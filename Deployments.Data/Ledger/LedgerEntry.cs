using System.Security.Cryptography;

namespace Deployments.Data.Ledger;

/// <summary>An entry of the ledger.</summary>
public sealed record LedgerEntry
{
    /// <summary>An entry has at most so many leaves; more are several entries.</summary>
    public const int LeavesMax = 10_000;

    /// <summary>So many bytes of each leaf hash are kept beside the root.</summary>
    internal const int MarkBytes = 4;

    /// <summary>From 1, without gaps; its leaf in the tree of entries is the one before.</summary>
    public long Number { get; init; }

    /// <summary>When it was chained.</summary>
    public DateTimeOffset ChainedAt { get; init; }

    /// <summary>What it covers.</summary>
    public LedgerKind Kind { get; init; }

    /// <summary>How it came to be.</summary>
    public LedgerOrigin Origin { get; init; }

    /// <summary>How many rows.</summary>
    public int Leaves { get; init; }

    /// <summary>Which rows, in the form of the table.</summary>
    internal byte[] Ids { get; init; } = [];

    /// <summary>The first bytes of each leaf hash.</summary>
    internal byte[] Marks { get; init; } = [];

    /// <summary>The root of the tree of its leaves.</summary>
    public byte[] Root { get; init; } = [];

    /// <summary>The hash of its <see cref="Text"/>.</summary>
    public byte[] Hash { get; init; } = [];

    /// <summary>
    /// The leaf that the entry is in the tree of entries. With the hash of the entry before it is the chain.
    /// </summary>
    /// <param name="text">Makes it.</param>
    /// <param name="previous">The hash of the entry before; 32 zeros for the first.</param>
    internal LeafText Text(LeafText text, ReadOnlySpan<byte> previous) => text
        .Begin("entry/1")
        .Add("at", LeafValue.Of(ChainedAt))
        .Add("ids", Convert.ToHexStringLower(SHA256.HashData(Ids)))
        .Add("leaves", LeafValue.Of(Leaves))
        .Add("number", LeafValue.Of(Number))
        .Add("of", LedgerWords.Name(Kind))
        .Add("origin", LedgerWords.Name(Origin))
        .Add("previous", Convert.ToHexStringLower(previous))
        .Add("root", Convert.ToHexStringLower(Root))
        .End();

    /// <summary>Makes the next entry.</summary>
    /// <param name="last">The entry before; null for the first.</param>
    /// <param name="at">The time.</param>
    /// <param name="kind">What it covers.</param>
    /// <param name="origin">How it comes to be.</param>
    /// <param name="ids">Which rows, ascending.</param>
    /// <param name="hashes">Their leaf hashes, 32 bytes each.</param>
    internal static LedgerEntry After(
        LedgerEntry? last, DateTimeOffset at, LedgerKind kind, LedgerOrigin origin, ReadOnlySpan<long> ids,
        ReadOnlySpan<byte> hashes)
    {
        var marks = new byte[ids.Length * MarkBytes];
        for (var i = 0; i < ids.Length; i++)
            hashes.Slice(i * MerkleTree.HashBytes, MarkBytes).CopyTo(marks.AsSpan(i * MarkBytes));
        var entry = new LedgerEntry
        {
            Number = (last?.Number ?? 0) + 1,
            ChainedAt = at,
            Kind = kind,
            Origin = origin,
            Leaves = ids.Length,
            Ids = LedgerIds.Write(ids),
            Marks = marks,
            Root = MerkleTree.Root(hashes),
        };
        return entry with { Hash = entry.Text(new LeafText(), last?.Hash ?? NoHash).Hash() };
    }

    /// <summary>What stands for the entry before the first.</summary>
    internal static byte[] NoHash { get; } = new byte[MerkleTree.HashBytes];
}
