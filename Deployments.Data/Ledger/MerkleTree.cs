using System.Numerics;
using System.Security.Cryptography;

namespace Deployments.Data.Ledger;

/// <summary>
/// The Merkle trees of RFC 6962 over SHA-256: a leaf is hashed behind a byte 0, a node behind a byte 1. Lists of hashes
/// are spans of 32 bytes each.
/// </summary>
public static class MerkleTree
{
    /// <summary>Length of a hash in bytes.</summary>
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>The root of no leaves.</summary>
    public static byte[] EmptyRoot { get; } = SHA256.HashData([]);

    /// <summary>The hash of a leaf.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> leaf)
    {
        var marked = new byte[leaf.Length + 1];
        leaf.CopyTo(marked.AsSpan(1));
        return SHA256.HashData(marked);
    }

    /// <summary>The hash of the node over two others.</summary>
    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var hash = new byte[HashBytes];
        NodeHash(left, right, hash);
        return hash;
    }

    /// <summary>The root of a tree with these leaf hashes.</summary>
    public static byte[] Root(ReadOnlySpan<byte> hashes)
    {
        var peaks = new MerklePeaks();
        for (var at = 0; at < hashes.Length; at += HashBytes)
            peaks.Add(hashes.Slice(at, HashBytes));
        return peaks.Root();
    }

    /// <summary>The hashes that lead from a leaf to the root, from the bottom up.</summary>
    /// <param name="index">Which leaf, from 0.</param>
    /// <param name="hashes">All leaf hashes.</param>
    public static byte[][] InclusionPath(int index, ReadOnlySpan<byte> hashes)
    {
        var path = new List<byte[]>();
        while (hashes.Length > HashBytes)
        {
            var split = (int)SplitOf(hashes.Length / HashBytes);
            var isLeft = index < split;
            var left = hashes[..(split * HashBytes)];
            var right = hashes[(split * HashBytes)..];
            path.Add(Root(isLeft ? right : left));
            hashes = isLeft ? left : right;
            index = isLeft ? index : index - split;
        }

        path.Reverse();
        return [.. path];
    }

    /// <summary>
    /// The root that follows from a leaf and its path; null when the path is not of that length.
    /// </summary>
    /// <param name="leaf">The leaf hash.</param>
    /// <param name="index">Which leaf, from 0.</param>
    /// <param name="size">How many leaves the tree has.</param>
    /// <param name="path">As of <see cref="InclusionPath"/>.</param>
    public static byte[]? RootOrNull(ReadOnlySpan<byte> leaf, long index, long size, IReadOnlyList<byte[]> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (index < 0 || index >= size)
            return null;
        var (hash, last, used) = (leaf.ToArray(), size - 1, 0);
        for (; last > 0; index >>= 1, last >>= 1)
        {
            if ((index & 1) == 0 && index == last)
                continue; // no sibling: it moves up as it is
            if (used == path.Count)
                return null;
            var other = path[used++];
            hash = (index & 1) == 1 ? NodeHash(other, hash) : NodeHash(hash, other);
        }

        return used == path.Count ? hash : null;
    }

    /// <summary>Whether a proof shows that the tree of one size is the beginning of the other.</summary>
    /// <param name="first">Size of the smaller tree, at least 1.</param>
    /// <param name="firstRoot">Its root.</param>
    /// <param name="second">Size of the larger one.</param>
    /// <param name="secondRoot">Its root.</param>
    /// <param name="proof">As of RFC 6962, 2.1.2.</param>
    public static bool IsConsistent(
        long first, ReadOnlySpan<byte> firstRoot, long second, ReadOnlySpan<byte> secondRoot,
        IReadOnlyList<byte[]> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (first < 1 || first > second)
            return false;
        if (first == second)
            return proof.Count == 0 && firstRoot.SequenceEqual(secondRoot);
        // RFC 9162, 2.1.4.2: the same proof, checked from the bottom up.
        var (at, last, used) = (first - 1, second - 1, 0);
        for (; (at & 1) == 1; at >>= 1)
            last >>= 1;
        if (!BitOperations.IsPow2(first) && proof.Count == 0)
            return false;
        var old = BitOperations.IsPow2(first) ? firstRoot.ToArray() : proof[used++];
        var @new = old;
        for (; used < proof.Count; used++)
        {
            if (last == 0)
                return false;
            var other = proof[used];
            if ((at & 1) == 1 || at == last)
            {
                (old, @new) = (NodeHash(other, old), NodeHash(other, @new));
                for (; (at & 1) == 0 && at != 0; at >>= 1)
                    last >>= 1;
            }
            else
            {
                @new = NodeHash(@new, other);
            }

            at >>= 1;
            last >>= 1;
        }

        return last == 0 && firstRoot.SequenceEqual(old) && secondRoot.SequenceEqual(@new);
    }

    /// <summary>Of how many leaves the left part of a tree is: the largest power of two below its size.</summary>
    internal static long SplitOf(long size) => 1L << (63 - BitOperations.LeadingZeroCount((ulong)(size - 1)));

    internal static void NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> hash)
    {
        Span<byte> both = stackalloc byte[1 + (2 * HashBytes)];
        both[0] = 1;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + HashBytes)..]);
        SHA256.HashData(both, hash);
    }
}

/// <summary>A tree that grows: of what is in it only the roots of its full parts are kept, one a level.</summary>
sealed class MerklePeaks
{
    readonly byte[]?[] peaks = new byte[]?[64];

    /// <summary>How many leaves.</summary>
    public long Size { get; private set; }

    /// <summary>Adds a leaf hash.</summary>
    /// <param name="leaf">32 bytes.</param>
    /// <param name="full">Hears of each node that is full now: its level above the leaves, and its hash.</param>
    public void Add(ReadOnlySpan<byte> leaf, Action<int, byte[]>? full = null)
    {
        var hash = leaf.ToArray();
        var level = 0;
        for (; peaks[level] is { } left; level++)
        {
            MerkleTree.NodeHash(left, hash, hash);
            peaks[level] = null;
            full?.Invoke(level + 1, hash);
        }

        peaks[level] = hash;
        Size++;
    }

    /// <summary>The root of what is in it.</summary>
    public byte[] Root()
    {
        byte[]? root = null;
        foreach (var peak in peaks)
        {
            if (peak is not null)
                root = root is null ? peak : MerkleTree.NodeHash(peak, root);
        }

        return root ?? MerkleTree.EmptyRoot;
    }
}
