using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

// The tree: {@scope}/{name}/versions/{version}/package.json, which names the tarball beside it, and dist-tags/{tag}.
// package.json is what makes a version exist: it comes last, and of two publishers one gets to write it.
public sealed partial class NpmFeed
{
    const int PublishBytesMax = 256 << 20; // a tarball travels in base64 within JSON, and all of it in memory
    const string JsonMediaType = "application/json";
    const string AbbreviatedMediaType = "application/vnd.npm.install-v1+json";

    /// <inheritdoc/>
    public async ValueTask<LocalAnswer?> AnswerAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        var route = RouteOf(request);
        return (request.Method, route) switch
        {
            ("GET" or "HEAD", _) => await ReadAsync(request, route, tree, ct),
            ("POST", { Part: Part.Audit }) => null,
            ("PUT", { Part: Part.Packument }) => await PutPackumentAsync(request, route, tree, ct),
            ("PUT" or "POST", { Part: Part.DistTags, Rest.Length: 1 }) => await TagAsync(request, route, tree, ct),
            ("DELETE", { Part: Part.DistTags, Rest.Length: 1 }) => await UntagAsync(route, tree, ct),
            ("DELETE", { Part: Part.Packument or Part.Tarball }) => await UnpublishAsync(route, tree, ct),
            _ => new LocalAnswer.Status(405, "An npm feed does not do this."),
        };
    }

    /// <inheritdoc/>
    public LocalAnswer? EmptyAnswer(FeedRequest request) =>
        RouteOf(request).Part == Part.Search ? SearchResult([], 0) : null;

    /// <inheritdoc/>
    /// <remarks>A tarball that no manifest names is left over from a failed upload, and no version is.</remarks>
    public PackageFile? StoredPackage(string[] path) =>
        path is [.. var name, "versions", var version, var file] && file.EndsWith(".tgz", StringComparison.Ordinal)
        && NameIn(name, Part.Packument) is { Rest: [] } route && IsVersion(version)
            ? PackageFile.At(TarballPath(route, version)[^1], TarballPath(route, version)) with { Removed = path[..^1] }
            : null;

    /// <inheritdoc/>
    public string[] FolderOf(PackageCoordinates package) =>
        Normalize(package).Group is { Length: > 0 } scope ? [scope, package.Name] : [package.Name];

    /// <inheritdoc/>
    public PackageFile? FileOf(PackageCoordinates package)
    {
        var route = new Route(Part.Tarball, Normalize(package).Group, package.Name);
        return package.Version.Length > 0
            ? PackageFile.At(TarballPath(route, package.Version)[^1], TarballPath(route, package.Version))
            : null;
    }

    /// <inheritdoc/>
    /// <remarks>The tarball is published as <c>npm publish</c> does it, with the manifest that lies within.</remarks>
    public async ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct)
    {
        if (await ReadBodyAsync(upload.Body, ct) is not { } tarball)
            return new LocalAnswer.Status(413, "The package is larger than 256 MB.");
        if (await ManifestInAsync(tarball, ct) is not { } manifest || TextOf(manifest["name"]) is not { } name
            || TextOf(manifest["version"]) is not { } version
            || NameIn(name.Split('/'), Part.Packument) is not { Rest: [] } route)
            return new LocalAnswer.Status(400, "This is no npm package: it has no package.json with name and version.");
        var packument = new JsonObject
        {
            ["versions"] = new JsonObject { [version] = manifest },
            ["dist-tags"] = new JsonObject { ["latest"] = version },
        };
        var attachments = new JsonObject
        {
            [$"{route.Name}-{version}.tgz"] = new JsonObject
            {
                ["data"] = JsonValue.Create(JsonSerializer.SerializeToElement(tarball)), // bytes become base64
            },
        };
        // Which tag an older version deserves nobody said.
        if (await NpmPackage.LoadAsync(tree, NameOf(route), ct) is not null && SemVerSyntax.IsPrerelease(version))
            packument["dist-tags"] = new JsonObject();
        return await PublishAsync(upload, route, packument, attachments, tree, ct);
    }

    // Below the archive's only folder, which is mostly called "package".
    static async ValueTask<JsonObject?> ManifestInAsync(byte[] tarball, CancellationToken ct)
    {
        const int ManifestBytesMax = 4 << 20;
        const long UnpackedBytesMax = 4L << 30; // what unpacks to more was packed to do harm
        try
        {
            await using var unpacked = new GZipStream(new MemoryStream(tarball), CompressionMode.Decompress);
            await using var archive = new TarReader(unpacked);
            long size = 0;
            while (await archive.GetNextEntryAsync(cancellationToken: ct) is { } entry && size < UnpackedBytesMax)
            {
                size += entry.Length;
                if (entry.Name.TrimStart('.', '/').Split('/') is not [_, "package.json"]
                    || entry is not { DataStream: { } content, Length: <= ManifestBytesMax })
                    continue;
                var json = new byte[entry.Length];
                await content.ReadExactlyAsync(json, ct);
                return Parse(json) as JsonObject;
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            // not a tar archive packed with gzip
        }

        return null;
    }

    async ValueTask<LocalAnswer?> ReadAsync(FeedRequest request, Route route, PackageTree tree, CancellationToken ct)
    {
        switch (route.Part)
        {
            case Part.Ping:
                return Document(new JsonObject());
            case Part.WhoAmI:
                return Document(new JsonObject { ["username"] = request.UserName });
            case Part.Search:
                return await SearchAsync(request, tree, ct);
            case Part.Other or Part.Audit:
                return null;
        }

        if (await NpmPackage.LoadAsync(tree, NameOf(route), ct) is not { } package)
            return null;

        // From here on the name is ours: what is not found here is not asked of a connector.
        switch (route.Part)
        {
            case Part.Packument:
                var accept = request.Header("Accept") ?? "";
                return accept.Contains(AbbreviatedMediaType, StringComparison.OrdinalIgnoreCase)
                    ? Document(package.AbbreviatedPackument(request), AbbreviatedMediaType)
                    : Document(package.Packument(request));
            case Part.DistTags:
                return Document(package.TagsJson());
            case Part.Manifest when package.Find(route.Last) is { } version:
                return Document(package.Manifest(version, request));
            case Part.Tarball when TryReadDownload(request) is { } wanted
                && wanted.Name == route.Name && package.Find(wanted.Version) is { } version:
                return new LocalAnswer.File(
                    version.Tarball, "application/octet-stream", new(route.Scope, route.Name, version.Version));
            default:
                return new LocalAnswer.Status(404, $"{route.FullName} has no such version in this feed.");
        }
    }

    static async ValueTask<LocalAnswer> PutPackumentAsync(
        FeedRequest request, Route route, PackageTree tree, CancellationToken ct)
    {
        if (await ReadBodyAsync(request.Body, ct) is not { } body)
            return new LocalAnswer.Status(413, "The package is larger than 256 MB.");
        if (Parse(body) is not JsonObject packument)
            return new LocalAnswer.Status(400, "The body is not a JSON object.");
        if (TextOf(packument["name"]) is { } name && name != route.FullName)
            return new LocalAnswer.Status(400, $"The package in the body is '{name}'.");
        return packument["_attachments"] is JsonObject { Count: > 0 } attachments
            ? await PublishAsync(request, route, packument, attachments, tree, ct)
            : await UpdateAsync(request, route, packument, tree, ct);
    }

    static async ValueTask<LocalAnswer> PublishAsync(
        FeedRequest request, Route route, JsonObject packument, JsonObject attachments, PackageTree tree,
        CancellationToken ct)
    {
        if (route.FullName.Length > NameLengthMax || !NewNamePattern().IsMatch(route.FullName))
            return new LocalAnswer.Status(400, $"'{route.FullName}' is not a package name: lower case, URL-safe.");
        if (packument["versions"] is not JsonObject { Count: 1 } versions
            || versions.First() is not { Key: var version, Value: JsonObject manifest })
            return new LocalAnswer.Status(400, "Publish one version at a time.");
        if (!SemVerSyntax.IsVersion(version) || TextOf(manifest["version"]) is { } other && other != version)
            return new LocalAnswer.Status(400, $"'{version}' is not a semantic version, or not the manifest's.");
        // Beside the tarball there may be a provenance statement.
        var attached = attachments.FirstOrDefault(file => file.Key.EndsWith(".tgz", StringComparison.Ordinal)).Value;
        if (attached is not JsonObject file
            || file["data"] is not JsonValue data || !data.TryGetValue<JsonElement>(out var base64)
            || base64.ValueKind != JsonValueKind.String || !base64.TryGetBytesFromBase64(out var tarball))
            return new LocalAnswer.Status(400, "The tarball is missing, or it is not base64.");

        string[] folder = [.. NameOf(route), "versions", version];
        string[] manifestPath = [.. folder, "package.json"];
        var fileName = $"{Guid.NewGuid():N}.tgz";
        if (!tree.CanStore(manifestPath))
            return new LocalAnswer.Status(400, "The version is too long.");
        var exists = new LocalAnswer.Status(409, $"{route.FullName} {version} is in this feed already.");
        if (tree.Find(manifestPath) is not null)
            return exists;

        var stored = (await tree.SaveAsync(
            new MemoryStream(tarball), request.UserName, replace: false, ct, [.. folder, fileName]))!;
        var integrity = $"sha512-{Convert.ToBase64String(Convert.FromHexString(stored.Sha512))}";
        var dist = manifest["dist"] as JsonObject;
        if ((TextOf(dist?["shasum"]) is { } shasum && shasum != stored.Sha1)
            || (TextOf(dist?["integrity"]) is ['s', 'h', 'a', '5', '1', '2', '-', ..] claimed && claimed != integrity))
        {
            tree.Delete([.. folder, fileName]);
            return new LocalAnswer.Status(400, "The tarball is not the one its manifest's hashes are of.");
        }

        (manifest["name"], manifest["version"]) = (route.FullName, version);
        manifest["dist"] = new JsonObject { ["shasum"] = stored.Sha1, ["integrity"] = integrity };
        manifest[NpmPackage.FileProperty] = fileName;
        if (await SaveAsync(tree, manifest, request.UserName, replace: false, manifestPath, ct) is null)
        {
            tree.Delete([.. folder, fileName]);
            return exists;
        }

        await SetTagsAsync(tree, route, packument["dist-tags"] as JsonObject, version, request.UserName, ct);
        return new LocalAnswer.Status(201);
    }

    static async ValueTask SetTagsAsync(
        PackageTree tree, Route route, JsonObject? tags, string version, string userName, CancellationToken ct)
    {
        foreach (var (tag, value) in tags ?? [])
        {
            if (TextOf(value) == version && IsTag(tag))
                await SaveTagAsync(tree, route, tag, version, userName, ct);
        }
    }

    // Without a tarball: a deprecation, or (with a revision) the removal of the versions that the body lacks.
    static async ValueTask<LocalAnswer> UpdateAsync(
        FeedRequest request, Route route, JsonObject packument, PackageTree tree, CancellationToken ct)
    {
        if (await NpmPackage.LoadAsync(tree, NameOf(route), ct) is not { } package)
            return new LocalAnswer.Status(404, $"{route.FullName} is not in this feed.");
        if (packument["versions"] is not JsonObject versions)
            return new LocalAnswer.Status(400, "The body names no versions.");
        if (route.Revision.Length > 0 && route.Revision != package.Revision)
            return new LocalAnswer.Status(409, $"{route.FullName} has changed meanwhile: try again.");

        foreach (var version in package.Versions)
        {
            string[] folder = [.. NameOf(route), "versions", version.Version];
            if (versions[version.Version] is not JsonObject wanted)
            {
                if (route.Revision.Length > 0)
                    tree.Delete(folder);
                continue;
            }

            var deprecated = TextOf(wanted["deprecated"]) is { Length: > 0 } text ? text : null;
            if (deprecated == TextOf(version.Manifest["deprecated"]))
                continue;
            version.Manifest.Remove("deprecated");
            if (deprecated is not null)
                version.Manifest["deprecated"] = deprecated;
            await SaveAsync(tree, version.Manifest, request.UserName, replace: true, [.. folder, "package.json"], ct);
        }

        return new LocalAnswer.Status(200);
    }

    static async ValueTask<LocalAnswer> UnpublishAsync(Route route, PackageTree tree, CancellationToken ct)
    {
        var package = await NpmPackage.LoadAsync(tree, NameOf(route), ct);
        var unwanted = route.Part == Part.Packument
            ? package?.Versions ?? []
            : package?.Versions.Where(version => route.Last == $"{route.Name}-{version.Version}.tgz").ToList() ?? [];
        if (unwanted.Count == 0)
        {
            // The client takes a version out of the packument first, and the tarball goes with it.
            return route is { Part: Part.Tarball, Revision: not "" }
                ? new LocalAnswer.Status(200)
                : new LocalAnswer.Status(404, "There is no such package in this feed.");
        }

        if (route.Revision.Length > 0 && route.Revision != package!.Revision)
            return new LocalAnswer.Status(409, $"{route.FullName} has changed meanwhile: try again.");
        foreach (var version in unwanted)
            tree.Delete([.. NameOf(route), "versions", version.Version]);
        return new LocalAnswer.Status(200);
    }

    static async ValueTask<LocalAnswer> TagAsync(
        FeedRequest request, Route route, PackageTree tree, CancellationToken ct)
    {
        if (await NpmPackage.LoadAsync(tree, NameOf(route), ct) is not { } package)
            return new LocalAnswer.Status(404, $"{route.FullName} is not in this feed.");
        if (!IsTag(route.Last) || await ReadBodyAsync(request.Body, ct) is not { } body
            || TextOf(Parse(body)) is not { } version)
            return new LocalAnswer.Status(400, "Send the version as a JSON string; a tag is a word and no version.");
        if (package.Versions.All(known => known.Version != version))
            return new LocalAnswer.Status(404, $"{route.FullName} {version} is not in this feed.");
        await SaveTagAsync(tree, route, route.Last, version, request.UserName, ct);
        return new LocalAnswer.Status(200);
    }

    static async ValueTask<LocalAnswer> UntagAsync(Route route, PackageTree tree, CancellationToken ct)
    {
        if (route.Last == "latest")
            return new LocalAnswer.Status(400, "The tag 'latest' cannot be removed.");
        return await NpmPackage.LoadAsync(tree, NameOf(route), ct) is not null
            && tree.Delete([.. NameOf(route), "dist-tags", route.Last])
            ? new LocalAnswer.Status(200)
            : new LocalAnswer.Status(404, $"{route.FullName} has no tag '{route.Last}' in this feed.");
    }

    static async ValueTask<LocalAnswer?> SearchAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] words = (request.Query("text") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var hits = new List<JsonObject>();
        var names = tree.Directories().SelectMany(name => name.StartsWith('@')
            ? tree.Directories(name).Select(inner => new[] { name, inner })
            : [[name]]);
        foreach (var name in names)
        {
            if (await NpmPackage.LoadAsync(tree, name, ct) is not { } package)
                continue;
            var newest = package.Find("latest")!;
            var text = $"{package.Name} {TextOf(newest.Manifest["description"])} {newest.Manifest["keywords"]}";
            if (!words.All(word => text.Contains(word, StringComparison.OrdinalIgnoreCase)))
                continue;
            var description = new JsonObject { ["name"] = package.Name };
            foreach (var property in new[] { "version", "description", "keywords", "author", "license" })
                description[property] = newest.Manifest[property]?.DeepClone();
            description["date"] = newest.Published.UtcDateTime;
            description["links"] = new JsonObject();
            hits.Add(new JsonObject { ["package"] = description, ["searchScore"] = 1 });
        }

        var from = Math.Max(0, NumberOf(request.Query("from"), 0));
        return hits.Count > 0
            ? SearchResult(hits.Skip(from).Take(Math.Clamp(NumberOf(request.Query("size"), 20), 0, 250)), hits.Count)
            : null;
    }

    static LocalAnswer.Document SearchResult(IEnumerable<JsonObject> hits, int total) =>
        Document(new JsonObject { ["objects"] = new JsonArray([.. hits]), ["total"] = total });

    static async ValueTask SaveTagAsync(
        PackageTree tree, Route route, string tag, string version, string userName, CancellationToken ct) =>
        await tree.SaveAsync(
            new MemoryStream(Encoding.UTF8.GetBytes(version)), userName, replace: true, ct,
            [.. NameOf(route), "dist-tags", tag]);

    static ValueTask<StoredFile?> SaveAsync(
        PackageTree tree, JsonObject json, string userName, bool replace, string[] path, CancellationToken ct) =>
        tree.SaveAsync(
            new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(json, Json)), userName, replace, ct, path);

    static async ValueTask<byte[]?> ReadBodyAsync(Stream body, CancellationToken ct)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await body.ReadAsync(buffer, ct)) > 0)
        {
            if (bytes.Length + read > PublishBytesMax)
                return null;
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }

    static JsonNode? Parse(byte[] body)
    {
        try
        {
            return JsonNode.Parse(body, documentOptions: new() { AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string[] NameOf(Route route) => route.Scope.Length > 0 ? [route.Scope, route.Name] : [route.Name];

    static string? TextOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    static int NumberOf(string? text, int otherwise) => int.TryParse(text, out var number) ? number : otherwise;

    static bool IsTag(string text) => TagPattern().IsMatch(text);

    static LocalAnswer.Document Document(JsonNode json, string mediaType = JsonMediaType) =>
        new(JsonSerializer.SerializeToUtf8Bytes(json, Json), mediaType);

    // A tag must not look like a version or a range: v1, 1.x.
    [GeneratedRegex(@"\A(?!v[0-9])[A-Za-z][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"\A(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*\z")]
    private static partial Regex NewNamePattern();
}
