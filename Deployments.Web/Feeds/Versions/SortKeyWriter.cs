using System.Text;

namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Writes the parts of a version so that comparing the bytes compares the parts, first part first.
/// </summary>
/// <remarks>
/// Every part is self-delimiting: no part is a prefix of a different one. So the first byte that differs always
/// lies in the first part that differs, and what was written behind it cannot matter. <see cref="End"/> is the
/// lowest byte of all: a list that ends sorts before a list that goes on. Where an ecosystem wants something to
/// sort before the end (a tilde, a pre-release word), its order writes a <see cref="Rank"/> for the end as well.
/// </remarks>
sealed class SortKeyWriter
{
    /// <summary>
    /// The longest version that gets a key: the longest the tracker stores. It keeps the length of a digit run
    /// inside one byte, and every key far below what a PostgreSQL index entry can hold.
    /// </summary>
    public const int VersionLengthMax = 200;

    const byte EndByte = 0x00;
    const byte EscapeByte = 0x01;
    const byte InfinityByte = 0xFF;

    readonly List<byte> key = new(64);

    /// <summary>Whether a text can have a key at all: not empty and not over-long.</summary>
    public static bool Accepts(string version) => version.Length is > 0 and <= VersionLengthMax;

    /// <summary>Ends a list. Sorts before any number, any text and any rank above zero.</summary>
    public SortKeyWriter End() => Rank(EndByte);

    /// <summary>One byte that decides before anything written behind it.</summary>
    public SortKeyWriter Rank(int rank)
    {
        key.Add((byte)rank);
        return this;
    }

    /// <summary>
    /// A whole number of any size. Without leading zeros the longer number is the larger one, so the count of
    /// digits goes first; it is raised by one to leave the zero byte to <see cref="End"/>.
    /// </summary>
    /// <param name="digits">ASCII digits; none at all mean zero.</param>
    public SortKeyWriter Number(ReadOnlySpan<char> digits)
    {
        var significant = digits.TrimStart('0');
        Rank(significant.Length + 1);
        foreach (var digit in significant)
            Rank(digit);
        return this;
    }

    /// <summary>A number above all numbers.</summary>
    public SortKeyWriter Infinity() => Rank(InfinityByte);

    /// <summary>
    /// Text in code point order, a prefix before its continuations. The two lowest control characters are
    /// escaped, so that text from outside cannot forge an end.
    /// </summary>
    public SortKeyWriter Text(ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var length = rune.EncodeToUtf8(utf8);
            if (utf8[0] <= EscapeByte)
                Rank(EscapeByte).Rank(utf8[0] + 1);
            else
                key.AddRange(utf8[..length]);
        }
        return End();
    }

    /// <summary>
    /// A list of numbers in which missing ones count as zero: 1, 1.0 and 1.0.0 are written alike.
    /// </summary>
    public SortKeyWriter Release(IReadOnlyList<string> numbers)
    {
        var count = numbers.Count;
        while (count > 0 && numbers[count - 1].AsSpan().TrimStart('0').IsEmpty)
            count--;
        for (var i = 0; i < count; i++)
            Number(numbers[i]);
        return End();
    }

    /// <summary>
    /// Announces an item below zero in a list that counts as continued with zeros for ever. The more zeros stood
    /// before it, the closer the list is to <see cref="ZerosForEver"/>.
    /// </summary>
    public SortKeyWriter BelowZero(int zerosBefore) => Rank(0x01).Rank(zerosBefore);

    /// <summary>The end of a list that counts as continued with zeros.</summary>
    public SortKeyWriter ZerosForEver() => Rank(0x02);

    /// <summary>The mirror of <see cref="BelowZero"/>: an item above zero in such a list.</summary>
    public SortKeyWriter AboveZero(int zerosBefore) => Rank(0x03).Rank(byte.MaxValue - zerosBefore);

    /// <summary>The finished key.</summary>
    public byte[] ToKey() => [.. key];
}
