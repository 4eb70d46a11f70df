namespace Deployments.Data.Ledger;

/// <summary>
/// Which rows an entry covers: ascending ids as runs, each as the gap in front of it and its length less one, in
/// variable-length numbers of seven bits a byte. Ids are handed out in blocks, so most entries are a few runs.
/// </summary>
static class LedgerIds
{
    public static byte[] Write(ReadOnlySpan<long> ids)
    {
        using var bytes = new MemoryStream();
        var next = 0L;
        for (var at = 0; at < ids.Length;)
        {
            var first = ids[at];
            var length = 1;
            while (at + length < ids.Length && ids[at + length] == first + length)
                length++;
            WriteNumber(bytes, (ulong)(first - next));
            WriteNumber(bytes, (ulong)(length - 1));
            next = first + length;
            at += length;
        }

        return bytes.ToArray();
    }

    /// <summary>The ids, ascending.</summary>
    /// <param name="bytes">As written; of whoever changed them by hand it may be anything.</param>
    /// <param name="count">How many there are.</param>
    /// <returns>Null when the bytes are not so many ids.</returns>
    public static long[]? ReadOrNull(ReadOnlySpan<byte> bytes, int count)
    {
        if (count is < 0 or > LedgerEntry.LeavesMax)
            return null;
        var ids = new long[count];
        var (at, next) = (0, 0UL);
        while (bytes.Length > 0)
        {
            if (!TryReadNumber(ref bytes, out var gap) || !TryReadNumber(ref bytes, out var more))
                return null;
            if (more >= (ulong)(count - at) || gap > long.MaxValue - next || gap + next > long.MaxValue - more)
                return null;
            for (next += gap, more++; more > 0; more--)
                ids[at++] = (long)next++;
        }

        return at == count ? ids : null;
    }

    static void WriteNumber(MemoryStream bytes, ulong number)
    {
        for (; number >= 0x80; number >>= 7)
            bytes.WriteByte((byte)(number | 0x80));
        bytes.WriteByte((byte)number);
    }

    static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, out ulong number)
    {
        number = 0;
        for (var shift = 0; shift < 64 && bytes.Length > 0; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            number |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return true;
        }

        return false;
    }
}
