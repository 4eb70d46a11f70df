using System.IO.Compression;

namespace Deployments.Web.Feeds;

/// <summary>Reads uploaded zip files, which may be anything.</summary>
static class PackageArchive
{
    /// <summary>The most a manifest may unpack to, in bytes; real ones have some kilobytes.</summary>
    public const int ManifestBytesMax = 1 << 20;

    /// <summary>Reads from a zip file; the stream stays open.</summary>
    /// <exception cref="InvalidDataException">The file is not a zip file, or damaged.</exception>
    public static T Read<T>(Stream content, Func<ZipArchive, T> read)
    {
        try
        {
            using var archive = Open(content);
            return read(archive);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException or OverflowException)
        {
            throw NotAZipFile(e);
        }
    }

    /// <summary>The bytes of a manifest, unpacked no further than <see cref="ManifestBytesMax"/>.</summary>
    /// <exception cref="InvalidDataException">It is larger, or damaged.</exception>
    public static byte[] ReadManifest(ZipArchiveEntry entry)
    {
        using var content = entry.Open();
        var buffer = new byte[ManifestBytesMax + 1];
        var length = content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length <= ManifestBytesMax
            ? buffer[..length]
            : throw new InvalidDataException($"The manifest {entry.Name} is larger than 1 MB.");
    }

    static ZipArchive Open(Stream content)
    {
        try
        {
            var archive = new ZipArchive(content, ZipArchiveMode.Read, leaveOpen: true);
            _ = archive.Entries; // read on first use, and only then known to be sound
            return archive;
        }
        catch (InvalidDataException e)
        {
            throw NotAZipFile(e);
        }
    }

    static InvalidDataException NotAZipFile(Exception cause) =>
        new("The file is not a zip file, or it is damaged.", cause);
}
