using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;
using Microsoft.AspNetCore.StaticFiles;

namespace Deployments.Web.Feeds;

/// <summary>Asset directories: files of any kind below <c>content/</c>.</summary>
/// <remarks>
/// See ProGet's Asset Directory API. A file has no version: the first digits of its content's hash stand for it, or,
/// where a connector serves it, when it was last modified.
/// </remarks>
public sealed partial class AssetFeed : StaticFeed
{
    const int HashDigits = 12;

    static readonly string[] OtherNames = ["assets", "Asset directory", "raw"];
    static readonly FileExtensionContentTypeProvider MediaTypes = new();

    /// <inheritdoc/>
    /// <remarks>Of any web server.</remarks>
    public override IReadOnlyList<string>? QueryParameters(FeedRequest request) => null;

    /// <inheritdoc/>
    public override string Key => "asset";

    /// <inheritdoc/>
    public override string DisplayName => "Assets";

    /// <inheritdoc/>
    public override string Root => "endpoints";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public override string PackageType => "generic";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => NaturalVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageCoordinates? TryReadDownload(FeedRequest request) =>
        request.Segments is ["content", _, ..] && IsPlain(request.Segments)
            ? new PackageCoordinates("", string.Join('/', request.Segments.Skip(1)), "")
            : null;

    /// <inheritdoc/>
    /// <remarks>A file may be replaced under its name.</remarks>
    public override bool IsImmutable(FeedRequest request, PackageCoordinates package) => false;

    /// <inheritdoc/>
    public override PackageCoordinates WithAnswer(PackageCoordinates package, Func<string, string?> header) =>
        package.Version.Length == 0 && DateTimeOffset.TryParse(
            header("Last-Modified"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var modified)
            ? package with
            {
                Version = modified.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            }
            : package;

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package)
    {
        var slash = package.Name.LastIndexOf('/');
        return PackageUrl.Of(
            PackageType, slash < 0 ? "" : package.Name[..slash], package.Name[(slash + 1)..], package.Version);
    }

    /// <inheritdoc/>
    public override FeedAccess RequiredAccess(FeedRequest request) => request.Method is "POST" or "PUT"
        && request.Segments is ["delete", ..]
            ? FeedAccess.Delete
            : base.RequiredAccess(request);

    /// <inheritdoc/>
    public override bool RewritesAnswer(FeedRequest request) => request.Segments is ["dir" or "metadata", ..];

    /// <inheritdoc/>
    /// <remarks>Items name the address of their content.</remarks>
    public override byte[] Rewrite(byte[] document, RewriteContext context)
    {
        try
        {
            var json = JsonNode.Parse(document) ?? throw new FormatException("The listing is JSON null.");
            foreach (var item in (json as JsonArray ?? [json]).OfType<JsonObject>().ToList())
            {
                if (item["content"] is JsonValue value && value.TryGetValue<string>(out var url)
                    && Uri.TryCreate(context.Connector, url, out var upstream)
                    && upstream.Scheme is "http" or "https")
                    item["content"] = context.Lead(upstream, PathOf(item)).AbsoluteUri;
            }

            return JsonSerializer.SerializeToUtf8Bytes(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("The upstream's listing cannot be read.", e);
        }
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf("content", package.Name);

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("curl", $"""
            curl -O {feed}content/tools/setup.exe
            curl -T setup.exe -H "X-ApiKey: $KEY" {feed}content/tools/setup.exe
            """),
    ];

    /// <inheritdoc/>
    public override PackageFile? StoredPackage(string[] path) =>
        PackageFile.At(path[^1], ["content", .. path]) with { Removed = path };

    /// <inheritdoc/>
    public override PackageFile? FileOf(PackageCoordinates package) =>
        PackageFile.At(package.Name[(package.Name.LastIndexOf('/') + 1)..], ["content", .. package.Name.Split('/')]);

    /// <inheritdoc/>
    public override ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        SaveAsync(upload.Body, upload, tree, ct, [.. upload.Segments]);

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. request.Segments.Skip(1)];
        if (!IsPlain(request.Segments))
            return null;
        switch (request.Segments)
        {
            case ["content", _, ..] when tree.Find(path) is { } file && await tree.InfoAsync(ct, path) is { } info:
                return new LocalAnswer.File(
                    file, MediaType(path[^1]), TryReadDownload(request)! with { Version = info.Sha256[..HashDigits] });
            case ["metadata", _, ..] when tree.Find(path) is not null:
                return Json((await ItemAsync(request, tree, path, ct))!);
            case ["dir", ..]:
                var items = new JsonArray();
                await ListAsync(items, request, tree, path, ct);
                return items.Count == 0 ? null : Json(items);
            default:
                return null;
        }
    }

    /// <inheritdoc/>
    public override ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct) =>
        ValueTask.FromResult<LocalAnswer?>(mayBeEmpty && request.Segments is ["dir"] ? Json(new JsonArray()) : null);

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. request.Segments.Skip(1)];
        return request.Segments switch
        {
            ["delete", _, ..] => await DeleteAsync(request, tree, ct),
            ["content", _, ..] when request.Query("multipart") is { } step =>
                await StorePartsAsync(step, request, tree, path, ct),
            ["content", _, ..] => await SaveAsync(request.Body, request, tree, ct, path),
            _ => new LocalAnswer.Status(400, "Upload to content/ and the file's path."),
        };
    }

    /// <inheritdoc/>
    protected override ValueTask<LocalAnswer> DeleteAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. request.Segments.Skip(1)];
        var found = request.Segments is ["delete" or "content", _, ..] && IsPlain(path)
            && (tree.Find(path) is not null
                || (request.Query("recursive") is "true" && tree.Files(path).Concat(tree.Directories(path)).Any()));
        return ValueTask.FromResult<LocalAnswer>(found && tree.Delete(path)
            ? new LocalAnswer.Status(200)
            : new LocalAnswer.Status(404, "There is no such file; a directory goes with ?recursive=true only."));
    }

    /// <inheritdoc/>
    /// <remarks>Any file may be replaced: it has no version that could be taken.</remarks>
    protected override PackageCoordinates? TryReadFile(string[] path) => null;

    /// <inheritdoc/>
    protected override string MediaType(string file) =>
        MediaTypes.TryGetContentType(file, out var type) ? type : "application/octet-stream";

    async ValueTask ListAsync(
        JsonArray items, FeedRequest request, PackageTree tree, string[] folder, CancellationToken ct)
    {
        // Old clients send "false)" for false.
        var isRecursive = request.Query("recursive")?.StartsWith("true", StringComparison.OrdinalIgnoreCase) == true;
        foreach (var name in tree.Directories(folder))
        {
            items.Add(new JsonObject { ["name"] = name, ["parent"] = string.Join('/', folder), ["type"] = "dir" });
            if (isRecursive)
                await ListAsync(items, request, tree, [.. folder, name], ct);
        }

        foreach (var name in tree.Files(folder))
        {
            if (await ItemAsync(request, tree, [.. folder, name], ct) is { } item)
                items.Add(item);
        }
    }

    async ValueTask<JsonObject?> ItemAsync(
        FeedRequest request, PackageTree tree, string[] path, CancellationToken ct) =>
        await tree.InfoAsync(ct, path) is { } info
            ? new JsonObject
            {
                ["name"] = path[^1],
                ["parent"] = string.Join('/', path[..^1]),
                ["size"] = info.Size,
                ["type"] = MediaType(path[^1]),
                ["content"] = request.UrlOf(["content", .. path]).AbsoluteUri,
                ["created"] = info.UploadedAt.UtcDateTime,
                ["modified"] = info.UploadedAt.UtcDateTime,
                ["md5"] = info.Md5,
                ["sha1"] = info.Sha1,
                ["sha256"] = info.Sha256,
                ["sha512"] = info.Sha512,
            }
            : null;

    static string[] PathOf(JsonObject item)
    {
        string[] path = [.. $"{item["parent"]}/{item["name"]}".Split('/', StringSplitOptions.RemoveEmptyEntries)];
        return ["content", .. path.Length > 0 ? path : ["-"]];
    }

    static LocalAnswer.Document Json(JsonNode json) =>
        new(JsonSerializer.SerializeToUtf8Bytes(json), "application/json");
}
