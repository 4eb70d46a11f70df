using SharpCompress.Compressors.ZStandard;
using SharpCompress.Compressors.ZStandard.Unsafe;

namespace Deployments.Web.Feeds;

/// <summary>Unpacks zstd (RFC 8878), which .NET cannot: Ubuntu packs its manifests so, and Conda.</summary>
/// <remarks>
/// A file asks for a window that is kept while it is unpacked, of up to 2 GiB. More than packers use is refused; and
/// of what is granted only as much is ever touched as comes out.
/// </remarks>
static class ZstdReader
{
    /// <summary>The window of dpkg-deb's strongest ordinary level: 8 MiB.</summary>
    public const int DebianWindowLog = 23;

    /// <summary>The window of the strongest level that there is, which Conda's packers have used: 128 MiB.</summary>
    public const int LargestWindowLog = 27;

    const int PieceBytes = 512; // a block of tar

    /// <summary>What the beginning of a zstd file unpacks to; null when it is none.</summary>
    /// <param name="head">The file's first bytes.</param>
    /// <param name="outputMax">No more bytes than this are unpacked.</param>
    public static byte[]? Read(ReadOnlyMemory<byte> head, int outputMax)
    {
        if (!head.Span.StartsWith<byte>([0x28, 0xB5, 0x2F, 0xFD]))
            return null;
        var output = new byte[outputMax];
        var produced = 0;
        try
        {
            using var input = new MemoryStream(head.ToArray());
            using var plain = Open(input, DebianWindowLog);
            while (produced < outputMax
                && plain.Read(output, produced, Math.Min(PieceBytes, outputMax - produced)) is > 0 and var read)
                produced += read;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The head ends here, or what follows is damaged: what came out until then is what there is.
        }

        return output[..produced];
    }

    /// <summary>Unpacks a stream, which is disposed with the answer.</summary>
    /// <param name="packed">The packed bytes.</param>
    /// <param name="windowLog">The largest window that is granted, as a power of two.</param>
    public static Stream Open(Stream packed, int windowLog)
    {
        var plain = new DecompressionStream(packed, 0, true, false);
        plain.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, windowLog);
        return plain;
    }
}
