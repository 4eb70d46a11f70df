using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Feeds;

// The tree: {group…}/~{name}/{version}/{name}-{version}.upack, all in lower case, and beside it upack.json, unpacked
// for speed. The tilde, which no group has, tells a name from a group's next segment.
public sealed partial class UniversalFeed
{
    const string PackageMediaType = "application/zip";
    const string JsonMediaType = "application/json";
    static readonly ConcurrentDictionary<string, Lazy<Task>> Unpackings = new(StringComparer.Ordinal);
    static readonly string[] DescriptiveTexts = ["title", "description", "icon"];
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A package of the tree: group and name as directories have them, and its versions.</summary>
    sealed record LocalPackage(string Group, string Name, IReadOnlyList<string> Versions);

    /// <inheritdoc/>
    public async ValueTask<LocalAnswer?> AnswerAsync(FeedRequest request, PackageTree tree, CancellationToken ct) =>
        (request.Method, Endpoint(request)) switch
        {
            ("GET" or "HEAD", "packages") => await PackagesAsync(request, tree, _ => true, ct),
            ("GET" or "HEAD", "search") =>
                await PackagesAsync(request, tree, Mentions(request.Query("term") ?? ""), ct),
            ("GET" or "HEAD", "versions") => await VersionsAsync(request, tree, ct),
            ("GET" or "HEAD", "download" or "download-file" or "meta") => await DownloadAsync(request, tree, ct),
            ("GET" or "HEAD", _) => null,
            ("PUT" or "POST", "upload") => await AddAsync(request, tree, ct),
            ("DELETE" or "POST", "delete") => Delete(request, tree),
            _ => new LocalAnswer.Status(405, "A universal feed does not do this."),
        };

    /// <inheritdoc/>
    public LocalAnswer? EmptyAnswer(FeedRequest request) =>
        Endpoint(request) is "packages" or "search" or "versions" ? Document(new JsonArray()) : null;

    /// <inheritdoc/>
    public PackageFile? StoredPackage(string[] path) =>
        path is [.. var groups, ['~', .. var name], var version, var file] && file == $"{name}-{version}.upack"
            ? FileOf(new PackageCoordinates(string.Join('/', groups), name, version))! with { Removed = path[..^1] }
            : null;

    /// <inheritdoc/>
    public string[] FolderOf(PackageCoordinates package) => PathOf(package.Group, package.Name, "")[..^2];

    /// <inheritdoc/>
    public PackageFile? FileOf(PackageCoordinates package)
    {
        string[] path = ["download", .. package.Group.Split('/', StringSplitOptions.RemoveEmptyEntries), package.Name];
        return package.Version.Length > 0
            ? PackageFile.At($"{package.Name}-{package.Version}.upack", [.. path, package.Version])
            : PackageFile.At($"{package.Name}.upack", path) with { RawQuery = "?latest" };
    }

    /// <inheritdoc/>
    public ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        AddAsync(upload.For("upload"), tree, ct);

    static async ValueTask<LocalAnswer?> DownloadAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (PackageIn(request) is not { } package)
            return new LocalAnswer.Status(400, "Name a package and its version, or add ?latest.");
        if (VersionsOf(tree, package.Group, package.Name) is not { Count: > 0 } versions)
            return null;

        // From here on the name is ours: what is not found here is not asked of a connector.
        var version = package.Version.Length > 0 ? package.Version : SemVerSyntax.Newest(versions)!;
        if (tree.Find(PathOf(package.Group, package.Name, version)) is not { } path
            || await ManifestAsync(tree, package.Group, package.Name, version, ct) is not { } manifest)
            return new LocalAnswer.Status(404, $"{package.Name} {version} is not in this feed.");

        var exact = new PackageCoordinates(manifest.Group, manifest.Name, manifest.Version);
        return Endpoint(request) switch
        {
            "meta" => Document(manifest.Json),
            "download-file" => FileIn(path, request.Query("path") ?? ""),
            _ => request.Query("contentOnly") switch
            {
                null => new LocalAnswer.File(path, PackageMediaType, exact),
                "zip" => await ContentAsync(tree, exact, "zip", PackageMediaType, ct),
                "tgz" => await ContentAsync(tree, exact, "tgz", "application/gzip", ct),
                _ => new LocalAnswer.Status(400, "contentOnly is zip or tgz."),
            },
        };
    }

    // Made once and kept beside the package, under the package's hash: a version deleted and uploaded anew has its own.
    static async ValueTask<LocalAnswer> ContentAsync(
        PackageTree tree, PackageCoordinates package, string format, string mediaType, CancellationToken ct)
    {
        var path = PathOf(package.Group, package.Name, package.Version);
        if (await tree.InfoAsync(ct, path) is not { } info || tree.Find(path) is not { } packagePath)
            return new LocalAnswer.Status(404);
        string[] contentPath = [.. path[..^1], $"content-{info.Sha256[..16]}.{format}"];
        try
        {
            if (tree.Find(contentPath) is null)
                await UnpackTogetherAsync(tree, packagePath, format, contentPath, ct);
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(422, $"The package's content cannot be unpacked: {e.Message}");
        }

        return tree.Find(contentPath) is { } made
            ? new LocalAnswer.File(made, mediaType, package)
            : new LocalAnswer.Status(404); // deleted this moment
    }

    // Those who ask at the same time wait for the same work, which goes on when one of them leaves.
    static Task UnpackTogetherAsync(
        PackageTree tree, string package, string format, string[] contentPath, CancellationToken ct)
    {
        var key = $"{package}\n{contentPath[^1]}";
        return Unpackings.GetOrAdd(key, _ => new Lazy<Task>(UnpackAsync)).Value.WaitAsync(ct);

        async Task UnpackAsync()
        {
            try
            {
                await Task.Yield(); // nobody does it before the others may wait for it
                await using var source = File.OpenRead(package);
                await using var content = tree.OpenTemporary();
                if (format == "zip")
                    await UniversalArchive.WriteContentZipAsync(source, content, CancellationToken.None);
                else
                    await UniversalArchive.WriteContentTgzAsync(
                        source, content, tree.OpenTemporary, CancellationToken.None);
                content.Position = 0;
                await tree.SaveAsync(content, "", replace: false, CancellationToken.None, contentPath);
            }
            finally
            {
                Unpackings.TryRemove(key, out _);
            }
        }
    }

    static LocalAnswer FileIn(string package, string name)
    {
        using var archive = ZipFile.OpenRead(package);
        return archive.GetEntry("package/" + name.TrimStart('/')) is { } entry
            ? new LocalAnswer.Unpacked(entry.Length, "application/octet-stream",
                (output, ct) => UniversalArchive.CopyEntryAsync(package, entry.FullName, output, ct))
            : new LocalAnswer.Status(404, "The package has no such file.");
    }

    static async ValueTask<LocalAnswer> AddAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        try
        {
            await using var upload = await tree.SpoolAsync(request.Body, ct);
            var wanted = MetadataIn(request);
            var manifest = UniversalArchive.ReadManifest(upload);
            upload.Position = 0;
            if (manifest is not null)
            {
                foreach (var name in new[] { "group", "name", "version" })
                {
                    if (wanted[name] is { } value
                        && !manifest.Text(name).Trim('/').Equals((string?)value, StringComparison.OrdinalIgnoreCase))
                        return new LocalAnswer.Status(400, $"The package's {name} is not the one in the address.");
                }

                return await StoreAsync(upload, manifest, request.UserName, tree, ct);
            }

            if (wanted["name"] is null || wanted["version"] is null)
            {
                return new LocalAnswer.Status(
                    400, "The zip file has no upack.json: to make a package of it, put name and version in the URL.");
            }

            manifest = UniversalManifest.Check(wanted);
            await using var package = tree.OpenTemporary();
            await UniversalArchive.WrapAsync(upload, wanted, package, ct);
            package.Position = 0;
            return await StoreAsync(package, manifest, request.UserName, tree, ct);
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    static async ValueTask<LocalAnswer> StoreAsync(
        Stream package, UniversalManifest manifest, string userName, PackageTree tree, CancellationToken ct)
    {
        var path = PathOf(manifest.Group, manifest.Name, manifest.Version);
        if (!tree.CanStore(path))
            return new LocalAnswer.Status(400, "The package's group, name and version are too long.");
        if (await tree.SaveAsync(package, userName, replace: false, ct, path) is null)
            return new LocalAnswer.Status(409, $"{manifest.Name} {manifest.Version} is in this feed already.");

        var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest.Json, Json));
        await tree.SaveAsync(json, userName, replace: true, ct, [.. path[..^1], UniversalManifest.FileName]);
        return new LocalAnswer.Status(201);
    }

    // What the address says about an upload: upload/{group…}/{name}/{version}?title=…
    static JsonObject MetadataIn(FeedRequest request)
    {
        var metadata = new JsonObject();
        foreach (var (name, value) in QueryHelpers.ParseQuery(request.RawQuery))
            metadata[name] = value.ToString().Trim('/');

        string[] path = [.. request.Segments.Skip(1).SelectMany(segment => segment.Split('/'))];
        if (path.Length >= 2)
        {
            (metadata["name"], metadata["version"]) = (path[^2], path[^1]);
            if (path.Length > 2)
                metadata["group"] = string.Join('/', path[..^2]);
        }

        return metadata;
    }

    static LocalAnswer.Status Delete(FeedRequest request, PackageTree tree)
    {
        if (PackageIn(request) is not { Version.Length: > 0 } package)
            return new LocalAnswer.Status(400, "Name a package and its version.");
        var path = PathOf(package.Group, package.Name, package.Version);
        if (tree.Find(path) is null)
            return new LocalAnswer.Status(404, $"{package.Name} {package.Version} is not in this feed.");
        tree.Delete(path[..^1]);
        return new LocalAnswer.Status(204);
    }

    static async ValueTask<LocalAnswer?> PackagesAsync(
        FeedRequest request, PackageTree tree, Func<UniversalManifest, bool> isWanted, CancellationToken ct)
    {
        var items = new JsonArray();
        foreach (var package in PackagesIn(request, tree))
        {
            var newest = SemVerSyntax.Newest(package.Versions)!;
            if (await ManifestAsync(tree, package.Group, package.Name, newest, ct) is not { } manifest
                || !isWanted(manifest))
                continue;
            var item = Description(manifest);
            item["latestVersion"] = manifest.Version;
            item["versions"] = new JsonArray([.. package.Versions.Select(version => JsonValue.Create(version))]);
            items.Add(item);
        }

        return items.Count > 0 ? Document(items) : null;
    }

    static async ValueTask<LocalAnswer?> VersionsAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        var items = new JsonArray();
        var packages = PackagesIn(request, tree).ToList();
        foreach (var package in packages)
        {
            foreach (var version in package.Versions.Where(IsWanted))
            {
                var path = PathOf(package.Group, package.Name, version);
                if (await ManifestAsync(tree, package.Group, package.Name, version, ct) is not { } manifest
                    || await tree.InfoAsync(ct, path) is not { } info)
                    continue;
                var item = Description(manifest);
                item["version"] = manifest.Version;
                item["size"] = info.Size;
                item["sha1"] = info.Sha1;
                item["published"] =
                    info.UploadedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
                items.Add(item);
            }
        }

        return packages.Count > 0 ? Document(items) : null;

        bool IsWanted(string version) => request.Query("version") is not { Length: > 0 } wanted
            || version.Equals(wanted, StringComparison.OrdinalIgnoreCase);
    }

    static JsonObject Description(UniversalManifest manifest)
    {
        var item = new JsonObject { ["name"] = manifest.Name };
        if (manifest.Group.Length > 0)
            item["group"] = manifest.Group;
        foreach (var name in DescriptiveTexts.Where(name => manifest.Text(name).Length > 0))
            item[name] = manifest.Text(name);
        item["downloads"] = 0;
        item["isLocal"] = true;
        item["isCached"] = false;
        return item;
    }

    // With a name, no group means the package without one; without a name, it means any.
    static IEnumerable<LocalPackage> PackagesIn(FeedRequest request, PackageTree tree)
    {
        var (group, name) = (request.Query("group")?.Trim('/') ?? "", request.Query("name") ?? "");
        if (name.Length > 0)
        {
            var versions = UniversalManifest.IsName(name) && UniversalManifest.IsGroup(group)
                ? VersionsOf(tree, group, name)
                : [];
            return versions.Count > 0 ? [new LocalPackage(group, name, versions)] : [];
        }

        var all = PackagesBelow(tree, []).Where(package => package.Versions.Count > 0);
        return group.Length > 0
            ? all.Where(package => package.Group.Equals(group, StringComparison.OrdinalIgnoreCase))
            : all;
    }

    static IEnumerable<LocalPackage> PackagesBelow(PackageTree tree, string[] groups)
    {
        var group = string.Join('/', groups);
        return tree.Directories(groups).SelectMany(name => name.StartsWith('~')
            ? [new LocalPackage(group, name[1..], VersionsOf(tree, group, name[1..]))]
            : PackagesBelow(tree, [.. groups, name]));
    }

    static Func<UniversalManifest, bool> Mentions(string term) => manifest =>
        new[] { manifest.Name, manifest.Group, manifest.Text("title"), manifest.Text("description") }
            .Any(text => text.Contains(term, StringComparison.OrdinalIgnoreCase));

    static async ValueTask<UniversalManifest?> ManifestAsync(
        PackageTree tree, string group, string name, string version, CancellationToken ct)
    {
        var path = PathOf(group, name, version);
        try
        {
            if (tree.Find([.. path[..^1], UniversalManifest.FileName]) is { } manifest)
                return UniversalManifest.Parse(await File.ReadAllBytesAsync(manifest, ct));
            if (tree.Find(path) is not { } package)
                return null;
            await using var content = File.OpenRead(package);
            return UniversalArchive.ReadManifest(content);
        }
        catch (Exception e) when (e is InvalidDataException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null; // not a package, or deleted this moment
        }
    }

    // Lowest first.
    static List<string> VersionsOf(PackageTree tree, string group, string name) =>
        [.. tree.Directories(PathOf(group, name, "")[..^2])
            .Where(version => SemVerSyntax.IsVersion(version) && tree.Find(PathOf(group, name, version)) is not null)
            .OrderBy(SemVerVersionOrder.Instance.SortKey, SemVerSyntax.KeyOrder)];

    static string[] PathOf(string group, string name, string version)
    {
        var (nameKey, versionKey) = (name.ToLowerInvariant(), version.ToLowerInvariant());
        string[] groups = group.ToLowerInvariant().Split('/', StringSplitOptions.RemoveEmptyEntries);
        return [.. groups, $"~{nameKey}", versionKey, $"{nameKey}-{versionKey}.upack"];
    }

    static LocalAnswer.Document Document(JsonNode json) =>
        new(JsonSerializer.SerializeToUtf8Bytes(json, Json), JsonMediaType);
}
