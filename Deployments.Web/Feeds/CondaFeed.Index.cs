using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SharpCompress.Compressors.BZip2;
using CompressionMode = SharpCompress.Compressors.CompressionMode;

namespace Deployments.Web.Feeds;

// {subdir}/repodata.json of a channel that nobody indexed, as conda-index makes it of the manifests of the packages
// that lie beside it; and where a package belongs that is sent to the feed's own address.
public sealed partial class CondaFeed
{
    const string ManifestFile = "info/index.json";
    const int ManifestBytesMax = 1 << 20;
    const long PackedBytesMax = 64 << 20; // of the part that describes a package
    const long UnpackedBytesMax = 64 << 20; // licences, recipes and tests may come before the manifest

    static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <inheritdoc/>
    public override async ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct)
    {
        string[] path = [.. request.Segments];
        if (path is not [.. var folder, var index] || folder.Length == 0 || !Indexes.Contains(index)
            || !IsPlain(folder) || !SubdirPattern().IsMatch(folder[^1]))
            return null;
        var (older, newer) = (new JsonObject(), new JsonObject());
        foreach (var file in tree.Files(folder))
        {
            string[] package = [.. folder, file];
            if (TryReadFile(package) is not null
                && await tree.MadeOfAsync((content, info) => DescribeAsync(package, content, info), ct, package)
                    is { Length: > 0 } entry)
                (file.EndsWith(".conda", StringComparison.Ordinal) ? newer : older)[file] = JsonNode.Parse(entry);
        }

        // Clients want the index of noarch too, where all packages are for one platform.
        return older.Count + newer.Count == 0 && !mayBeEmpty && !PackagesBelow(tree, folder[..^1]).Any()
            ? null
            : new LocalAnswer.Document(JsonSerializer.SerializeToUtf8Bytes(new JsonObject
            {
                ["info"] = new JsonObject { ["subdir"] = folder[^1] },
                ["packages"] = older,
                ["packages.conda"] = newer,
                ["removed"] = new JsonArray(),
                ["repodata_version"] = 1,
            }), "application/json");
    }

    /// <inheritdoc/>
    protected override ValueTask<PackageCoordinates?> ReadUploadAsync(
        FeedRequest upload, Stream content, CancellationToken ct) =>
        ValueTask.FromResult(ManifestOrNull(content) is var (manifest, type) ? PackageOf(manifest, type) : null);

    /// <inheritdoc/>
    protected override string[]? PlaceOf(FeedRequest upload, PackageCoordinates? manifest) =>
        manifest is not null && FileOf(manifest) is { } file
            ? [manifest.QualifierValue("subdir"), file.FileName]
            : null;

    /// <inheritdoc/>
    protected override bool IsFiled(string file) => TryReadFile([file]) is not null;

    // Clients make the names of files of what the index says: a file that is called otherwise is not in it.
    ValueTask<string> DescribeAsync(string[] path, Stream content, StoredFile info)
    {
        if (ManifestOrNull(content) is not var (manifest, type) || PackageOf(manifest, type) is not { } package
            || FileOf(package)?.FileName != path[^1])
            return ValueTask.FromResult("");
        manifest["subdir"] = path[^2];
        manifest["md5"] = info.Md5;
        manifest["sha256"] = info.Sha256;
        manifest["size"] = info.Size;
        return ValueTask.FromResult(manifest.ToJsonString());
    }

    static PackageCoordinates? PackageOf(JsonObject manifest, string type)
    {
        var (name, version, build) = (Text("name"), Text("version"), Text("build"));
        return SubdirPattern().IsMatch(Text("subdir"))
            && FilePattern().Match($"{name}-{version}-{build}") is { Success: true } parts
            && parts.Groups[1].Value == name && parts.Groups[2].Value == version
            ? new PackageCoordinates("", name, version, PackageCoordinates.QualifierOf(
                ("build", build), ("subdir", Text("subdir")), ("type", type)))
            : null;

        string Text(string property) =>
            manifest[property] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
    }

    // A .conda file is a zip file of two archives, of which one describes the package; an older one is one archive.
    static (JsonObject Manifest, string Type)? ManifestOrNull(Stream content)
    {
        var magic = new byte[2];
        content.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        var isZip = magic.AsSpan().SequenceEqual("PK"u8);
        content.Position = 0;
        try
        {
            var json = isZip
                ? PackageArchive.Read(content, archive => Unpack(
                    archive.Entries.FirstOrDefault(entry => entry.FullName.StartsWith("info-", StringComparison.Ordinal)
                        && entry.FullName.EndsWith(".tar.zst", StringComparison.Ordinal))))
                : Find(BZip2Stream.Create(content, CompressionMode.Decompress, false, true));
            return json is not null && JsonNode.Parse(json, documentOptions: Strict) is JsonObject manifest
                ? (manifest, isZip ? "conda" : "tar.bz2")
                : null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return null; // no package, or a damaged one, which decoders notice in several ways
        }
    }

    static byte[]? Unpack(ZipArchiveEntry? entry) => entry is null ? null
        : Find(ZstdReader.Open(new BoundedStream(entry.Open(), PackedBytesMax), ZstdReader.LargestWindowLog));

    static byte[]? Find(Stream plain)
    {
        using var archive = new BoundedStream(plain, UnpackedBytesMax);
        return TarHeader.Find(archive, name => name is ManifestFile or "./" + ManifestFile, ManifestBytesMax);
    }

    [GeneratedRegex(@"\A(noarch|[a-z0-9]{2,20}-[a-z0-9_]{1,20})\z", RegexOptions.NonBacktracking)]
    private static partial Regex SubdirPattern();
}
