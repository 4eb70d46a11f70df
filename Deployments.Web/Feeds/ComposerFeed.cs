using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>PHP packages, as Composer 2 reads them: <c>packages.json</c>, <c>p2/</c>, and archives anywhere.</summary>
/// <remarks>
/// See Composer's "Repositories". <c>packages.json</c> is always this feed's own. An upstream's archives are led to
/// <c>dist/{vendor}/{name}/{version}/{file}</c>; its git sources are left out, because they would pass this server by.
/// </remarks>
public sealed partial class ComposerFeed : StaticFeed
{
    const string ManifestFile = "composer.json";
    const string Unset = "__unset"; // in minified documents: the entry before had it, this one has not

    static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <inheritdoc/>
    /// <remarks>Of its API.</remarks>
    public override IReadOnlyList<string>? QueryParameters(FeedRequest request) =>
        TryReadDownload(request) is null ? null : [];

    /// <inheritdoc/>
    public override string Key => "composer";

    /// <inheritdoc/>
    public override string DisplayName => "Composer";

    /// <inheritdoc/>
    public override string? OsvEcosystem => "Packagist";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => ComposerVersionOrder.Instance;

    /// <inheritdoc/>
    /// <remarks>A branch (<c>dev-feature/x</c>) has a slash in its version.</remarks>
    public override PackageCoordinates? TryReadDownload(FeedRequest request) =>
        request.Segments is ["dist", _, _, _, _] && IsPlain(request.Segments.Where((_, i) => i != 3))
            ? TryReadFile([.. request.Segments])
            : null;

    /// <inheritdoc/>
    public override PackageCoordinates FromNames(string group, string name, string version) =>
        group.Length == 0 && name.Split('/') is [{ Length: > 0 } vendor, { Length: > 0 } rest]
            ? new PackageCoordinates(vendor, rest, version)
            : new PackageCoordinates(group, name, version);

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) => new(
        package.Group.ToLowerInvariant(), package.Name.ToLowerInvariant(), VersionKey(package.Version));

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) => PackageUrl.Of(
        PackageType, package.Group.ToLowerInvariant(), package.Name.ToLowerInvariant(), package.Version);

    /// <inheritdoc/>
    public override bool HasUpstreamIndex(Uri connector) => true;

    /// <inheritdoc/>
    public override Uri UpstreamIndex(Uri connector) =>
        connector.AbsolutePath.EndsWith("/packages.json", StringComparison.Ordinal)
            ? connector
            : Below(connector, "packages.json");

    /// <inheritdoc/>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index)
    {
        if (request.Method is "GET" or "HEAD" && TryReadDownload(request) is not null)
            return new Uri(UpstreamIndex(connector), request.RawPath); // an upstream of the same kind
        if (request.Method is not ("GET" or "HEAD") || PackageOf(request) is not { } package
            || index is not { ValueKind: JsonValueKind.Object } root
            || !root.TryGetProperty("metadata-url", out var template) || template.ValueKind != JsonValueKind.String)
            return null;
        var path = template.GetString()!.Replace("%package%", package, StringComparison.Ordinal);
        return Uri.TryCreate(UpstreamIndex(connector), path, out var url) && url.Scheme is "http" or "https"
            ? url
            : null;
    }

    /// <inheritdoc/>
    public override bool RewritesAnswer(FeedRequest request) => PackageOf(request) is not null;

    /// <inheritdoc/>
    public override byte[] Rewrite(byte[] document, RewriteContext context)
    {
        try
        {
            var json = JsonNode.Parse(document) ?? throw new FormatException("The document is JSON null.");
            foreach (var (package, list) in json["packages"] as JsonObject ?? [])
            {
                // A minified document leaves out what did not change; an address changes with the version here.
                JsonObject? inherited = null;
                foreach (var entry in (list as JsonArray ?? []).OfType<JsonObject>())
                {
                    entry.Remove("source");
                    if (entry.ContainsKey("dist"))
                        inherited = entry["dist"] as JsonObject;
                    if (inherited is null)
                        continue;
                    var dist = (JsonObject)inherited.DeepClone();
                    LeadDist(dist, package, TextOf(entry["version"]) ?? "-", context);
                    entry["dist"] = dist;
                }
            }

            return JsonSerializer.SerializeToUtf8Bytes(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("The upstream's list of versions cannot be read.", e);
        }
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        "dist", package.Group, package.Name) + "/" + PercentEncoding.EncodeSegment(package.Version)
        + "/" + PercentEncoding.EncodeSegment(package.Name + ".zip");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("composer", $"composer config repositories.feed composer {feed.AbsoluteUri.TrimEnd('/')}"),
        new("composer, recording each download", $$"""
            // composer.json
            "repositories": [{ "type": "composer", "url": "{{feed.AbsoluteUri.TrimEnd('/')}}",
              "options": { "http": { "header": [
                "X-ProGet-Deployment-Application: composer",
                "X-ProGet-Deployment-Description: Nightly build",
                "X-ProGet-Deployment-Target: web-01" ] } } }]
            """),
        new("curl", $"""
            # a zip file with its composer.json; the version may stand there instead
            curl -T acme-log.zip -H "X-ApiKey: $KEY" "{feed}?version=1.2.0"
            """),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Segments is ["packages.json"])
        {
            var root = new JsonObject
            {
                ["packages"] = new JsonObject(),
                ["metadata-url"] = request.FeedUrl.AbsolutePath + "p2/%package%.json",
            };
            if (AdvisoriesOf(request) is { } advisories)
                root["security-advisories"] = advisories;
            return Json(root);
        }

        if (PackageOf(request) is { } name)
        {
            var isBranches = name.EndsWith("~dev", StringComparison.Ordinal);
            string[] folder = ["dist", .. (isBranches ? name[..^4] : name).Split('/')];
            return HasFiles(tree, folder) ? await VersionsAsync(request, tree, folder, isBranches, ct) : null;
        }

        return await base.ReadAsync(request, tree, ct)
            ?? (TryReadDownload(request) is { } package
                && HasFiles(tree, "dist", package.Group.ToLowerInvariant(), package.Name.ToLowerInvariant())
                ? new LocalAnswer.Status(404, "This feed has the package, but not this version.")
                : null);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A zip file sent to the feed's own address is filed by its composer.json, or by <c>?version=</c>.
    /// </remarks>
    protected override async ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Segments.Count > 1)
            return new LocalAnswer.Status(400, "Upload zip files to the feed's own address.");
        try
        {
            await using var upload = await tree.SpoolAsync(request.Body, ct);
            var manifest = JsonNode.Parse(PackageArchive.Read(upload, ReadManifest),
                documentOptions: Strict) as JsonObject;
            var name = (TextOf(manifest?["name"]) ?? "").ToLowerInvariant();
            var version = request.Query("version") ?? TextOf(manifest?["version"]) ?? "";
            if (name.Split('/') is not [var vendor, var project] || !IsName(vendor) || !IsName(project)
                || !VersionPattern().IsMatch(version))
            {
                return new LocalAnswer.Status(
                    400, "The composer.json names no vendor/name and version; add ?version= where it has none.");
            }

            string[] folder = ["dist", vendor, project, version];
            upload.Position = 0;
            if (await SaveAsync(upload, request, tree, ct, [.. folder, project + ".zip"])
                is LocalAnswer.Status { Code: not 201 } refused)
                return refused;
            manifest!["name"] = name;
            manifest["version"] = version;
            await tree.SaveAsync(
                new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest)), request.UserName, replace: true, ct,
                [.. folder, ManifestFile]);
            return new LocalAnswer.Status(201);
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            return new LocalAnswer.Status(400, "This is no zip file with a composer.json that can be read.");
        }
    }

    /// <inheritdoc/>
    public override ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        StoreAsync(upload, tree, ct);

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path) =>
        path is not ["dist", var vendor, var name, var version, var file] || file == ManifestFile ? null
        : IsName(vendor) && IsName(name) && VersionPattern().IsMatch(version)
            ? new PackageCoordinates(vendor, name, version)
            : PackageCoordinates.Unresolved(path);

    /// <inheritdoc/>
    protected override string MediaType(string file) => "application/zip";

    static async ValueTask<LocalAnswer> VersionsAsync(
        FeedRequest request, PackageTree tree, string[] folder, bool isBranches, CancellationToken ct)
    {
        var entries = new JsonArray();
        foreach (var version in tree.Directories(folder).Where(version => IsBranch(version) == isBranches))
        {
            string[] file = [.. folder, version, folder[^1] + ".zip"];
            if (await tree.InfoAsync(ct, file) is not { } info
                || tree.Find([.. folder, version, ManifestFile]) is not { } manifest
                || JsonNode.Parse(await File.ReadAllBytesAsync(manifest, ct)) is not JsonObject entry)
                continue;
            entry.Remove("source");
            entry["dist"] = new JsonObject
            {
                ["type"] = "zip",
                ["url"] = request.UrlOf(file).AbsoluteUri,
                ["shasum"] = info.Sha1,
            };
            entries.Add(entry);
        }

        return Json(new JsonObject
        {
            ["packages"] = new JsonObject { [$"{folder[1]}/{folder[2]}"] = entries },
        });
    }

    static void LeadDist(JsonObject dist, string package, string version, RewriteContext context)
    {
        dist.Remove("mirrors");
        if (TextOf(dist["url"]) is not { } url || !Uri.TryCreate(context.Connector, url, out var upstream)
            || upstream.Scheme is not ("http" or "https") || package.Split('/') is not [var vendor, var name])
        {
            dist["url"] = ""; // nothing that this server could fetch
            return;
        }

        var kind = TextOf(dist["type"]) is "tar" ? "tar" : "zip";
        var reference = TextOf(dist["reference"]) is { Length: > 0 and <= 100 } text
            && text.All(char.IsAsciiLetterOrDigit)
            ? text
            : name;
        dist["url"] = context.Lead(upstream, "dist", vendor, name, version, $"{reference}.{kind}").AbsoluteUri;
    }

    // p2/{vendor}/{name}.json, p2/{vendor}/{name}~dev.json: "{vendor}/{name}" with the mark of branches, else null.
    static string? PackageOf(FeedRequest request) =>
        request.Segments is ["p2", var vendor, var file] && file.EndsWith(".json", StringComparison.Ordinal)
        && file[..^5] is var name && IsName(vendor)
        && IsName(name.EndsWith("~dev", StringComparison.Ordinal) ? name[..^4] : name)
            ? $"{vendor}/{name}"
            : null;

    static byte[] ReadManifest(ZipArchive archive) => archive.Entries
        .Where(entry => entry.Name == ManifestFile && entry.FullName.Split('/').Length <= 2)
        .OrderBy(entry => entry.FullName.Length).FirstOrDefault() is { } manifest
            ? PackageArchive.ReadManifest(manifest)
            : throw new InvalidDataException("There is no composer.json in this file.");

    // Composer's own normal form: four numbers, then the stability.
    static string VersionKey(string version)
    {
        var text = version.Trim().ToLowerInvariant();
        if (NumbersPattern().Match(text) is not { Success: true, Groups: var parts })
            return text;
        var numbers = parts["numbers"].Value.Split('.').Concat(Enumerable.Repeat("0", 3)).Take(4);
        var stability = parts["stability"].Value switch
        {
            "" or "stable" => "",
            "b" or "beta" => "-beta",
            "a" or "alpha" => "-alpha",
            "rc" => "-rc",
            _ => "-patch",
        };
        var number = stability.Length > 0 ? parts["number"].Value.TrimStart('.', '-') : "";
        return string.Join('.', numbers) + stability + number + (parts["dev"].Success ? "-dev" : "");
    }

    static bool IsBranch(string version) => version.StartsWith("dev-", StringComparison.OrdinalIgnoreCase)
        || version.EndsWith("-dev", StringComparison.OrdinalIgnoreCase);

    static string? TextOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) && text != Unset ? text : null;

    static LocalAnswer.Document Json(JsonObject json) =>
        new(JsonSerializer.SerializeToUtf8Bytes(json), "application/json");

    static bool IsName(string text) => NamePattern().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9_.-]{0,100}[A-Za-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[0-9A-Za-z][0-9A-Za-z._+#/-]{0,150}\z", RegexOptions.NonBacktracking)]
    private static partial Regex VersionPattern();

    [GeneratedRegex(
        @"\Av?(?<numbers>[0-9]{1,9}(\.[0-9]{1,9}){0,3})"
        + @"([._-]?(?<stability>stable|beta|b|rc|alpha|a|patch|pl|p)(?<number>[.-]?[0-9]{1,9})?)?(?<dev>[.-]?dev)?\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex NumbersPattern();
}
