using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Deployments.Web.Feeds;

/// <summary>
/// Reads manifests from the first bytes of package files, which may be anything: what is not as it should be is null.
/// </summary>
static class PackageHead
{
    const int UnpackedBytesMax = 1 << 20;

    /// <summary>What an RPM header says of the package.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="Epoch">The epoch; 0 when there is none.</param>
    /// <param name="Version">The version.</param>
    /// <param name="Release">The release.</param>
    /// <param name="Arch">The architecture; <c>src</c> of a source package.</param>
    /// <param name="SourceFile">The file name of the source package; empty for one itself.</param>
    public sealed record RpmNames(
        string Name, int Epoch, string Version, string Release, string Arch, string SourceFile);

    /// <summary>
    /// The <c>control</c> file of a Debian package (deb(5): an ar archive whose second member is the control archive),
    /// compressed with gzip, xz, zstd or not at all.
    /// </summary>
    public static string? DebianControl(ReadOnlyMemory<byte> head)
    {
        const int MemberHeader = 60;
        if (!head.Span.StartsWith("!<arch>\n"u8))
            return null;
        var rest = head[8..];
        while (rest.Length > MemberHeader)
        {
            var name = Encoding.ASCII.GetString(rest.Span[..16]).TrimEnd(' ', '/');
            if (!int.TryParse(rest.Span[48..58].TrimEnd((byte)' '), NumberStyles.None, CultureInfo.InvariantCulture,
                out var size))
                return null;
            var content = rest.Slice(MemberHeader, Math.Min(size, rest.Length - MemberHeader));
            var tar = name switch
            {
                "control.tar.gz" => Gunzip(content),
                "control.tar.xz" => XzReader.Read(content, UnpackedBytesMax),
                "control.tar.zst" => ZstdReader.Read(content, UnpackedBytesMax),
                "control.tar" => content.ToArray(),
                _ => null,
            };
            if (tar is not null)
                return TarEntry(tar, entry => entry is "control" or "./control");
            var next = MemberHeader + size + (size & 1); // members begin at even offsets
            if (name.StartsWith("control.", StringComparison.Ordinal) || next < 0 || next >= rest.Length)
                return null; // compressed in another way, or out of sight
            rest = rest[next..];
        }

        return null;
    }

    /// <summary>The names in an RPM header ("RPM Package format", version 3 and 4), or null.</summary>
    public static RpmNames? Rpm(ReadOnlySpan<byte> head)
    {
        const int Lead = 96;
        if (head.Length < Lead || !head.StartsWith<byte>([0xED, 0xAB, 0xEE, 0xDB])
            || HeaderLength(head[Lead..]) is not { } signature)
            return null;
        var start = Lead + ((signature + 7) & ~7);
        if (start < 0 || start >= head.Length || HeaderLength(head[start..]) is null)
            return null;
        var header = head[start..];
        var (name, version, release) = (Text(header, 1000), Text(header, 1001), Text(header, 1002));
        var arch = FindTag(header, 1044) is null ? "src" : Text(header, 1022); // without a source package it is one
        return name is null || version is null || release is null || arch is null
            ? null
            : new RpmNames(name, Number(header, 1003), version, release, arch, Text(header, 1044) ?? "");
    }

    /// <summary>The text of the first matching file of a tar archive packed with gzip.</summary>
    public static string? TarGzEntry(ReadOnlyMemory<byte> head, Func<string, bool> isWanted) =>
        Gunzip(head) is { } tar ? TarEntry(tar, isWanted) : null;

    /// <summary>The text of a gem's <c>metadata.gz</c>, the first file of the tar archive that a gem is.</summary>
    public static string? GemMetadata(ReadOnlyMemory<byte> head) =>
        TarBytes(head.Span, name => name == "metadata.gz") is { } packed && Gunzip(packed) is { } metadata
            ? Encoding.UTF8.GetString(metadata)
            : null;

    static string? TarEntry(byte[] tar, Func<string, bool> isWanted) =>
        TarBytes(tar, isWanted) is { } content ? Encoding.UTF8.GetString(content) : null;

    static byte[]? TarBytes(ReadOnlySpan<byte> tar, Func<string, bool> isWanted)
    {
        while (tar.Length >= TarHeader.Block && TarHeader.TryRead(tar) is { } header)
        {
            var content = tar[TarHeader.Block..];
            if (header.IsFile && isWanted(header.Name))
                return header.Size <= content.Length ? content[..header.Size].ToArray() : null;
            if (header.Padded > content.Length)
                return null;
            tar = content[(int)header.Padded..];
        }

        return null;
    }

    /// <summary>
    /// The first of the gzip members that a file is made of, which an Alpine package has three of; null when it is
    /// none, or unpacks to more than a manifest does, or does not end here.
    /// </summary>
    public static ReadOnlyMemory<byte>? FirstGzipMember(ReadOnlyMemory<byte> head)
    {
        if (DeflateStart(head.Span) is not { } start || Inflate(head[start..]) is not { } length)
            return null;
        // How many bytes came out stands at its end, and there the next member begins.
        Span<byte> end = [0, 0, 0, 0, 0x1F, 0x8B, 8];
        BinaryPrimitives.WriteInt32LittleEndian(end, length);
        var at = head.Span[start..].IndexOf(end);
        return at >= 0 ? head[..(start + at + 4)]
            : head.Span.EndsWith(end[..4]) ? head
            : null;
    }

    // RFC 1952: ten bytes, then what the flags say is there.
    static int? DeflateStart(ReadOnlySpan<byte> gzip)
    {
        const int Extra = 4;
        const int Name = 8;
        const int Comment = 16;
        const int Sum = 2;
        if (gzip.Length < 18 || !gzip.StartsWith<byte>([0x1F, 0x8B, 8]))
            return null;
        var (flags, at) = (gzip[3], 10);
        if ((flags & Extra) != 0)
            at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(gzip[at..]);
        foreach (var text in (ReadOnlySpan<int>)[flags & Name, flags & Comment])
        {
            if (text == 0)
                continue;
            var end = at < gzip.Length ? gzip[at..].IndexOf((byte)0) : -1;
            if (end < 0)
                return null;
            at += end + 1;
        }

        at += flags & Sum;
        return at < gzip.Length ? at : null;
    }

    // How many bytes a deflate stream unpacks to; it may be followed by anything.
    static int? Inflate(ReadOnlyMemory<byte> packed)
    {
        using var source = new MemoryStream(packed.ToArray());
        using var plain = new DeflateStream(source, CompressionMode.Decompress);
        var buffer = new byte[1 << 14];
        try
        {
            var length = 0;
            for (var read = plain.Read(buffer); read > 0; read = plain.Read(buffer))
            {
                if ((length += read) > UnpackedBytesMax)
                    return null;
            }

            return length;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    // The head may end within the compressed data; what came out until then is what there is.
    static byte[]? Gunzip(ReadOnlyMemory<byte> packed)
    {
        using var source = new MemoryStream(packed.ToArray());
        using var plain = new GZipStream(source, CompressionMode.Decompress);
        using var output = new MemoryStream();
        var buffer = new byte[1 << 14];
        try
        {
            int read;
            while (output.Length < UnpackedBytesMax && (read = plain.Read(buffer)) > 0)
                output.Write(buffer, 0, read);
        }
        catch (InvalidDataException) when (output.Length > 0)
        {
        }
        catch (InvalidDataException)
        {
            return null;
        }

        return output.ToArray();
    }

    // A header: 8 magic and reserved bytes, the number of entries, the bytes of their values; 16 bytes an entry.
    static int? HeaderLength(ReadOnlySpan<byte> header)
    {
        if (header.Length < 16 || !header.StartsWith<byte>([0x8E, 0xAD, 0xE8]))
            return null;
        var entries = BinaryPrimitives.ReadInt32BigEndian(header[8..]);
        var values = BinaryPrimitives.ReadInt32BigEndian(header[12..]);
        return entries is >= 0 and <= 100_000 && values is >= 0 and <= 256 << 20
            ? 16 + (entries * 16) + values
            : null;
    }

    static (int Type, int Offset)? FindTag(ReadOnlySpan<byte> header, int tag)
    {
        var entries = BinaryPrimitives.ReadInt32BigEndian(header[8..]);
        for (var at = 16; at < 16 + (entries * 16) && at + 16 <= header.Length; at += 16)
        {
            var entry = header.Slice(at, 16);
            if (BinaryPrimitives.ReadInt32BigEndian(entry) == tag)
            {
                var offset = BinaryPrimitives.ReadInt32BigEndian(entry[8..]);
                return offset >= 0
                    ? (BinaryPrimitives.ReadInt32BigEndian(entry[4..]), 16 + (entries * 16) + offset)
                    : null;
            }
        }

        return null;
    }

    static string? Text(ReadOnlySpan<byte> header, int tag)
    {
        const int StringType = 6;
        if (FindTag(header, tag) is not (StringType, var offset) || offset < 0 || offset >= header.Length)
            return null;
        var value = header[offset..];
        var end = value.IndexOf((byte)0);
        return end < 0 ? null : Encoding.UTF8.GetString(value[..end]);
    }

    static int Number(ReadOnlySpan<byte> header, int tag)
    {
        const int Int32Type = 4;
        return FindTag(header, tag) is (Int32Type, var offset) && offset >= 0 && offset + 4 <= header.Length
            ? Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(header[offset..]))
            : 0;
    }
}
