using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using NuGet.Versioning;

namespace Deployments.Web.Feeds;

// The tree: {id}/{version}/{id}.{version}.nupkg, all in lower case, and beside it {id}.nuspec, unpacked for speed. That
// is the layout of NuGet's own expanded folders, so a package may also be dropped in by hand.
public sealed partial class NuGetFeed
{
    const string PackageMediaType = "application/octet-stream";
    const string NuspecMediaType = "application/xml";

    /// <inheritdoc/>
    public async ValueTask<LocalAnswer?> AnswerAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        var route = RouteOf(request);
        return (request.Method, route.Part) switch
        {
            ("GET" or "HEAD", _) => await ReadAsync(request, route, tree, ct),
            ("PUT" or "POST", Part.Publish or Part.Root) => await PublishAsync(request, tree, ct),
            ("DELETE", Part.Package or Part.BarePackage) when route.Version.Length > 0 => Delete(route, tree),
            _ => new LocalAnswer.Status(405, "A NuGet feed does not do this."),
        };
    }

    /// <inheritdoc/>
    public LocalAnswer? EmptyAnswer(FeedRequest request) => RouteOf(request).Part switch
    {
        Part.Search or Part.Autocomplete => NuGetDocuments.NothingFound(),
        Part.Root => ServiceDocument(request),
        Part.Other => NothingOrNull(request),
        _ => null,
    };

    /// <inheritdoc/>
    public PackageFile? StoredPackage(string[] path) =>
        path is [var id, var version, var file] && IsId(id) && IsVersion(version)
        && file == PackageFileName(id, version)
            ? FileOf(new PackageCoordinates("", id, version))! with { Removed = path[..^1] }
            : null;

    /// <inheritdoc/>
    public string[] FolderOf(PackageCoordinates package) => [IdKey(package.Name)];

    /// <inheritdoc/>
    public PackageFile? FileOf(PackageCoordinates package) => package.Version.Length > 0
        ? PackageFile.At(
            PackageFileName(IdKey(package.Name), VersionKey(package.Version)), "package", package.Name, package.Version)
        : PackageFile.At($"{package.Name}.nupkg", "package", package.Name);

    /// <inheritdoc/>
    public async ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        await PublishAsync(upload, tree, ct);

    static async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, Route route, PackageTree tree, CancellationToken ct)
    {
        switch (route.Part)
        {
            case Part.ServiceIndex:
                return NuGetDocuments.ServiceIndex(request);
            case Part.Search:
                return NuGetDocuments.SearchResult(request, await SearchAsync(request, tree, ct));
            case Part.Autocomplete when request.Query("id") is { Length: > 0 } id:
                return IsId(id) && VersionsOf(tree, id) is { Count: > 0 } all
                    ? NuGetDocuments.Completions(
                        all.Where(Filter(request)).Select(version => version.ToNormalizedString()))
                    : null;
            case Part.Autocomplete:
                var found = await SearchAsync(request, tree, ct);
                return found.Count > 0 ? NuGetDocuments.Completions(found.Select(hit => hit[^1].Id)) : null;
        }

        if (route.Part == Part.Other)
            return await ODataAsync(request, tree, ct);
        if (route.Id.Length == 0 || VersionsOf(tree, route.Id) is not { Count: > 0 } versions)
            return null;

        // From here on the name is ours: what is not found here is not asked of a connector.
        switch (route.Part)
        {
            case Part.Versions:
                return NuGetDocuments.Versions(versions);
            case Part.Registration:
                var entries = await EntriesAsync(tree, route.Id, versions, ct);
                return NuGetDocuments.Registration(request, entries, route.File);
        }

        var version = route.Version.Length > 0 ? NuGetVersion.Parse(route.Version) : Newest(versions)!;
        if (!versions.Contains(version) || !(route.Part == Part.Package || IsPackageFile(route) || IsNuspec(route)))
            return new LocalAnswer.Status(404, $"{route.Id} {version.ToNormalizedString()} is not in this feed.");

        var manifest = await ManifestAsync(tree, route.Id, version, ct);
        if (IsNuspec(route))
            return manifest is null ? null : new LocalAnswer.Document(manifest.Nuspec, NuspecMediaType);
        var package = manifest is null
            ? new PackageCoordinates("", route.Id, version.ToNormalizedString())
            : new PackageCoordinates("", manifest.Id, manifest.VersionText);
        return new LocalAnswer.File(tree.Find(PathOf(route.Id, version))!, PackageMediaType, package);
    }

    static bool IsNuspec(Route route) => route.Part == Part.FlatFile && route.File == $"{IdKey(route.Id)}.nuspec";

    static async ValueTask<LocalAnswer> PublishAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        try
        {
            await using var upload = await tree.SpoolAsync(await PackageBodyAsync(request, ct), ct);
            var manifest = NuGetManifest.ReadPackage(upload);
            // Look-alike letters of other scripts would pass for another package's name.
            if (!IsId(manifest.Id) || !manifest.Id.All(char.IsAscii))
                return new LocalAnswer.Status(400, $"'{manifest.Id}' is not a package id (letters, digits, _ . -).");
            var path = PathOf(manifest.Id, manifest.Version);
            if (!tree.CanStore(path))
                return new LocalAnswer.Status(400, "The package's id and version are too long.");
            if (manifest.PackageTypes.Contains("SymbolsPackage", StringComparer.OrdinalIgnoreCase))
                return new LocalAnswer.Status(400, "This feed keeps no symbol packages.");

            upload.Position = 0;
            if (await tree.SaveAsync(upload, request.UserName, replace: false, ct, path) is null)
            {
                return new LocalAnswer.Status(
                    409, $"{manifest.Id} {manifest.Version.ToNormalizedString()} is in this feed already.");
            }

            var nuspec = NuspecPathOf(manifest.Id, manifest.Version);
            await tree.SaveAsync(new MemoryStream(manifest.Nuspec), request.UserName, replace: true, ct, nuspec);
            return new LocalAnswer.Status(201);
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    // Clients send a form with the package as its only part; curl users send the package itself.
    static async ValueTask<Stream> PackageBodyAsync(FeedRequest request, CancellationToken ct)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
            return request.Body;
        if (HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 200 } boundary)
            throw new InvalidDataException("The multipart upload names no boundary.");

        try
        {
            var part = await new MultipartReader(boundary, request.Body).ReadNextSectionAsync(ct);
            return part?.Body ?? throw new InvalidDataException("The multipart upload has no part.");
        }
        catch (IOException e)
        {
            throw new InvalidDataException("The multipart upload ended early.", e);
        }
    }

    static LocalAnswer.Status Delete(Route route, PackageTree tree)
    {
        var version = NuGetVersion.Parse(route.Version);
        if (tree.Find(PathOf(route.Id, version)) is null)
            return new LocalAnswer.Status(404, $"{route.Id} {version.ToNormalizedString()} is not in this feed.");
        tree.Delete(IdKey(route.Id), VersionKey(route.Version));
        return new LocalAnswer.Status(204);
    }

    // Every hit: the package's entries, lowest version first, that the request's filters let through.
    static async ValueTask<IReadOnlyList<IReadOnlyList<NuGetEntry>>> SearchAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] words = (request.Query("q") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var packageType = request.Query("packageType") ?? "";
        var hits = new List<IReadOnlyList<NuGetEntry>>();
        foreach (var id in tree.Directories())
        {
            List<NuGetVersion> versions = [.. VersionsOf(tree, id).Where(Filter(request))];
            if (versions.Count == 0 || await ManifestAsync(tree, id, versions[^1], ct) is not { } newest)
                continue;
            if (packageType.Length > 0 && !newest.PackageTypes.Contains(packageType, StringComparer.OrdinalIgnoreCase))
                continue;
            if (words.All(word => Mentions(newest, word)))
                hits.Add(await EntriesAsync(tree, id, versions, ct));
        }

        return [.. hits.Where(entries => entries.Count > 0)];
    }

    static bool Mentions(NuGetManifest manifest, string word)
    {
        var wanted = word.StartsWith("packageid:", StringComparison.OrdinalIgnoreCase) ? word[10..] : null;
        return wanted is not null
            ? manifest.Id.Equals(wanted, StringComparison.OrdinalIgnoreCase)
            : new[] { manifest.Id, manifest.Text("title"), manifest.Text("description"), manifest.Text("tags") }
                .Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    static Func<NuGetVersion, bool> Filter(FeedRequest request)
    {
        var prerelease = string.Equals(request.Query("prerelease"), "true", StringComparison.OrdinalIgnoreCase);
        var semVer2 = request.Query("semVerLevel") is { } level && level.StartsWith('2');
        return version => (prerelease || !version.IsPrerelease) && (semVer2 || !version.IsSemVer2);
    }

    static async ValueTask<IReadOnlyList<NuGetEntry>> EntriesAsync(
        PackageTree tree, string id, IEnumerable<NuGetVersion> versions, CancellationToken ct)
    {
        var entries = new List<NuGetEntry>();
        foreach (var version in versions)
        {
            if (await ManifestAsync(tree, id, version, ct) is { } manifest
                && tree.Find(PathOf(id, version)) is { } path)
                entries.Add(new NuGetEntry(manifest, File.GetLastWriteTimeUtc(path)));
        }

        return entries;
    }

    /// <summary>The manifest beside the package, else (dropped in by hand, or a crash) the one within it.</summary>
    static async ValueTask<NuGetManifest?> ManifestAsync(
        PackageTree tree, string id, NuGetVersion version, CancellationToken ct)
    {
        try
        {
            if (tree.Find(NuspecPathOf(id, version)) is { } nuspec)
                return NuGetManifest.Parse(await File.ReadAllBytesAsync(nuspec, ct));
            if (tree.Find(PathOf(id, version)) is not { } package)
                return null;
            await using var content = File.OpenRead(package);
            return NuGetManifest.ReadPackage(content);
        }
        catch (Exception e) when (e is InvalidDataException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null; // not a package, or deleted this moment
        }
    }

    static List<NuGetVersion> VersionsOf(PackageTree tree, string id)
    {
        var versions = new List<NuGetVersion>();
        foreach (var name in tree.Directories(IdKey(id)))
        {
            if (NuGetVersion.TryParse(name, out var version) && tree.Find(PathOf(id, version)) is not null)
                versions.Add(version);
        }

        versions.Sort();
        return versions;
    }

    static string[] PathOf(string id, NuGetVersion version)
    {
        var key = version.ToNormalizedString().ToLowerInvariant();
        return [IdKey(id), key, PackageFileName(IdKey(id), key)];
    }

    static string[] NuspecPathOf(string id, NuGetVersion version) =>
        [IdKey(id), version.ToNormalizedString().ToLowerInvariant(), $"{IdKey(id)}.nuspec"];
}
