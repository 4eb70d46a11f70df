using System.Data;
using System.Text;
using System.Text.Json;
using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>
/// Writes deployment records of a time with what proves that they are in the ledger: lines of JSON that need nothing
/// else to be checked. First the head; then each entry with its path to it, and behind it its leaves, one a line: a
/// record, or the hash of one that is not of that time or was deleted; last how many there were.
/// </summary>
/// <param name="database">The connections of exports.</param>
/// <param name="chain">Chains what waits before it is exported.</param>
public sealed class LedgerExportQueries(ExportDatabase database, LedgerChainStore chain)
{
    const int EntriesAtOnce = 50;

    /// <summary>Writes the file.</summary>
    /// <param name="from">Records deployed at this time or later; null: from the first.</param>
    /// <param name="to">Records deployed before this time; null: to the last.</param>
    /// <param name="sign">Makes a signed note of the head.</param>
    /// <param name="output">Where to. What has been written when it fails is not whole.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>How many records.</returns>
    /// <exception cref="InvalidDataException">The ledger, or a record, is not what was written.</exception>
    /// <exception cref="NpgsqlException">The database went away.</exception>
    public async Task<long> WriteAsync(
        DateTimeOffset? from, DateTimeOffset? to, Func<LedgerHead, Task<string>> sign, Stream output,
        CancellationToken ct)
    {
        await chain.ChainAsync(ct);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), 64 * 1024, leaveOpen: true)
        {
            NewLine = "\n",
        };
        var head = await LedgerQueries.HeadAsync(connection, snapshot, ct);
        await writer.WriteLineAsync(JsonSerializer.Serialize(new
        {
            head = new { size = head.Size, root = Hex(head.Root), checkpoint = await sign(head) },
        }));
        var wanted = await IdsAsync(connection, snapshot, from, to, ct);
        long records = 0;
        long last = 0;
        for (IReadOnlyList<LedgerEntry> entries;
            (entries = await EntriesAsync(connection, snapshot, last, ct)).Count > 0; last = entries[^1].Number)
        {
            foreach (var entry in entries)
                records += await WriteAsync(connection, snapshot, entry, head.Size, wanted, writer, ct);
        }

        await writer.WriteLineAsync(JsonSerializer.Serialize(new
        {
            end = new { records, notInLedger = wanted.Count - records },
        }));
        return records;
    }

    static async Task<IdSet> IdsAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, DateTimeOffset? from, DateTimeOffset? to,
        CancellationToken ct)
    {
        var ids = new IdSet();
        var rows = connection.QueryUnbufferedAsync<long>(
            """
            select id from deployments
            where deployed_at >= coalesce(@from::timestamptz, '-infinity')
              and deployed_at < coalesce(@to::timestamptz, 'infinity')
            """, new { from = from?.UtcDateTime, to = to?.UtcDateTime }, snapshot, commandTimeout: 600);
        await foreach (var id in rows.WithCancellation(ct))
            ids.Add(id);
        return ids;
    }

    static async Task<IReadOnlyList<LedgerEntry>> EntriesAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, long after, CancellationToken ct) =>
        [.. await connection.QueryAsync<LedgerEntry>(new CommandDefinition(
            $"""
            select {LedgerProofQueries.EntryColumns}
            from ledger_entries
            where number > @after and kind = @kind and leaves > 0
            order by number
            limit @EntriesAtOnce
            """, new { after, kind = (short)LedgerKind.Record, EntriesAtOnce }, snapshot, commandTimeout: 300,
            cancellationToken: ct))];

    static async Task<long> WriteAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, LedgerEntry entry, long size, IdSet wanted,
        StreamWriter writer, CancellationToken ct)
    {
        var ids = LedgerIds.ReadOrNull(entry.Ids, entry.Leaves)
            ?? throw new InvalidDataException($"Entry {entry.Number} of the ledger is not what was written.");
        if (!Array.Exists(ids, wanted.Contains))
            return 0;
        var leaves = await EntryLeaves.ReadAsync(connection, snapshot, entry, ids, wanted.Contains, ct);
        var text = await LedgerProofQueries.TextAsync(connection, snapshot, entry, ct);
        var path = await LedgerTree.InclusionAsync(connection, snapshot, entry.Number - 1, size, ct);
        await writer.WriteLineAsync(
            $"{{\"entry\":{text},\"path\":{JsonSerializer.Serialize(path.Select(Hex))}}}");
        for (var i = 0; i < ids.Length; i++)
        {
            ct.ThrowIfCancellationRequested();
            await writer.WriteLineAsync(leaves.Texts.TryGetValue(ids[i], out var record)
                ? record
                : $"\"{Hex(leaves.Hashes.AsSpan(i * MerkleTree.HashBytes, MerkleTree.HashBytes))}\"");
        }

        return leaves.Texts.Count;
    }

    static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);

    static string Hex(ReadOnlySpan<byte> hash) => Convert.ToHexStringLower(hash);
}
