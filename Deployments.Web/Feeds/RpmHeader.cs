using System.Buffers.Binary;
using System.Text;

namespace Deployments.Web.Feeds;

/// <summary>The header of an RPM package with its lists ("RPM Package format", version 3 and 4).</summary>
sealed class RpmHeader
{
    const int Lead = 96;
    const int Preamble = 16;
    const int EntryBytes = 16;
    const int EntriesMax = 100_000;
    const int HeaderBytesMax = 64 << 20;

    readonly Dictionary<int, (int Type, int Offset, int Count)> entries = [];
    readonly byte[] values;

    RpmHeader(byte[] header, int count, long start, long end)
    {
        (values, Start, End) = (header[(Preamble + (count * EntryBytes))..], start, end);
        for (var i = 0; i < count; i++)
        {
            var entry = header.AsSpan(Preamble + (i * EntryBytes), EntryBytes);
            entries.TryAdd(
                BinaryPrimitives.ReadInt32BigEndian(entry),
                (BinaryPrimitives.ReadInt32BigEndian(entry[4..]), BinaryPrimitives.ReadInt32BigEndian(entry[8..]),
                    BinaryPrimitives.ReadInt32BigEndian(entry[12..])));
        }
    }

    /// <summary>Where the header begins in the file.</summary>
    public long Start { get; }

    /// <summary>The byte after it.</summary>
    public long End { get; }

    /// <summary>Reads it from a package; null when this is none.</summary>
    public static async ValueTask<RpmHeader?> ReadOrNullAsync(Stream package, CancellationToken ct)
    {
        var start = await PartAsync(package, Lead, ct) is [0xED, 0xAB, 0xEE, 0xDB, ..]
            && await PartAsync(package, Preamble, ct) is { } signature && LengthOf(signature) is var (_, signed)
            ? Lead + ((Preamble + signed + 7L) & ~7L)
            : 0;
        if (start == 0 || start > package.Length)
            return null;
        package.Position = start;
        if (await PartAsync(package, Preamble, ct) is not { } preamble || LengthOf(preamble) is not var (count, length)
            || await PartAsync(package, length, ct) is not { } rest)
            return null;
        return new RpmHeader([.. preamble, .. rest], count, start, start + Preamble + length);
    }

    /// <summary>A text, or the first of a list; empty when there is none.</summary>
    public string Text(int tag) => Texts(tag).FirstOrDefault("");

    /// <summary>A text or a list of texts.</summary>
    public IReadOnlyList<string> Texts(int tag)
    {
        if (!entries.TryGetValue(tag, out var entry) || entry is not (6 or 8 or 9, >= 0, >= 0)
            || entry.Offset > values.Length)
            return [];
        var texts = new List<string>();
        var rest = values.AsSpan(entry.Offset);
        for (var i = 0; i < entry.Count && rest.IndexOf((byte)0) is >= 0 and var end; i++)
        {
            texts.Add(Encoding.UTF8.GetString(rest[..end]));
            rest = rest[(end + 1)..];
        }

        return texts;
    }

    /// <summary>Whole numbers of 16, 32 or 64 bits.</summary>
    public IReadOnlyList<long> Numbers(int tag)
    {
        if (!entries.TryGetValue(tag, out var entry) || entry is not (3 or 4 or 5, >= 0, >= 0))
            return [];
        var size = entry.Type switch { 3 => 2, 4 => 4, _ => 8 };
        if (entry.Offset + ((long)entry.Count * size) > values.Length)
            return [];
        return [.. Enumerable.Range(0, entry.Count).Select(i => Number(entry.Offset + (i * size), size))];
    }

    long Number(int offset, int size) => size switch
    {
        2 => BinaryPrimitives.ReadUInt16BigEndian(values.AsSpan(offset)),
        4 => BinaryPrimitives.ReadUInt32BigEndian(values.AsSpan(offset)),
        _ => BinaryPrimitives.ReadInt64BigEndian(values.AsSpan(offset)),
    };

    static (int Count, int Length)? LengthOf(ReadOnlySpan<byte> preamble)
    {
        if (!preamble.StartsWith<byte>([0x8E, 0xAD, 0xE8]))
            return null;
        var count = BinaryPrimitives.ReadInt32BigEndian(preamble[8..]);
        var bytes = BinaryPrimitives.ReadInt32BigEndian(preamble[12..]);
        return count is >= 0 and <= EntriesMax && bytes is >= 0 and <= HeaderBytesMax
            ? (count, (count * EntryBytes) + bytes)
            : null;
    }

    static async ValueTask<byte[]?> PartAsync(Stream package, int length, CancellationToken ct)
    {
        if (length > package.Length - package.Position)
            return null;
        var part = new byte[length];
        await package.ReadExactlyAsync(part, ct);
        return part;
    }
}
