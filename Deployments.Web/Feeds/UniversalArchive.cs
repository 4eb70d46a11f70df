using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Deployments.Web.Feeds;

/// <summary>Makes one archive from another: a package from bare content, bare content from a package.</summary>
static class UniversalArchive
{
    const string ContentFolder = "package/";
    const long ContentBytesMax = 16L << 30; // what one package may unpack to: more is a zip bomb

    /// <summary>
    /// The package's manifest, or null when the zip file has none. Refuses entries that would leave the folder they are
    /// unpacked to.
    /// </summary>
    /// <exception cref="InvalidDataException">Not a zip file, or not a sound one; the message says why.</exception>
    public static UniversalManifest? ReadManifest(Stream package)
    {
        var manifest = PackageArchive.Read(package, archive =>
        {
            if (archive.Entries.FirstOrDefault(entry => !StaysInside(entry.FullName)) is { } outside)
                throw new InvalidDataException($"The entry '{outside.FullName}' lies outside the package.");
            return archive.Entries.FirstOrDefault(entry =>
                entry.FullName.Equals(UniversalManifest.FileName, StringComparison.OrdinalIgnoreCase)) is { } entry
                ? PackageArchive.ReadManifest(entry)
                : null;
        });
        return manifest is null ? null : UniversalManifest.Parse(manifest);
    }

    /// <summary>Writes a package whose content is all of a zip file.</summary>
    public static async Task WrapAsync(Stream content, JsonObject manifest, Stream package, CancellationToken ct)
    {
        using var source = new ZipArchive(content, ZipArchiveMode.Read, leaveOpen: true);
        using var target = new ZipArchive(package, ZipArchiveMode.Create, leaveOpen: true);
        await using (var entry = target.CreateEntry(UniversalManifest.FileName).Open())
            await entry.WriteAsync(System.Text.Encoding.UTF8.GetBytes(manifest.ToJsonString()), ct);
        var budget = ContentBytesMax;
        foreach (var entry in source.Entries)
            budget = await CopyAsync(entry, target, ContentFolder + entry.FullName, budget, ct);
    }

    /// <summary>Writes the content of a package as a zip file.</summary>
    public static async Task WriteContentZipAsync(Stream package, Stream content, CancellationToken ct)
    {
        using var source = new ZipArchive(package, ZipArchiveMode.Read, leaveOpen: true);
        using var target = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true);
        var budget = ContentBytesMax;
        foreach (var (entry, name) in ContentOf(source))
            budget = await CopyAsync(entry, target, name, budget, ct);
    }

    /// <summary>Writes the content of a package as a gzipped tar file.</summary>
    /// <param name="package">The package.</param>
    /// <param name="content">Where to write.</param>
    /// <param name="openTemporary">A tar entry begins with its true size: each file is unpacked there first.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task WriteContentTgzAsync(
        Stream package, Stream content, Func<Stream> openTemporary, CancellationToken ct)
    {
        using var source = new ZipArchive(package, ZipArchiveMode.Read, leaveOpen: true);
        await using var gzip = new GZipStream(content, CompressionLevel.Optimal, leaveOpen: true);
        await using var target = new TarWriter(gzip, TarEntryFormat.Pax, leaveOpen: true);
        var budget = ContentBytesMax;
        foreach (var (entry, name) in ContentOf(source))
        {
            var isFolder = name.EndsWith('/');
            var tarEntry = new PaxTarEntry(isFolder ? TarEntryType.Directory : TarEntryType.RegularFile, name)
            {
                ModificationTime = entry.LastWriteTime,
                Mode = ModeOf(entry) ?? (isFolder ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100),
            };
            await using var unpacked = openTemporary();
            if (!isFolder)
            {
                await using var packed = entry.Open();
                budget = await CopyAsync(packed, unpacked, budget, ct);
                unpacked.Position = 0;
                tarEntry.DataStream = unpacked;
            }

            await target.WriteEntryAsync(tarEntry, ct);
        }
    }

    /// <summary>Writes one file of a package, as it is unpacked.</summary>
    /// <param name="package">The package's path.</param>
    /// <param name="name">The file's whole name in it.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="InvalidDataException">It is damaged, or not as long as the package says.</exception>
    public static async Task CopyEntryAsync(string package, string name, Stream output, CancellationToken ct)
    {
        await using var content = File.OpenRead(package);
        using var archive = new ZipArchive(content, ZipArchiveMode.Read);
        var entry = archive.GetEntry(name) ?? throw new InvalidDataException("The file is gone.");
        await using var packed = entry.Open();
        if (await CopyAsync(packed, output, entry.Length, ct) > 0)
            throw new InvalidDataException("The file is shorter than the package says.");
    }

    static IEnumerable<(ZipArchiveEntry Entry, string Name)> ContentOf(ZipArchive package) =>
        from entry in package.Entries
        let name = entry.FullName.Replace('\\', '/')
        where name.Length > ContentFolder.Length
            && name.StartsWith(ContentFolder, StringComparison.OrdinalIgnoreCase) && StaysInside(name)
        select (entry, name[ContentFolder.Length..]);

    static async Task<long> CopyAsync(
        ZipArchiveEntry from, ZipArchive target, string name, long budget, CancellationToken ct)
    {
        var to = target.CreateEntry(name.Replace('\\', '/'));
        to.LastWriteTime = from.LastWriteTime;
        to.ExternalAttributes = from.ExternalAttributes;
        await using var packed = from.Open();
        await using var repacked = to.Open();
        return await CopyAsync(packed, repacked, budget, ct);
    }

    static async Task<long> CopyAsync(Stream from, Stream to, long budget, CancellationToken ct)
    {
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await from.ReadAsync(buffer, ct)) > 0)
        {
            if ((budget -= read) < 0)
                throw new InvalidDataException("It unpacks to more than it may.");
            await to.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        return budget;
    }

    // Zip files made on POSIX systems keep the mode in the upper half of the attributes.
    static UnixFileMode? ModeOf(ZipArchiveEntry entry) =>
        ((entry.ExternalAttributes >> 16) & 0b111_111_111) is > 0 and var mode ? (UnixFileMode)mode : null;

    static bool StaysInside(string name) =>
        !name.Contains('\0', StringComparison.Ordinal)
        && name is not ("" or ['/' or '\\', ..] or [_, ':', ..])
        && name.Split('/', '\\').All(segment => segment != "..");
}
