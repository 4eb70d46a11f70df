using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Deployments.Data.Ledger;

/// <summary>
/// The text of a leaf: a flat JSON object of strings in the canonical form of RFC 8785, so that whoever has its fields
/// can make the same text and hash. A field that is null is left out. Never change what it makes: hashes are stored.
/// </summary>
public sealed class LeafText
{
    static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (char)code), '"', '\\']);

    // In front of it the byte 0 that marks a leaf, so that all of it is hashed at once.
    readonly ArrayBufferWriter<byte> bytes = new(1024);
    string last = "";

    /// <summary>The text as it is now, in UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8 => bytes.WrittenSpan[1..];

    /// <summary>Begins a leaf.</summary>
    /// <param name="kind">What it is of and which fields it has: <c>record/1</c>.</param>
    public LeafText Begin(string kind)
    {
        bytes.ResetWrittenCount();
        bytes.Write("\0{"u8);
        last = "";
        return Add("@kind", kind);
    }

    /// <summary>Adds a field, in the order of names.</summary>
    public LeafText Add(string name, string? value)
    {
        if (string.CompareOrdinal(name, last) <= 0)
            throw new InvalidOperationException($"The field {name} comes before {last}.");
        if (value is null)
            return this;
        if (last.Length > 0)
            bytes.Write(","u8);
        last = name;
        Write(name);
        bytes.Write(":"u8);
        Write(value);
        return this;
    }

    /// <summary>Ends the leaf.</summary>
    public LeafText End()
    {
        bytes.Write("}"u8);
        return this;
    }

    /// <summary>The leaf's hash.</summary>
    public void Hash(Span<byte> hash) => SHA256.HashData(bytes.WrittenSpan, hash);

    /// <summary>The leaf's hash.</summary>
    public byte[] Hash() => SHA256.HashData(bytes.WrittenSpan);

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(Utf8);

    void Write(string text)
    {
        bytes.Write("\""u8);
        var rest = text.AsSpan();
        for (int at; (at = rest.IndexOfAny(Escaped)) >= 0; rest = rest[(at + 1)..])
        {
            Encoding.UTF8.GetBytes(rest[..at], bytes);
            Encoding.UTF8.GetBytes(rest[at] switch
            {
                '"' => "\\\"",
                '\\' => @"\\",
                '\b' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\f' => "\\f",
                '\r' => "\\r",
                var control => $"\\u{(int)control:x4}",
            }, bytes);
        }

        Encoding.UTF8.GetBytes(rest, bytes);
        bytes.Write("\""u8);
    }
}
