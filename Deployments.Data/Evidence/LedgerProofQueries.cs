using System.Data;
using Dapper;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>Proves what is in the ledger.</summary>
/// <param name="database">The database.</param>
public sealed class LedgerProofQueries(NpgsqlDataSource database)
{
    internal const string EntryColumns =
        "number, chained_at, kind::int, origin::int, leaves, ids, marks, root, hash";

    /// <summary>That a row is in the ledger; null when it is not, or not chained yet.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="id">Its id.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="InvalidDataException">The ledger, or the row, is not what was written.</exception>
    public async Task<LedgerProof?> InclusionOrNullAsync(LedgerKind kind, long id, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        if (await EntryOrNullAsync(connection, snapshot, kind, id, ct) is not { } found)
            return null;
        var (entry, ids) = found;
        var leaves = await EntryLeaves.ReadAsync(
            connection, snapshot, entry, ids, one => one == id, ct);
        var index = Array.BinarySearch(ids, id);
        var head = await LedgerQueries.HeadAsync(connection, snapshot, ct);
        return new LedgerProof
        {
            Leaf = leaves.Texts.GetValueOrDefault(id),
            LeafHash = leaves.Hashes[(index * MerkleTree.HashBytes)..((index + 1) * MerkleTree.HashBytes)],
            LeafIndex = index,
            LeafPath = MerkleTree.InclusionPath(index, leaves.Hashes),
            Entry = entry,
            EntryText = await TextAsync(connection, snapshot, entry, ct),
            EntryPath = await LedgerTree.InclusionAsync(connection, snapshot, entry.Number - 1, head.Size, ct),
            Head = head,
        };
    }

    /// <summary>That the ledger of one size is the beginning of the other; null when it never was so large.</summary>
    /// <param name="first">Size of the first, at least 1.</param>
    /// <param name="second">Size of the second, at least that; null: as it is now.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="InvalidDataException">Entries are missing.</exception>
    public async Task<LedgerConsistency?> ConsistencyOrNullAsync(long first, long? second, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var head = await LedgerQueries.HeadAsync(connection, snapshot, ct);
        var size = second ?? head.Size;
        if (first < 1 || first > size || size > head.Size)
            return null;
        return new LedgerConsistency(
            first, await LedgerTree.RootAsync(connection, snapshot, first, ct),
            size, await LedgerTree.RootAsync(connection, snapshot, size, ct),
            await LedgerTree.ConsistencyAsync(connection, snapshot, first, size, ct));
    }

    // Along the index: the entry of a row is among the first whose last id is not smaller.
    static async Task<(LedgerEntry Entry, long[] Ids)?> EntryOrNullAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, LedgerKind kind, long id, CancellationToken ct)
    {
        var candidates = connection.QueryUnbufferedAsync<LedgerEntry>(
            $"""
            select {EntryColumns}
            from ledger_entries
            where kind = @kind and last_id >= @id and first_id <= @id
            order by last_id
            """, new { kind = (short)kind, id }, snapshot, commandTimeout: 120);
        await foreach (var entry in candidates.WithCancellation(ct))
        {
            if (LedgerIds.ReadOrNull(entry.Ids, entry.Leaves) is { } ids && Array.BinarySearch(ids, id) >= 0)
                return (entry, ids);
        }

        return null;
    }

    internal static async Task<string> TextAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, LedgerEntry entry, CancellationToken ct)
    {
        var previous = await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition(
            "select hash from ledger_entries where number = @number", new { number = entry.Number - 1 }, snapshot,
            cancellationToken: ct));
        var text = entry.Text(new LeafText(), previous ?? LedgerEntry.NoHash);
        return text.Hash().AsSpan().SequenceEqual(entry.Hash)
            ? text.ToString()
            : throw new InvalidDataException($"Entry {entry.Number} of the ledger is not what was written.");
    }
}

/// <summary>That one ledger is the beginning of another.</summary>
/// <param name="First">How many entries the first has.</param>
/// <param name="FirstRoot">The root over them.</param>
/// <param name="Second">How many entries the second has.</param>
/// <param name="SecondRoot">The root over them.</param>
/// <param name="Proof">The hashes that show it, as in RFC 6962.</param>
public sealed record LedgerConsistency(
    long First, byte[] FirstRoot, long Second, byte[] SecondRoot, IReadOnlyList<byte[]> Proof);
