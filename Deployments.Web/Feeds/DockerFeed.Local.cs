using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Deployments.Web.Feeds;

// Images pushed to the feed: blobs and manifests by their digests, and for each repository its tags.
public sealed partial class DockerFeed
{
    const string Repositories = "repositories";
    const string Index = "application/vnd.oci.image.index.v1+json";
    const string Manifest = "application/vnd.oci.image.manifest.v1+json";

    /// <inheritdoc/>
    public async ValueTask<LocalAnswer?> AnswerAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        var route = RouteOf(request);
        try
        {
            return (request.Method, route.Part) switch
            {
                ("GET" or "HEAD", Part.Manifest) => await ReadManifestAsync(route, tree, ct),
                ("GET" or "HEAD", Part.Blob) => ReadBlob(route, tree),
                ("GET" or "HEAD", Part.Tags) => Tags(request, route, tree),
                ("GET" or "HEAD", Part.Referrers) => await ReferrersAsync(route, tree, ct),
                ("GET" or "HEAD", Part.Upload) => Progress(204, request, route, tree),
                ("GET" or "HEAD", _) => null,
                ("PUT", Part.Manifest) => await StoreManifestAsync(request, route, tree, ct),
                ("POST", Part.Uploads) => await BeginAsync(request, route, tree, ct),
                ("PATCH", Part.Upload) => await AppendAsync(request, route, tree, ct),
                ("PUT", Part.Upload) => await CompleteAsync(request, route, tree, ct),
                ("DELETE", Part.Upload) => new LocalAnswer.Status(tree.Delete("uploads", route.Reference) ? 204 : 404),
                ("DELETE", Part.Manifest) => Delete(route, tree),
                ("PUT" or "POST" or "PATCH" or "DELETE", Part.Other) => new LocalAnswer.Status(
                    400, "This is no name of a repository, a tag or a digest; names are in lower case."),
                _ => new LocalAnswer.Status(405, "A registry does not do this."),
            };
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    static async ValueTask<LocalAnswer?> ReadManifestAsync(Route route, PackageTree tree, CancellationToken ct)
    {
        if (await DigestOfAsync(route, tree, ct) is not { } digest)
            return IsOwn(route, tree) ? Unknown(route) : null;
        if (tree.Find("manifests", digest) is not { } file)
            return Unknown(route);
        return new LocalAnswer.File(file, MediaTypeOf(await File.ReadAllBytesAsync(file, ct)))
        {
            Headers = [("Docker-Content-Digest", digest)],
        };
    }

    static LocalAnswer? ReadBlob(Route route, PackageTree tree) =>
        tree.Find("blobs", route.Reference) is { } file
            ? new LocalAnswer.File(file, "application/octet-stream")
            {
                Headers = [("Docker-Content-Digest", route.Reference)],
            }
            : IsOwn(route, tree) ? Unknown(route) : null;

    static LocalAnswer.Document? Tags(FeedRequest request, Route route, PackageTree tree)
    {
        if (!IsOwn(route, tree))
            return null;
        var tags = tree.Files(Repositories, route.Repository, "tags")
            .Where(tag => string.CompareOrdinal(tag, request.Query("last") ?? "") > 0);
        if (int.TryParse(request.Query("n"), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            tags = tags.Take(count);
        return Json(new JsonObject
        {
            ["name"] = $"{request.FeedUrl.AbsolutePath.Trim('/').Split('/')[^1]}/{route.Repository}",
            ["tags"] = new JsonArray([.. tags.Select(tag => (JsonNode)tag)]),
        }, "application/json");
    }

    // Manifests of this repository that are about another one: signatures, attestations.
    static async ValueTask<LocalAnswer?> ReferrersAsync(Route route, PackageTree tree, CancellationToken ct)
    {
        if (!IsOwn(route, tree))
            return null;
        var list = new JsonArray();
        foreach (var digest in tree.Files(Repositories, route.Repository, "manifests"))
        {
            if (tree.Find("manifests", digest) is not { } file)
                continue;
            var content = await File.ReadAllBytesAsync(file, ct);
            if (ParseOrNull(content) is not { } manifest || manifest["subject"] is not JsonObject subject
                || subject["digest"]?.ToString() != route.Reference)
                continue;
            list.Add(new JsonObject
            {
                ["mediaType"] = MediaTypeOf(content),
                ["digest"] = digest,
                ["size"] = content.Length,
                ["artifactType"] = (manifest["artifactType"] ?? manifest["config"]?["mediaType"])?.DeepClone(),
                ["annotations"] = manifest["annotations"]?.DeepClone(),
            });
        }

        return Referrers(list);
    }

    static LocalAnswer.Document Referrers(JsonArray list) =>
        Json(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = Index, ["manifests"] = list }, Index);

    static async ValueTask<LocalAnswer> StoreManifestAsync(
        FeedRequest request, Route route, PackageTree tree, CancellationToken ct)
    {
        await using var spool = await tree.SpoolAsync(request.Body, ct);
        if (spool.Length > ManifestBytesMax)
            return new LocalAnswer.Status(413, "A manifest has 4 MB at most.");
        var content = new byte[spool.Length];
        await spool.ReadExactlyAsync(content, ct);
        if (ParseOrNull(content) is not { } manifest)
            return new LocalAnswer.Status(400, "The manifest is no JSON object.");
        if (Missing(manifest, tree) is { } missing)
            return new LocalAnswer.Status(400, $"The manifest names {missing}, which was not pushed to this feed.");

        var digest = Digest(SHA256.HashData(content));
        var isTag = !DigestPattern().IsMatch(route.Reference);
        if (!isTag && route.Reference != digest)
            return new LocalAnswer.Status(400, $"The manifest's digest is {digest}.");
        await tree.SaveAsync(new MemoryStream(content), request.UserName, replace: false, ct, "manifests", digest);
        await SaveTextAsync(tree, "", request.UserName, ct, Repositories, route.Repository, "manifests", digest);
        if (isTag)
        {
            await SaveTextAsync(
                tree, digest, request.UserName, ct, Repositories, route.Repository, "tags", route.Reference);
        }

        (string, string)[] headers = manifest["subject"]?["digest"] is JsonValue subject
            ? [("OCI-Subject", subject.ToString())]
            : [];
        return new LocalAnswer.Status(201)
        {
            Headers =
            [
                ("Location", request.UrlOf([.. request.Segments]).AbsolutePath), ("Docker-Content-Digest", digest),
                .. headers,
            ],
        };
    }

    // What an image is made of must be here, or a pull would fail later.
    static string? Missing(JsonObject manifest, PackageTree tree)
    {
        var blobs = (manifest["layers"] as JsonArray ?? []).Append(manifest["config"]).OfType<JsonObject>();
        var children = (manifest["manifests"] as JsonArray ?? []).OfType<JsonObject>();
        return blobs.Where(blob => blob["urls"] is null).Select(blob => blob["digest"]?.ToString() ?? "nothing")
            .FirstOrDefault(digest => tree.Find("blobs", digest) is null)
            ?? children.Select(child => child["digest"]?.ToString() ?? "nothing")
                .FirstOrDefault(digest => tree.Find("manifests", digest) is null);
    }

    static async ValueTask<LocalAnswer> BeginAsync(
        FeedRequest request, Route route, PackageTree tree, CancellationToken ct)
    {
        if (request.Query("mount") is { } mount && DigestPattern().IsMatch(mount)
            && tree.Find("blobs", mount) is not null)
            return Stored(request, route, mount);
        var upload = route with { Part = Part.Upload, Reference = $"{Guid.NewGuid():N}" };
        await SaveTextAsync(tree, "", request.UserName, ct, "uploads", upload.Reference, "0");
        return request.Query("digest") is not null
            ? await CompleteAsync(request, upload, tree, ct)
            : Progress(202, request, upload, tree);
    }

    static async ValueTask<LocalAnswer> AppendAsync(
        FeedRequest request, Route route, PackageTree tree, CancellationToken ct)
    {
        var parts = Parts(route, tree);
        if (parts.Count == 0)
            return new LocalAnswer.Status(404, "There is no such upload.");
        // A part that came twice or out of order; Content-Range is "from-to" here.
        if (request.Header("Content-Range")?.Split('-')[0] is { } from
            && from != Length(parts).ToString(CultureInfo.InvariantCulture))
            return Progress(416, request, route, tree);
        await tree.SaveAsync(
            request.Body, request.UserName, replace: false, ct, "uploads", route.Reference,
            parts.Count.ToString(CultureInfo.InvariantCulture));
        return Progress(202, request, route, tree);
    }

    static async ValueTask<LocalAnswer> CompleteAsync(
        FeedRequest request, Route route, PackageTree tree, CancellationToken ct)
    {
        if (request.Query("digest") is not { } digest || !DigestPattern().IsMatch(digest))
            return new LocalAnswer.Status(400, "Name the blob's digest.");
        var parts = Parts(route, tree);
        if (parts.Count == 0)
            return new LocalAnswer.Status(404, "There is no such upload.");

        await using var whole = tree.OpenTemporary();
        foreach (var part in parts)
        {
            await using var content = File.OpenRead(part);
            await content.CopyToAsync(whole, ct);
        }

        await using (var last = await tree.SpoolAsync(request.Body, ct))
            await last.CopyToAsync(whole, ct);
        whole.Position = 0;
        var actual = digest.StartsWith("sha512:", StringComparison.Ordinal)
            ? "sha512:" + Convert.ToHexStringLower(await SHA512.HashDataAsync(whole, ct))
            : Digest(await SHA256.HashDataAsync(whole, ct));
        if (actual != digest)
            return new LocalAnswer.Status(400, $"The blob's digest is {actual}.");
        whole.Position = 0;
        await tree.SaveAsync(whole, request.UserName, replace: false, ct, "blobs", digest);
        tree.Delete("uploads", route.Reference);
        return Stored(request, route, digest);
    }

    static LocalAnswer Delete(Route route, PackageTree tree)
    {
        var isTag = !DigestPattern().IsMatch(route.Reference);
        if (!tree.Delete(Repositories, route.Repository, isTag ? "tags" : "manifests", route.Reference))
            return Unknown(route);
        foreach (var tag in isTag ? [] : tree.Files(Repositories, route.Repository, "tags"))
        {
            if (tree.Find(Repositories, route.Repository, "tags", tag) is { } file
                && File.ReadAllText(file) == route.Reference)
                tree.Delete(Repositories, route.Repository, "tags", tag);
        }

        return new LocalAnswer.Status(202);
    }

    static async ValueTask<string?> DigestOfAsync(Route route, PackageTree tree, CancellationToken ct)
    {
        if (DigestPattern().IsMatch(route.Reference))
        {
            return tree.Find(Repositories, route.Repository, "manifests", route.Reference) is null
                ? null
                : route.Reference;
        }

        return tree.Find(Repositories, route.Repository, "tags", route.Reference) is { } file
            && await File.ReadAllTextAsync(file, ct) is var digest && DigestPattern().IsMatch(digest)
                ? digest
                : null;
    }

    static bool IsOwn(Route route, PackageTree tree) =>
        tree.Files(Repositories, route.Repository, "manifests").Count > 0;

    /// <inheritdoc/>
    /// <remarks>Old engines cannot read an error that is no JSON, and show that instead.</remarks>
    public LocalAnswer? EmptyAnswer(FeedRequest request) =>
        RouteOf(request) is { Part: Part.Manifest or Part.Blob or Part.Tags } route ? Unknown(route) : null;

    /// <inheritdoc/>
    /// <remarks>
    /// A registry that knows the question has no referrers of what it does not know; one that does not know it says
    /// "not found", and clients then look for tags.
    /// </remarks>
    public ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct) =>
        ValueTask.FromResult<LocalAnswer?>(
            mayBeEmpty && RouteOf(request).Part == Part.Referrers ? Referrers([]) : null);

    // See "Error Codes" of the OCI distribution specification.
    static LocalAnswer.Document Unknown(Route route)
    {
        var (code, message) = route.Part switch
        {
            Part.Tags => ("NAME_UNKNOWN", $"{route.Repository} is not in this feed."),
            Part.Blob => ("BLOB_UNKNOWN", $"{route.Repository} has no {route.Reference} in this feed."),
            _ => ("MANIFEST_UNKNOWN", $"{route.Repository} has no {route.Reference} in this feed."),
        };
        var error = new JsonObject { ["code"] = code, ["message"] = message };
        return Json(new JsonObject { ["errors"] = new JsonArray(error) }, "application/json") with { Code = 404 };
    }

    static LocalAnswer.Status Stored(FeedRequest request, Route route, string digest) => new(201)
    {
        Headers =
        [
            ("Location", request.UrlOf([.. route.Repository.Split('/'), "blobs", digest]).AbsolutePath),
            ("Docker-Content-Digest", digest),
        ],
    };

    static LocalAnswer.Status Progress(int code, FeedRequest request, Route route, PackageTree tree) =>
        Parts(route, tree) is { Count: > 0 } parts
            ? new LocalAnswer.Status(code)
            {
                Headers =
                [
                    ("Location",
                        request.UrlOf([.. route.Repository.Split('/'), "blobs", "uploads",
                            route.Reference]).AbsolutePath),
                    ("Docker-Upload-UUID", route.Reference),
                    ("Range", string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, Length(parts) - 1)}")),
                ],
            }
            : new LocalAnswer.Status(404, "There is no such upload.");

    static List<string> Parts(Route route, PackageTree tree) =>
    [
        .. tree.Files("uploads", route.Reference)
            .OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal)
            .Select(name => tree.Find("uploads", route.Reference, name)).OfType<string>(),
    ];

    static long Length(List<string> parts) => parts.Sum(part => new FileInfo(part).Length);

    static string MediaTypeOf(byte[] manifest) => ParseOrNull(manifest) switch
    {
        { } json when json["mediaType"] is JsonValue type && type.TryGetValue<string>(out var text)
            && text.StartsWith("application/", StringComparison.Ordinal)
            && text.All(c => c is > ' ' and < '\x7f') => text,
        { } json when json["manifests"] is not null => Index,
        _ => Manifest,
    };

    static JsonObject? ParseOrNull(byte[] content)
    {
        try
        {
            return JsonNode.Parse(content, documentOptions: new() { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static async ValueTask SaveTextAsync(
        PackageTree tree, string text, string userName, CancellationToken ct, params string[] path) =>
        await tree.SaveAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), userName, replace: true, ct, path);

    static string Digest(byte[] hash) => "sha256:" + Convert.ToHexStringLower(hash);

    static LocalAnswer.Document Json(JsonObject json, string mediaType) =>
        new(JsonSerializer.SerializeToUtf8Bytes(json), mediaType);
}
