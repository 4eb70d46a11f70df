using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Cargo registries by the sparse protocol: <c>config.json</c>, index files, crates.</summary>
/// <remarks>
/// See "The Cargo Book", chapters "Registry Index" and "Registry Web API". <c>config.json</c> is always this feed's
/// own, so that crates are downloaded from <c>api/v1/crates/{crate}/{version}/download</c>. A connector's address is
/// the index, with or without <c>config.json</c>; that names the place of the upstream's crates.
/// </remarks>
public sealed partial class CargoFeed : StaticFeed
{
    const string ConfigFile = "config.json";
    const string LineFile = "index-line";
    const int PublishJsonBytesMax = 1 << 20;

    static readonly string[] CratesPath = ["api", "v1", "crates"];

    /// <inheritdoc/>
    /// <remarks>Of its API.</remarks>
    public override IReadOnlyList<string>? QueryParameters(FeedRequest request) =>
        TryReadDownload(request) is null ? null : [];

    /// <inheritdoc/>
    public override string Key => "cargo";

    /// <inheritdoc/>
    public override string DisplayName => "Cargo";

    /// <inheritdoc/>
    public override string? OsvEcosystem => "crates.io";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => SemVerVersionOrder.Instance;

    /// <inheritdoc/>
    /// <remarks>A registry holds no two names that differ by case or by dash and underscore.</remarks>
    public override PackageKeys Normalize(PackageCoordinates package) => new(
        "", package.Name.ToLowerInvariant().Replace('-', '_'), SemVerSyntax.WithoutBuild(package.Version));

    /// <inheritdoc/>
    public override bool HasUpstreamIndex(Uri connector) => true;

    /// <inheritdoc/>
    public override Uri UpstreamIndex(Uri connector) => Below(IndexOf(connector), ConfigFile);

    /// <inheritdoc/>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index)
    {
        if (request.Method is not ("GET" or "HEAD") || request.Segments is [] or [ConfigFile])
            return null;
        if (TryReadDownload(request) is { } crate)
            return DownloadUrl(Text(index, "dl"), crate);
        if (request.Segments is ["api", ..])
        {
            return request.Segments is ["api", "v1", "crates"] && Text(index, "api") is { Length: > 0 } api
                ? TryUrl($"{api.TrimEnd('/')}/{request.RawPath}{request.RawQuery}")
                : null;
        }

        return Below(IndexOf(connector), request.RawPath);
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) =>
        PathOf([.. CratesPath, package.Name, package.Version, "download"]);

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("cargo", $"""
            # ~/.cargo/config.toml
            [source.crates-io]
            replace-with = "feed"
            [source.feed]
            registry = "sparse+{feed}"
            """),
        new("cargo publish", $"""
            # ~/.cargo/config.toml
            [registries.feed]
            index = "sparse+{feed}"
            # then: cargo publish --registry feed --token KEY
            """),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Segments is [ConfigFile])
            return Config(request);
        if (await base.ReadAsync(request, tree, ct) is { } answer)
            return answer;
        if (TryReadDownload(request) is { } crate
            && tree.Find([.. CratesPath, crate.Name.ToLowerInvariant(), crate.Version, "download"]) is { } file)
            return new LocalAnswer.File(file, MediaType("download"));
        if (request.Segments is ["api", "v1", "crates"])
            return await SearchAsync(request, tree, ct) is { Count: > 0 } found ? Found(request, found) : null;

        // A crate that is here has all its versions here.
        var name = (TryReadDownload(request)?.Name ?? IndexedName([.. request.Segments]) ?? "").ToLowerInvariant();
        if (name.Length == 0 || !HasFiles(tree, [.. CratesPath, name]))
            return null;
        var lines = new StringBuilder();
        foreach (var version in TryReadDownload(request) is null ? tree.Directories([.. CratesPath, name]) : [])
        {
            if (tree.Find([.. CratesPath, name, version, LineFile]) is { } line)
                lines.Append(await File.ReadAllTextAsync(line, ct));
        }

        return lines.Length > 0
            ? new LocalAnswer.Document(Encoding.UTF8.GetBytes(lines.ToString()), "text/plain")
            : new LocalAnswer.Status(404, "This feed has the crate, but not this version.");
    }

    /// <inheritdoc/>
    public override LocalAnswer? EmptyAnswer(FeedRequest request) =>
        request.Segments is ["api", "v1", "crates"] ? Found(request, []) : null;

    // The newest line of each crate whose name has what is searched in it.
    static async ValueTask<List<JsonObject>> SearchAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        var wanted = Key(request.Query("q") ?? "");
        var crates = new List<JsonObject>();
        foreach (var name in tree.Directories(CratesPath)
            .Where(name => Key(name).Contains(wanted, StringComparison.Ordinal)))
        {
            var newest = SemVerSyntax.Newest([.. tree.Directories([.. CratesPath, name])
                .Where(version => tree.Find([.. CratesPath, name, version, LineFile]) is not null)]);
            if (newest is not null && tree.Find([.. CratesPath, name, newest, LineFile]) is { } line
                && Name(JsonNode.Parse(await File.ReadAllTextAsync(line, ct))?["name"]) is { } shown)
                crates.Add(new JsonObject { ["name"] = shown, ["max_version"] = newest, ["description"] = "" });
        }

        return crates;

        static string Key(string text) => text.Trim().ToLowerInvariant().Replace('-', '_');
    }

    static LocalAnswer.Document Found(FeedRequest request, List<JsonObject> crates)
    {
        var count = int.TryParse(request.Query("per_page"), out var wanted) ? Math.Clamp(wanted, 1, 100) : 10;
        var json = new JsonObject
        {
            ["crates"] = new JsonArray([.. crates.Take(count)]),
            ["meta"] = new JsonObject { ["total"] = crates.Count },
        };
        return new LocalAnswer.Document(JsonSerializer.SerializeToUtf8Bytes(json), "application/json");
    }

    /// <inheritdoc/>
    protected override ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) => request.Segments switch
        {
            ["api", "v1", "crates", "new"] => PublishAsync(request, tree, ct),
            ["api", "v1", "crates", var name, var version, "unyank"] =>
                YankAsync(false, name, version, request, tree, ct),
            [ConfigFile] => ValueTask.FromResult<LocalAnswer>(
                new LocalAnswer.Status(400, "config.json is this feed's own and is not replaced.")),
            _ => base.StoreAsync(request, tree, ct),
        };

    /// <inheritdoc/>
    protected override ValueTask<LocalAnswer> DeleteAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) => request.Segments switch
        {
            ["api", "v1", "crates", var name, var version, "yank"] =>
                YankAsync(true, name, version, request, tree, ct),
            _ => base.DeleteAsync(request, tree, ct),
        };

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path) =>
        path is ["api", "v1", "crates", var name, var version, "download"] && IsName(name)
        && SemVerSyntax.IsVersion(version)
            ? new PackageCoordinates("", name, version)
            : null;

    /// <inheritdoc/>
    public override PackageFile? StoredPackage(string[] path) => TryReadFile(path) is { } crate
        ? PackageFile.At(FileName(crate), path) with { Removed = path[..^1] }
        : null;

    /// <inheritdoc/>
    public override string[] FolderOf(PackageCoordinates package) =>
        [.. CratesPath, package.Name.ToLowerInvariant()];

    /// <inheritdoc/>
    public override PackageFile? FileOf(PackageCoordinates package) => package.Version.Length > 0
        ? PackageFile.At(FileName(package), [.. CratesPath, package.Name, package.Version, "download"])
        : null;

    /// <inheritdoc/>
    /// <remarks>The index says more of a crate than the file alone does.</remarks>
    public override ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        ValueTask.FromResult<LocalAnswer>(
            new LocalAnswer.Status(400, "Crates are uploaded by 'cargo publish', which describes them too."));

    /// <inheritdoc/>
    protected override string MediaType(string file) => file == "download" ? "application/gzip" : "text/plain";

    static string FileName(PackageCoordinates crate) => $"{crate.Name}-{crate.Version}.crate";

    static Uri IndexOf(Uri connector)
    {
        var text = connector.AbsoluteUri;
        text = text.StartsWith("sparse+", StringComparison.Ordinal) ? text["sparse+".Length..] : text;
        return new Uri(text.EndsWith("/" + ConfigFile, StringComparison.Ordinal) ? text[..^ConfigFile.Length] : text);
    }

    // A client that sends credentials for the index must send them for crates too, and does so only when told.
    static LocalAnswer.Document Config(FeedRequest request)
    {
        var config = new JsonObject
        {
            ["dl"] = request.UrlOf(CratesPath).AbsoluteUri,
            ["api"] = request.FeedUrl.AbsoluteUri.TrimEnd('/'),
        };
        if (request.Header("Authorization") is not null)
            config["auth-required"] = true;
        return new LocalAnswer.Document(JsonSerializer.SerializeToUtf8Bytes(config), "application/json");
    }

    static Uri? DownloadUrl(string template, PackageCoordinates crate)
    {
        if (template.Length == 0 || template.Contains("{sha256-checksum}", StringComparison.Ordinal))
            return null;
        if (!template.Contains("{crate}", StringComparison.Ordinal)
            && !template.Contains("{version}", StringComparison.Ordinal)
            && !template.Contains("prefix}", StringComparison.Ordinal))
            template = $"{template.TrimEnd('/')}/{{crate}}/{{version}}/download";
        var prefix = string.Join('/', IndexPath(crate.Name, lower: false)[..^1]);
        return TryUrl(template
            .Replace("{crate}", crate.Name, StringComparison.Ordinal)
            .Replace("{version}", PercentEncoding.EncodeSegment(crate.Version), StringComparison.Ordinal)
            .Replace("{lowerprefix}", prefix.ToLowerInvariant(), StringComparison.Ordinal)
            .Replace("{prefix}", prefix, StringComparison.Ordinal));
    }

    static Uri? TryUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;

    static string Text(JsonElement? index, string property) =>
        index is { ValueKind: JsonValueKind.Object } config && config.TryGetProperty(property, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    // The crate whose index file this is.
    static string? IndexedName(string[] path) =>
        path is [.., var name] && IsName(name) && path.AsSpan().SequenceEqual(IndexPath(name)) ? name : null;

    // 1/a, 2/ab, 3/a/abc, ab/cd/abcd; in lower case.
    static string[] IndexPath(string name, bool lower = true)
    {
        name = lower ? name.ToLowerInvariant() : name;
        return name.Length switch
        {
            1 => ["1", name],
            2 => ["2", name],
            3 => ["3", name[..1], name],
            _ => [name[..2], name[2..4], name],
        };
    }

    // The body: the length of the JSON, the JSON, the length of the crate, the crate; lengths as 32-bit little-endian.
    async ValueTask<LocalAnswer> PublishAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        try
        {
            await using var body = await tree.SpoolAsync(request.Body, ct);
            if (await PartAsync(body, PublishJsonBytesMax, ct) is not { } json
                || JsonNode.Parse(json) is not JsonObject manifest
                || Name(manifest["name"]) is not { } name || !IsName(name)
                || Name(manifest["vers"]) is not { } version || !SemVerSyntax.IsVersion(version)
                || await LengthAsync(body, ct) is not { } length || length != body.Length - body.Position)
                return new LocalAnswer.Status(400, "This is not what 'cargo publish' sends.");

            // The index is made of a line beside each crate, so that two versions can be published at once. A crate
            // without one is what an earlier attempt left.
            string[] folder = [.. CratesPath, name.ToLowerInvariant(), version];
            if (await SaveAsync(body, request, tree, ct, [.. folder, "download"]) is LocalAnswer.Status
                { Code: not 201 } refused && (refused.Code != 409 || tree.Find([.. folder, LineFile]) is not null))
                return refused;
            var stored = (await tree.InfoAsync(ct, [.. folder, "download"]))!;
            var line = Encoding.UTF8.GetBytes(IndexLine(manifest, name, version, stored.Sha256) + "\n");
            await tree.SaveAsync(new MemoryStream(line), request.UserName, replace: true, ct, [.. folder, LineFile]);
            return new LocalAnswer.Document("""{"warnings":{}}"""u8.ToArray(), "application/json");
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or InvalidOperationException
            or ArgumentException)
        {
            return new LocalAnswer.Status(400, "The crate's description cannot be read.");
        }
    }

    // What the client publishes and what the index says differ in a few names.
    static string IndexLine(JsonObject manifest, string name, string version, string checksum)
    {
        var dependencies = new JsonArray();
        foreach (var dependency in (manifest["deps"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var renamed = Name(dependency["explicit_name_in_toml"]);
            var entry = new JsonObject
            {
                ["name"] = renamed ?? Name(dependency["name"]),
                ["req"] = Name(dependency["version_req"]),
            };
            foreach (var key in new[] { "features", "optional", "default_features", "target", "kind", "registry" })
                entry[key] = dependency[key]?.DeepClone();
            if (renamed is not null)
                entry["package"] = Name(dependency["name"]);
            dependencies.Add(entry);
        }

        return new JsonObject
        {
            ["name"] = name,
            ["vers"] = version,
            ["deps"] = dependencies,
            ["cksum"] = checksum,
            ["features"] = new JsonObject(),
            ["features2"] = manifest["features"]?.DeepClone() ?? new JsonObject(),
            ["yanked"] = false,
            ["links"] = manifest["links"]?.DeepClone(),
            ["rust_version"] = manifest["rust_version"]?.DeepClone(),
            ["v"] = 2,
        }.ToJsonString();
    }

    // A yanked crate can still be downloaded, by those whose lock files name it.
    static async ValueTask<LocalAnswer> YankAsync(
        bool isYanked, string name, string version, FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. CratesPath, name.ToLowerInvariant(), version, LineFile];
        if (!IsName(name) || !SemVerSyntax.IsVersion(version) || tree.Find(path) is not { } file)
            return new LocalAnswer.Status(404, "This feed has no such version of the crate.");
        try
        {
            var line = JsonNode.Parse(await File.ReadAllTextAsync(file, ct))!.AsObject();
            line["yanked"] = isYanked;
            await tree.SaveAsync(new MemoryStream(Encoding.UTF8.GetBytes(line.ToJsonString() + "\n")),
                request.UserName, replace: true, ct, path);
            return new LocalAnswer.Document("""{"ok":true}"""u8.ToArray(), "application/json");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new LocalAnswer.Status(409, "The crate's line of the index, put here by hand, cannot be read.");
        }
    }

    static async ValueTask<byte[]?> PartAsync(Stream body, int lengthMax, CancellationToken ct)
    {
        if (await LengthAsync(body, ct) is not { } length || length > lengthMax)
            return null;
        var part = new byte[length];
        return await body.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, ct) == part.Length
            ? part
            : null;
    }

    static async ValueTask<uint?> LengthAsync(Stream body, CancellationToken ct)
    {
        var length = new byte[4];
        return await body.ReadAtLeastAsync(length, 4, throwOnEndOfStream: false, ct) == 4
            ? BinaryPrimitives.ReadUInt32LittleEndian(length)
            : null;
    }

    static string? Name(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    static bool IsName(string text) => NamePattern().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]{0,63}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
