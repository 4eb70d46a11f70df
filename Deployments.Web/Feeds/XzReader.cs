using SharpCompress.Compressors.LZMA;

namespace Deployments.Web.Feeds;

/// <summary>
/// Unpacks the beginning of an xz file, which .NET cannot: Debian packs its manifests so. Only what dpkg makes is
/// understood, one LZMA2 filter; checksums are not checked, because the end of the file is usually out of sight.
/// </summary>
/// <remarks>
/// See "The .xz File Format" (version 1.1.0). Only the frame is read here, so that not the file but we say how large
/// the dictionary is: up to 4 GiB may be asked for in it.
/// </remarks>
static class XzReader
{
    const int StreamHeader = 12;
    const byte LzmaFilter = 0x21;
    const int PieceBytes = 512; // a block of tar: no more than this is lost where the head ends

    /// <summary>What the beginning of an xz file unpacks to; null when it is none.</summary>
    /// <param name="head">The file's first bytes.</param>
    /// <param name="outputMax">No more bytes than this are unpacked; a power of two.</param>
    public static byte[]? Read(ReadOnlyMemory<byte> head, int outputMax)
    {
        if (!head.Span.StartsWith<byte>([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) || Chunks(head.Span) is not { } chunks)
            return null;
        // No distance reaches further back than what is unpacked at most.
        var dictionary = (byte)((System.Numerics.BitOperations.Log2((uint)outputMax) - 12) * 2);
        var output = new byte[outputMax];
        var produced = 0;
        try
        {
            using var input = new MemoryStream(head[chunks..].ToArray());
            using var lzma = LzmaStream.Create([dictionary], input, -1, -1, null, true);
            while (produced < outputMax
                && lzma.Read(output, produced, Math.Min(PieceBytes, outputMax - produced)) is > 0 and var read)
                produced += read;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The head ends here, or what follows is damaged, which the decoder notices in several ways: what came out
            // until then is what there is.
        }

        return output[..produced];
    }

    // Where the first chunk begins; null when the first block is packed in another way.
    static int? Chunks(ReadOnlySpan<byte> head)
    {
        if (head.Length <= StreamHeader + 1)
            return null;
        var block = head[StreamHeader..];
        var length = (block[0] + 1) * 4;
        var flags = block[1];
        if (block[0] == 0 || (flags & 0x3F) != 0 || length > block.Length)
            return null;
        var filter = 2;
        // The sizes, packed and unpacked, where they are told: numbers of seven bits a byte.
        for (var numbers = (flags >> 6 & 1) + (flags >> 7); numbers > 0 && filter < length; filter++)
            numbers -= block[filter] < 0x80 ? 1 : 0;
        return filter < length && block[filter] == LzmaFilter ? StreamHeader + length : null;
    }
}
