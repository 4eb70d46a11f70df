namespace Deployments.Web.Feeds;

/// <summary>
/// Unpacks the beginning of an xz file, which .NET cannot: Debian packs its manifests so. Only what dpkg makes is
/// understood, one LZMA2 filter; checksums are not checked, because the end of the file is usually out of sight.
/// </summary>
/// <remarks>
/// See "The .xz File Format" (version 1.1.0) and the LZMA specification of the LZMA SDK. All output stays in one array,
/// which is the dictionary as well.
/// </remarks>
sealed class XzReader
{
    const int LzmaFilter = 0x21;
    const int StreamHeader = 12;
    const int States = 12;
    const int PositionStatesMax = 16;
    const int LengthStates = 4;
    const int MatchLengthMin = 2;
    const ushort Even = 1 << 10; // a probability of one half

    readonly byte[] input;
    readonly byte[] output;
    readonly ushort[] isMatch = new ushort[States * PositionStatesMax];
    readonly ushort[] isRepeat = new ushort[States];
    readonly ushort[] isRepeat0 = new ushort[States];
    readonly ushort[] isRepeat1 = new ushort[States];
    readonly ushort[] isRepeat2 = new ushort[States];
    readonly ushort[] isRepeat0Long = new ushort[States * PositionStatesMax];
    readonly ushort[] slots = new ushort[LengthStates * 64];
    readonly ushort[] specials = new ushort[128];
    readonly ushort[] aligned = new ushort[16];
    readonly Lengths matchLengths = new();
    readonly Lengths repeatLengths = new();
    readonly uint[] distances = new uint[4];
    ushort[] literals = [];
    int position;
    int produced;
    int dictionaryStart;
    int state;
    int contextBits;
    int literalPositionMask;
    int positionMask;
    uint range;
    uint code;

    XzReader(ReadOnlySpan<byte> input, int outputMax)
    {
        this.input = input.ToArray();
        output = new byte[outputMax];
    }

    /// <summary>What the beginning of an xz file unpacks to; null when it is none.</summary>
    /// <param name="head">The file's first bytes.</param>
    /// <param name="outputMax">No more bytes than this are unpacked.</param>
    public static byte[]? Read(ReadOnlySpan<byte> head, int outputMax)
    {
        if (!head.StartsWith<byte>([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]))
            return null;
        var reader = new XzReader(head, outputMax);
        try
        {
            reader.ReadBlock();
        }
        catch (EndOfStreamException)
        {
            // The head ends here, or the output is full: what came out until then is what there is.
        }
        catch (InvalidDataException)
        {
            return null;
        }

        return reader.output[..reader.produced];
    }

    void ReadBlock()
    {
        position = StreamHeader;
        var length = (ReadByte() + 1) * 4;
        var flags = ReadByte();
        if ((flags & 0x3F) != 0)
            throw new InvalidDataException("More than one filter.");
        if ((flags & 0x40) != 0)
            SkipNumber();
        if ((flags & 0x80) != 0)
            SkipNumber();
        if (ReadByte() != LzmaFilter)
            throw new InvalidDataException("Another filter than LZMA2.");
        position = StreamHeader + length;
        while (ReadChunk())
        {
        }
    }

    void SkipNumber()
    {
        while ((ReadByte() & 0x80) != 0)
        {
        }
    }

    bool ReadChunk()
    {
        int control = ReadByte();
        switch (control)
        {
            case 0:
                return false;
            case 1 or 2:
                if (control == 1)
                    dictionaryStart = produced;
                var count = ReadShort() + 1;
                for (var i = 0; i < count; i++)
                    Write(ReadByte());
                return true;
            case < 0x80:
                throw new InvalidDataException("An unknown kind of chunk.");
        }

        var unpacked = ((control & 0x1F) << 16) + ReadShort() + 1;
        var packed = ReadShort() + 1;
        var reset = (control >> 5) & 3;
        if (reset == 3)
            dictionaryStart = produced;
        if (reset >= 2)
            SetProperties(ReadByte());
        if (reset >= 1)
            ResetState();
        if (literals.Length == 0)
            throw new InvalidDataException("The first chunk sets no properties.");

        var end = position + packed;
        ReadByte();
        (range, code) = (uint.MaxValue, ((uint)ReadShort() << 16) | (uint)ReadShort());
        Decode(produced + unpacked);
        position = end;
        return true;
    }

    void SetProperties(int value)
    {
        if (value >= 9 * 5 * 5)
            throw new InvalidDataException("Properties that do not exist.");
        (contextBits, value) = (value % 9, value / 9);
        var (literalPositionBits, positionBits) = (value % 5, value / 5);
        if (contextBits + literalPositionBits > 4)
            throw new InvalidDataException("Properties that LZMA2 forbids.");
        (literalPositionMask, positionMask) = ((1 << literalPositionBits) - 1, (1 << positionBits) - 1);
        literals = new ushort[0x300 << (contextBits + literalPositionBits)];
    }

    void ResetState()
    {
        state = 0;
        Array.Clear(distances);
        foreach (var probabilities in new[]
                 {
                     isMatch, isRepeat, isRepeat0, isRepeat1, isRepeat2, isRepeat0Long, slots, specials, aligned,
                     literals,
                 })
            Array.Fill(probabilities, Even);
        matchLengths.Reset();
        repeatLengths.Reset();
    }

    void Decode(int end)
    {
        while (produced < end)
        {
            var positionState = (produced - dictionaryStart) & positionMask;
            if (!DecodeBit(isMatch, (state * PositionStatesMax) + positionState))
            {
                DecodeLiteral();
                continue;
            }

            int length;
            if (DecodeBit(isRepeat, state))
            {
                if (DecodeRepeat(positionState))
                    continue; // one byte, written already
                length = DecodeLength(repeatLengths, positionState);
                state = state < 7 ? 8 : 11;
            }
            else
            {
                (distances[3], distances[2], distances[1]) = (distances[2], distances[1], distances[0]);
                length = DecodeLength(matchLengths, positionState);
                state = state < 7 ? 7 : 10;
                distances[0] = DecodeDistance(length);
            }

            if (produced + length > end)
                throw new InvalidDataException("A match reaches beyond its chunk.");
            Copy(length);
        }
    }

    void DecodeLiteral()
    {
        var previous = produced > dictionaryStart ? output[produced - 1] : 0;
        var context = (((produced - dictionaryStart) & literalPositionMask) << contextBits)
            + (previous >> (8 - contextBits));
        var at = 0x300 * context;
        var symbol = 1;
        if (state >= 7)
        {
            int match = output[SourceOf(distances[0])];
            do
            {
                var matchBit = (match >> 7) & 1;
                match <<= 1;
                var bit = DecodeBit(literals, at + ((1 + matchBit) << 8) + symbol) ? 1 : 0;
                symbol = (symbol << 1) | bit;
                if (matchBit != bit)
                    break;
            }
            while (symbol < 0x100);
        }

        while (symbol < 0x100)
            symbol = (symbol << 1) | (DecodeBit(literals, at + symbol) ? 1 : 0);
        Write((byte)symbol);
        state = state switch { < 4 => 0, < 10 => state - 3, _ => state - 6 };
    }

    // Whether it was a single byte from the last distance; else the distance to repeat stands first.
    bool DecodeRepeat(int positionState)
    {
        if (!DecodeBit(isRepeat0, state))
        {
            if (DecodeBit(isRepeat0Long, (state * PositionStatesMax) + positionState))
                return false;
            state = state < 7 ? 9 : 11;
            Copy(1);
            return true;
        }

        uint distance;
        if (!DecodeBit(isRepeat1, state))
        {
            distance = distances[1];
        }
        else
        {
            if (!DecodeBit(isRepeat2, state))
            {
                distance = distances[2];
            }
            else
            {
                distance = distances[3];
                distances[3] = distances[2];
            }

            distances[2] = distances[1];
        }

        distances[1] = distances[0];
        distances[0] = distance;
        return false;
    }

    int DecodeLength(Lengths lengths, int positionState)
    {
        if (!DecodeBit(lengths.Choices, 0))
            return MatchLengthMin + DecodeTree(lengths.Low, positionState * 8, 3);
        return !DecodeBit(lengths.Choices, 1)
            ? MatchLengthMin + 8 + DecodeTree(lengths.Middle, positionState * 8, 3)
            : MatchLengthMin + 16 + DecodeTree(lengths.High, 0, 8);
    }

    uint DecodeDistance(int length)
    {
        var slot = DecodeTree(slots, Math.Min(length - MatchLengthMin, LengthStates - 1) * 64, 6);
        if (slot < 4)
            return (uint)slot;
        var direct = (slot >> 1) - 1;
        var distance = (2u | ((uint)slot & 1)) << direct;
        if (slot < 14)
            return distance + DecodeReverse(specials, (int)distance - slot, direct);
        for (var bits = direct - 4; bits > 0; bits--)
        {
            range >>= 1;
            var bit = code >= range ? 1u : 0u;
            code -= range & (0u - bit);
            Normalize();
            distance += bit << (bits - 1 + 4);
        }

        return distance + DecodeReverse(aligned, 0, 4);
    }

    int DecodeTree(ushort[] probabilities, int at, int bits)
    {
        var symbol = 1;
        for (var i = 0; i < bits; i++)
            symbol = (symbol << 1) | (DecodeBit(probabilities, at + symbol) ? 1 : 0);
        return symbol - (1 << bits);
    }

    uint DecodeReverse(ushort[] probabilities, int at, int bits)
    {
        var (symbol, value) = (1, 0u);
        for (var i = 0; i < bits; i++)
        {
            var bit = DecodeBit(probabilities, at + symbol) ? 1 : 0;
            symbol = (symbol << 1) | bit;
            value |= (uint)bit << i;
        }

        return value;
    }

    bool DecodeBit(ushort[] probabilities, int at)
    {
        var bound = (range >> 11) * probabilities[at];
        var isOne = code >= bound;
        if (isOne)
        {
            (range, code) = (range - bound, code - bound);
            probabilities[at] -= (ushort)(probabilities[at] >> 5);
        }
        else
        {
            range = bound;
            probabilities[at] += (ushort)(((1 << 11) - probabilities[at]) >> 5);
        }

        Normalize();
        return isOne;
    }

    void Normalize()
    {
        if (range < 1u << 24)
            (range, code) = (range << 8, (code << 8) | ReadByte());
    }

    void Copy(int length)
    {
        for (var i = 0; i < length; i++)
            Write(output[SourceOf(distances[0])]);
    }

    int SourceOf(uint distance) => distance < (uint)(produced - dictionaryStart)
        ? produced - (int)distance - 1
        : throw new InvalidDataException("A match from before the beginning.");

    void Write(byte value)
    {
        if (produced == output.Length)
            throw new EndOfStreamException();
        output[produced++] = value;
    }

    int ReadShort() => (ReadByte() << 8) | ReadByte();

    byte ReadByte() => position < input.Length ? input[position++] : throw new EndOfStreamException();

    /// <summary>The probabilities of a match's length.</summary>
    sealed class Lengths
    {
        public ushort[] Choices { get; } = new ushort[2];

        public ushort[] Low { get; } = new ushort[PositionStatesMax * 8];

        public ushort[] Middle { get; } = new ushort[PositionStatesMax * 8];

        public ushort[] High { get; } = new ushort[256];

        public void Reset()
        {
            foreach (var probabilities in new[] { Choices, Low, Middle, High })
                Array.Fill(probabilities, Even);
        }
    }
}
