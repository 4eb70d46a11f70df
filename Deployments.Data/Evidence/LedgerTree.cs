using Dapper;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>
/// The tree over the entries, read from few rows: the inner nodes of each full 256 are stored.
/// </summary>
static class LedgerTree
{
    /// <summary>So many nodes of a level are one of the next.</summary>
    public const int Fan = 256;

    const int FanBits = 8;

    /// <summary>The root of the first entries.</summary>
    public static Task<byte[]> RootAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, long size, CancellationToken ct) =>
        size == 0 ? Task.FromResult(MerkleTree.EmptyRoot) : RangeAsync(connection, transaction, 0, size, ct);

    /// <summary>The path from an entry to the root of the first <paramref name="size"/>.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="transaction">In which transaction.</param>
    /// <param name="index">The entry's number less one.</param>
    /// <param name="size">More than that.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task<byte[][]> InclusionAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, long index, long size, CancellationToken ct)
    {
        var path = new List<byte[]>();
        for (var (from, to) = (0L, size); to - from > 1;)
        {
            var split = from + MerkleTree.SplitOf(to - from);
            var isLeft = index < split;
            path.Add(await RangeAsync(connection, transaction, isLeft ? split : from, isLeft ? to : split, ct));
            (from, to) = isLeft ? (from, split) : (split, to);
        }

        path.Reverse();
        return [.. path];
    }

    /// <summary>Shows that the first entries of the second tree are the first tree.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="transaction">In which transaction.</param>
    /// <param name="first">Size of the first, at least 1.</param>
    /// <param name="second">Size of the second, at least that.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task<byte[][]> ConsistencyAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, long first, long second, CancellationToken ct)
    {
        var proof = new List<byte[]>();
        var (from, to, isWhole) = (0L, second, true);
        while (first != to - from)
        {
            var split = MerkleTree.SplitOf(to - from);
            if (first <= split)
            {
                proof.Add(await RangeAsync(connection, transaction, from + split, to, ct));
                to = from + split;
            }
            else
            {
                proof.Add(await RangeAsync(connection, transaction, from, from + split, ct));
                (from, first, isWhole) = (from + split, first - split, false);
            }
        }

        if (!isWhole)
            proof.Add(await RangeAsync(connection, transaction, from, to, ct));
        proof.Reverse();
        return [.. proof];
    }

    /// <summary>A node that is about to be stored, of those below it.</summary>
    public static Task<byte[]> FullNodeAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, short level, long place, CancellationToken ct) =>
        StretchAsync(connection, transaction, level - 1, place * Fan, (place + 1) * Fan, ct);

    // The root over entries from..to, of which from is a multiple of the largest power of two that fits.
    static async Task<byte[]> RangeAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, long from, long to, CancellationToken ct)
    {
        var parts = new List<byte[]>();
        for (var at = from; at < to;)
        {
            var level = 0;
            while (at % (1L << ((level + 1) * FanBits)) == 0 && at + (1L << ((level + 1) * FanBits)) <= to)
                level++;
            var step = 1L << (level * FanBits);
            // As many of that level as are a power of two: a full part of the tree.
            var (place, count) = (at / step, 1L);
            while (place % (count * 2) == 0 && count * 2 <= Fan && at + (step * count * 2) <= to)
                count *= 2;
            parts.Add(await StretchAsync(connection, transaction, level, place, place + count, ct));
            at += step * count;
        }

        var root = parts[^1];
        for (var i = parts.Count - 2; i >= 0; i--)
            root = MerkleTree.NodeHash(parts[i], root);
        return root;
    }

    static async Task<byte[]> StretchAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int level, long from, long to,
        CancellationToken ct)
    {
        var hashes = (await connection.QueryAsync<byte[]>(new CommandDefinition(
            level == 0
                ? "select hash from ledger_entries where number > @from and number <= @to order by number"
                : """
                  select hash from ledger_nodes
                  where level = @level and place >= @from and place < @to
                  order by place
                  """, new { level = (short)level, from, to }, transaction, cancellationToken: ct))).AsList();
        return hashes.Count == to - from
            ? MerkleTree.Root(hashes.SelectMany(hash => hash).ToArray())
            : throw new InvalidDataException(
                $"The ledger lacks entries or nodes from {from << (level * FanBits)} to {to << (level * FanBits)}.");
    }
}
