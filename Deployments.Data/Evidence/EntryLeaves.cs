using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>The leaves of an entry, read again from the rows and tombstones.</summary>
/// <param name="Hashes">All leaf hashes, 32 bytes each.</param>
/// <param name="Texts">The texts of those that were asked for and that there are.</param>
sealed record EntryLeaves(byte[] Hashes, Dictionary<long, string> Texts)
{
    /// <exception cref="InvalidDataException">They are not what was written.</exception>
    public static async Task<EntryLeaves> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, LedgerEntry entry, long[] ids,
        Func<long, bool> isAsked, CancellationToken ct)
    {
        var source = LedgerSources.OfOrNull(entry.Kind)!;
        var hashes = new byte[ids.Length * MerkleTree.HashBytes];
        var texts = new Dictionary<long, string>();
        var missing = ids.ToHashSet();
        await foreach (var (id, text) in source.TextsAsync(connection, snapshot, ids, ct))
        {
            text.Hash(hashes.AsSpan(Array.BinarySearch(ids, id) * MerkleTree.HashBytes, MerkleTree.HashBytes));
            missing.Remove(id);
            if (isAsked(id))
                texts[id] = text.ToString();
        }

        if (missing.Count > 0)
        {
            foreach (var (id, hash) in await Tombstones.ReadAsync(
                connection, snapshot, entry.Kind, [.. missing], ct))
                hash.CopyTo(hashes, Array.BinarySearch(ids, id) * MerkleTree.HashBytes);
        }

        return MerkleTree.Root(hashes).AsSpan().SequenceEqual(entry.Root)
            ? new EntryLeaves(hashes, texts)
            : throw new InvalidDataException(
                $"The rows of entry {entry.Number} of the ledger are not what was written: verify the ledger.");
    }
}
