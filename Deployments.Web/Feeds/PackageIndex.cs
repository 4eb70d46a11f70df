using System.IO.Compression;

namespace Deployments.Web.Feeds;

/// <summary>What an upstream's index tells of a package: where its files are, or which other index tells it.</summary>
/// <param name="Files">Its files, of all versions that the index has.</param>
/// <param name="Further">Raw paths below the feed of the indexes to read next.</param>
public sealed record PackageIndex(IReadOnlyList<IndexedFile> Files, IReadOnlyList<string> Further)
{
    /// <summary>
    /// The most that an index may unpack to, in bytes: the largest distributions have some 100 MB for an architecture.
    /// </summary>
    const long UnpackedBytesMax = 512L << 20;

    /// <summary>Says nothing of the package.</summary>
    public static PackageIndex Empty { get; } = new([], []);

    /// <summary>An index's text, unpacked where it is packed with gzip. Reading too much of it fails.</summary>
    /// <exception cref="FormatException">It is packed in another way.</exception>
    public static Stream Open(byte[] document)
    {
        if (document.AsSpan().StartsWith<byte>([0x28, 0xB5, 0x2F, 0xFD])
            || document.AsSpan().StartsWith<byte>([0xFD, 0x37, 0x7A, 0x58]))
            throw new FormatException("The index is packed with xz or zstd and not with gzip.");
        var plain = new MemoryStream(document, writable: false);
        return document.AsSpan().StartsWith<byte>([0x1F, 0x8B])
            ? new BoundedStream(new GZipStream(plain, CompressionMode.Decompress), UnpackedBytesMax)
            : plain;
    }
}

/// <summary>A package file that an index names.</summary>
/// <param name="Package">The package, with its version and what tells its files apart.</param>
/// <param name="Path">Where it is below the feed, in decoded segments; they may be anything.</param>
public sealed record IndexedFile(PackageCoordinates Package, string[] Path);
