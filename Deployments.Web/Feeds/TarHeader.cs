using System.Text;

namespace Deployments.Web.Feeds;

/// <summary>The header of a file in a tar archive (ustar), which may be anything.</summary>
/// <param name="Name">The file's path.</param>
/// <param name="Size">Its bytes; they follow, filled up to a whole block.</param>
/// <param name="IsFile">Whether it is a file, and no directory, link or note about the next one.</param>
readonly record struct TarHeader(string Name, int Size, bool IsFile)
{
    /// <summary>The bytes of a header, and of what content is filled up to.</summary>
    public const int Block = 512;

    /// <summary>Bytes of the content with what it is filled up with.</summary>
    public long Padded => (Size + Block - 1L) & -Block;

    /// <summary>Reads a header; null at the end of the archive, or where there is none.</summary>
    /// <param name="block">At least <see cref="Block"/> bytes.</param>
    public static TarHeader? TryRead(ReadOnlySpan<byte> block)
    {
        if (block[0] == 0 || SizeOf(block.Slice(124, 12)) is not { } size)
            return null;
        var prefix = block.Slice(257, 5).SequenceEqual("ustar"u8) ? Field(block.Slice(345, 155)) : "";
        var name = Field(block[..100]);
        return new TarHeader(prefix.Length > 0 ? $"{prefix}/{name}" : name, size, block[156] is 0 or (byte)'0');
    }

    /// <summary>The first matching file of an archive that is read from front to end.</summary>
    /// <param name="archive">The archive; read as far as needed.</param>
    /// <param name="isWanted">Looks at the path.</param>
    /// <param name="bytesMax">The most that the file may have, in bytes.</param>
    /// <returns>Null when there is none, or it is larger, or the archive ends before.</returns>
    public static byte[]? Find(Stream archive, Func<string, bool> isWanted, int bytesMax)
    {
        var block = new byte[Block];
        while (archive.ReadAtLeast(block, Block, throwOnEndOfStream: false) == Block && TryRead(block) is { } header)
        {
            if (header.IsFile && isWanted(header.Name))
            {
                var content = new byte[Math.Min(header.Size, bytesMax)];
                return header.Size <= bytesMax
                    && archive.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length
                    ? content
                    : null;
            }

            for (var rest = header.Padded; rest > 0; rest -= Block)
            {
                if (archive.ReadAtLeast(block, Block, throwOnEndOfStream: false) < Block)
                    return null;
            }
        }

        return null;
    }

    static string Field(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    static int? SizeOf(ReadOnlySpan<byte> octal)
    {
        var size = 0;
        foreach (var digit in octal.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7' || size >= int.MaxValue >> 3)
                return null;
            size = (size << 3) | (digit - '0');
        }

        return size;
    }
}
