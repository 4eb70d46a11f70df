namespace Deployments.Data.Records;

/// <summary>
/// Gathers the CSV that PostgreSQL writes, whose rows end in a line feed, into CSV whose rows end as RFC 4180 asks. A
/// line feed within quotes is part of a cell and stays what it is. Holds 128 KB, however long the file.
/// </summary>
/// <param name="output">Where the rows go.</param>
sealed class CsvRowEnds(Stream output)
{
    readonly byte[] gathered = new byte[128 * 1024];
    int length;
    bool quoted;

    /// <summary>The most bytes that <see cref="AddAsync"/> takes at once.</summary>
    public const int PieceMax = 32 * 1024;

    /// <summary>The rows that have ended so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Takes the next bytes, wherever in a row they begin and end.</summary>
    public async ValueTask AddAsync(ReadOnlyMemory<byte> piece, CancellationToken ct)
    {
        if (gathered.Length - length < 2 * piece.Length) // as if every byte ended a row
            await FlushAsync(ct);
        Add(piece.Span);
    }

    /// <summary>Hands on what has gathered.</summary>
    public async ValueTask FlushAsync(CancellationToken ct)
    {
        await output.WriteAsync(gathered.AsMemory(0, length), ct);
        length = 0;
    }

    void Add(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            var stop = quoted ? piece.IndexOf((byte)'"') : piece.IndexOfAny((byte)'"', (byte)'\n');
            if (stop < 0)
            {
                Append(piece);
                return;
            }

            if (piece[stop] == '"')
            {
                // A doubled quote closes and opens again at once.
                quoted = !quoted;
                Append(piece[..(stop + 1)]);
            }
            else
            {
                Append(piece[..stop]);
                Append("\r\n"u8);
                Rows++;
            }

            piece = piece[(stop + 1)..];
        }
    }

    void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(gathered.AsSpan(length));
        length += bytes.Length;
    }
}
