using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Conda channels, as conda, mamba and pixi read them: <c>{subdir}/repodata.json</c> and packages beside it.
/// </summary>
/// <remarks>
/// See CEP 15: <c>info.base_url</c> of the index may name another host, so it is taken out, and the packages are asked
/// for beside the index; where the upstream names one, its packages lie there. Packed copies of the index could not be
/// read for that and are not passed on; clients then take the plain one. Where there is no index,
/// <c>CondaFeed.Index.cs</c> makes it.
/// </remarks>
public sealed partial class CondaFeed : StaticFeed
{
    static readonly string[] Indexes = ["repodata.json", "current_repodata.json", "repodata_from_packages.json"];

    /// <inheritdoc/>
    public override string Key => "conda";

    /// <inheritdoc/>
    public override string DisplayName => "Conda";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => CondaVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) =>
        new("", package.Name.ToLowerInvariant(), package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) => PackageUrl.Of(
        PackageType, "", package.Name.ToLowerInvariant(), package.Version,
        ("build", package.QualifierValue("build")), ("subdir", package.QualifierValue("subdir")),
        ("type", package.QualifierValue("type")));

    /// <inheritdoc/>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        request.Segments is [.., var file] && IsPackedIndex(file)
            ? null
            : base.UpstreamUrl(request, connector, index);

    /// <inheritdoc/>
    public override bool RewritesAnswer(FeedRequest request) =>
        request.Segments is [.., var file] && Indexes.Contains(file);

    /// <inheritdoc/>
    public override byte[] Rewrite(byte[] document, RewriteContext context)
    {
        // Indexes have hundreds of megabytes: only a document that says so is taken apart.
        if (document.AsSpan().IndexOf("\"base_url\""u8) < 0)
            return document;
        try
        {
            var json = JsonNode.Parse(document) as JsonObject ?? throw new FormatException("The index is no object.");
            if (json["info"] is not JsonObject info || info["base_url"] is not JsonValue value
                || !value.TryGetValue<string>(out var text)
                || !Uri.TryCreate(IndexUrl(context), text, out var address)
                || address.Scheme is not ("http" or "https"))
                return document;
            // Clients put the file name behind it, and this server behind the sealed address: see LedUrl.
            var folder = new Uri(address.AbsoluteUri.TrimEnd('/') + "/");
            info["base_url"] = context.Lead(folder, [.. context.Request.Segments.SkipLast(1)]).AbsoluteUri;
            return JsonSerializer.SerializeToUtf8Bytes(json);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new FormatException("The upstream's channel index cannot be read.", e);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A channel's folder is sealed, not each of its files.</remarks>
    public override Uri LedUrl(FeedRequest request, Uri led) =>
        led.AbsolutePath.EndsWith('/') && request.Segments is [.., var file] && IsPlain([file])
            ? new Uri(led, "./" + PercentEncoding.EncodeSegment(file))
            : led;

    /// <inheritdoc/>
    public override PackageFile? FileOf(PackageCoordinates package) =>
        package.QualifierValue("subdir") is { Length: > 0 } subdir
        && package.QualifierValue("type") is "conda" or "tar.bz2"
        && $"{package.Name}-{package.Version}-{package.QualifierValue("build")}" is var stem
        && FilePattern().IsMatch(stem)
            ? PackageFile.At($"{stem}.{package.QualifierValue("type")}", subdir,
                $"{stem}.{package.QualifierValue("type")}")
            : null;

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        Qualified(package, "subdir", "noarch"), $"{package.Name}-{package.Version}-{Qualified(package, "build", "0")}"
        + $".{Qualified(package, "type", "conda")}");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("conda, mamba", $"conda config --add channels {feed.AbsoluteUri.TrimEnd('/')}"),
        new("curl", $"""
            # filed and indexed by its platform
            curl -T acme-1.0-0.conda -H "X-ApiKey: $KEY" {feed}
            """),
    ];

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is not [.., var file]
            || (file.EndsWith(".conda", StringComparison.Ordinal) ? "conda"
                : file.EndsWith(".tar.bz2", StringComparison.Ordinal) ? "tar.bz2" : null) is not { } type)
            return null;
        return FilePattern().Match(file[..^(type.Length + 1)]) is { Success: true } match
            ? new PackageCoordinates(
                "", match.Groups[1].Value, match.Groups[2].Value,
                PackageCoordinates.QualifierOf(
                    ("build", match.Groups[3].Value), ("subdir", path.Length > 1 ? path[^2] : ""), ("type", type)))
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    protected override string MediaType(string file) =>
        file.EndsWith(".json", StringComparison.Ordinal) ? "application/json" : "application/octet-stream";

    static Uri IndexUrl(RewriteContext context) => Below(context.Connector, context.Request.RawPath);

    static bool IsPackedIndex(string file) =>
        Indexes.Any(index => file.StartsWith(index + ".", StringComparison.Ordinal))
        || file is "repodata_shards.msgpack.zst" or "repodata.jlap";

    // From the right: neither version nor build has a dash in it.
    [GeneratedRegex(
        @"\A([A-Za-z0-9_][A-Za-z0-9._-]{0,199})-([A-Za-z0-9_][A-Za-z0-9._!+]{0,150})-([A-Za-z0-9._+]{1,150})\z")]
    private static partial Regex FilePattern();
}
