using System.Runtime.CompilerServices;
using Npgsql;

namespace Deployments.Data.Ledger;

/// <summary>Rows that have leaves in the ledger, and how a leaf is made of one.</summary>
/// <param name="kind">What they are.</param>
/// <param name="form">What leaves of them are called: <c>record/1</c>.</param>
public abstract class LedgerSource(LedgerKind kind, string form)
{
    const int Patience = 600; // seconds, for what reads a table

    /// <summary>What they are.</summary>
    public LedgerKind Kind => kind;

    /// <summary>What leaves of them are called.</summary>
    protected string Form => form;

    /// <summary>The rows <c>d</c> of the table by themselves, for a walk: <c>deployments d</c>.</summary>
    protected abstract string Table { get; }

    /// <summary>The column with the id.</summary>
    protected abstract string Id { get; }

    /// <summary>Which rows of the table; true for all.</summary>
    protected virtual string Condition => "true";

    /// <summary>The fields of a leaf as columns under their names, in any order.</summary>
    protected abstract string Fields { get; }

    /// <summary>What they are joined from, beside the table.</summary>
    protected virtual string Joins => "";

    /// <summary>A field's value in words, where it is stored as something else.</summary>
    protected virtual string? Text(string field, object value) => LeafValue.OfColumn(value);

    /// <summary>The leaf hashes of rows that there are.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="transaction">In which transaction.</param>
    /// <param name="ids">Which rows.</param>
    /// <param name="ct">Cancels.</param>
    internal async Task<LedgerLeaves> HashesAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<long> ids, CancellationToken ct)
    {
        var found = new List<long>(ids.Count);
        var hashes = new byte[ids.Count * MerkleTree.HashBytes];
        await foreach (var (id, text) in TextsAsync(connection, transaction, ids, ct))
        {
            text.Hash(hashes.AsSpan(found.Count * MerkleTree.HashBytes, MerkleTree.HashBytes));
            found.Add(id);
        }

        return new LedgerLeaves(found, hashes[..(found.Count * MerkleTree.HashBytes)]);
    }

    /// <summary>The leaves of rows that there are, by id. Each text is good until the next is asked for.</summary>
    internal async IAsyncEnumerable<(long Id, LeafText Text)> TextsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<long> ids,
        [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select {Id} as id, {Fields} from {Table} {Joins} where {Id} = any($1) and {Condition} order by {Id}",
            connection, transaction);
        command.CommandTimeout = Patience;
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. ids] });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var fields = Enumerable.Range(1, reader.FieldCount - 1)
            .Select(at => (Name: reader.GetName(at), At: at))
            .OrderBy(field => field.Name, StringComparer.Ordinal)
            .ToArray();
        var text = new LeafText();
        while (await reader.ReadAsync(ct))
        {
            text.Begin(form);
            foreach (var (name, at) in fields)
                text.Add(name, reader.IsDBNull(at) ? null : Text(name, reader.GetValue(at)));
            yield return (reader.GetInt64(0), text.End());
        }
    }

    /// <summary>The ids of rows behind one, ascending.</summary>
    internal async IAsyncEnumerable<long> IdsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, long after, long limit,
        [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select {Id}::bigint from {Table} where {Id} > $1 and {Condition} order by {Id} limit $2",
            connection, transaction);
        command.CommandTimeout = Patience;
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            yield return reader.GetInt64(0);
    }
}

/// <summary>Leaf hashes of rows.</summary>
/// <param name="Ids">Which rows, ascending.</param>
/// <param name="Hashes">Their leaf hashes, 32 bytes each.</param>
sealed record LedgerLeaves(List<long> Ids, byte[] Hashes);
