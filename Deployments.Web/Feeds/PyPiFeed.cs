using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Python packages, as pip, uv and poetry read them from a "simple" index. This file: names, paths and connectors.
/// <c>PyPiFeed.Local.cs</c>: the feed's own packages.
/// </summary>
/// <remarks>
/// See PEP 503, 691 and 658 (the simple repository API), 427 (wheel names), 440 (versions) and 625 (source archives).
/// Upstream files lie on other hosts; each is led to <c>packages/{project}/{version}/{file}</c>, so that neither needs
/// to be guessed from an old source archive's name. A connector's address is that of its simple index; to one without a
/// path, <c>simple/</c> is added.
/// </remarks>
public sealed partial class PyPiFeed : StaticFeed
{
    const string Packages = "packages";
    const string Simple = "simple";

    static readonly string[] Extensions = [".whl", ".tar.gz", ".zip", ".tar.bz2", ".egg"];
    static readonly string[] Neighbours = [".metadata", ".asc", ".provenance"];

    /// <inheritdoc/>
    public override string Key => "pypi";

    /// <inheritdoc/>
    public override string DisplayName => "PyPI";

    /// <inheritdoc/>
    public override string? OsvEcosystem => "PyPI";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => PythonVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) =>
        new("", NameKey(package.Name), VersionKey(package.Version));

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) =>
        PackageUrl.Of(PackageType, "", NameKey(package.Name), package.Version);

    /// <inheritdoc/>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index)
    {
        if (request.Method is not ("GET" or "HEAD"))
            return null;
        var root = connector.AbsolutePath is "/" ? new Uri(connector, Simple) : connector;
        if (ReleaseOf(request) is var (released, version))
            return ReleaseUrl(root, released, version);
        // Files are asked for by their sealed addresses; only lock files know another.
        return ProjectOf(request) switch
        {
            null => TryReadDownload(request) is null ? null : new Uri(root, "/" + request.RawPath),
            "" => new Uri(root.AbsoluteUri.TrimEnd('/') + "/"),
            var project => Below(root, PercentEncoding.EncodeSegment(project) + "/"),
        };
    }

    /// <inheritdoc/>
    public override bool RewritesAnswer(FeedRequest request) =>
        ProjectOf(request) is not null || ReleaseOf(request) is not null;

    /// <inheritdoc/>
    public override byte[] Rewrite(byte[] document, RewriteContext context)
    {
        if (ReleaseOf(context.Request) is { } release)
            return RewriteRelease(document, release, context);
        var text = Encoding.UTF8.GetString(document).TrimStart('\uFEFF');
        var project = ProjectOf(context.Request)!;
        return text.AsSpan().TrimStart().StartsWith("{")
            ? RewriteJson(text, project, context)
            : Encoding.UTF8.GetBytes(HtmlAnchors.Replace(text, address => Led(address, project, context)));
    }

    /// <inheritdoc/>
    /// <remarks>The metadata, signature and provenance of a file lie beside it.</remarks>
    public override Uri LedUrl(FeedRequest request, Uri led) => request.Segments is [.., var file]
        && Neighbours.FirstOrDefault(suffix => file.EndsWith(suffix, StringComparison.Ordinal)) is { } neighbour
        && !led.AbsolutePath.EndsWith(neighbour, StringComparison.Ordinal)
            ? new UriBuilder(led) { Path = led.AbsolutePath + neighbour }.Uri
            : led;

    /// <inheritdoc/>
    public override IReadOnlyList<IReadOnlyList<string>> IndexPaths(PackageCoordinates package) =>
        [[PathOf(Simple, NameKey(package.Name)) + "/"]];

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        Packages, NameKey(package.Name), package.Version, Qualified(
            package, "file", $"{NameKey(package.Name).Replace('-', '_')}-{package.Version}-py3-none-any.whl"));

    /// <inheritdoc/>
    public override bool IsPrerelease(string version) =>
        VersionPattern().Match(version.Trim().ToLowerInvariant()) is { Success: true } match
        && (match.Groups["pre"].Success || match.Groups["dev"].Success);

    /// <inheritdoc/>
    protected override string[]? PlaceOf(FeedRequest upload, PackageCoordinates? manifest) =>
        upload.Segments is [var file] && NameAndVersion(file) is var (name, version)
            ? [Packages, NameKey(name), version, file]
            : null;

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("pip", $"pip install --index-url {feed}simple/ acme"),
        new("pip, for good", $"""
            # ~/.config/pip/pip.conf
            [global]
            index-url = {feed}simple/
            """),
        new("uv", $"uv pip install --default-index {feed}simple/ acme"),
        new("twine", $"twine upload --repository-url {feed}legacy/ --username api --password KEY dist/*"),
    ];

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is not [Packages, _, ..] || !Extensions.Any(extension => IsFile(path[^1], extension)))
            return null;
        var file = path[^1];
        var qualifier = PackageCoordinates.QualifierOf(("file", file));
        if (path is [_, var project, var version, _] && NamePattern().IsMatch(project) && IsVersion(version)
            && VersionAfter(project, file) is { } inFile && VersionKey(inFile) == VersionKey(version))
            return new PackageCoordinates("", NameKey(project), version, qualifier);

        // An address out of a lock file: wheels split surely, source archives since PEP 625.
        return NameAndVersion(file) is var (name, itsVersion)
            ? new PackageCoordinates("", NameKey(name), itsVersion, qualifier)
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    protected override string MediaType(string file) =>
        IsFile(file, ".metadata") ? "text/plain; charset=utf-8" : "application/octet-stream";

    // The project whose page is asked for, "" for the list of all, null for anything else.
    static string? ProjectOf(FeedRequest request) => request.Segments switch
    {
        [Simple] => "",
        [Simple, var project] when NamePattern().IsMatch(project) => NameKey(project),
        // The docs of ProGet once used the feed's own address as the index.
        [var project] when request.RawPath.EndsWith('/') && NamePattern().IsMatch(project)
            && project is not (Packages or "legacy") => NameKey(project),
        _ => null,
    };

    byte[] RewriteJson(string text, string project, RewriteContext context)
    {
        try
        {
            var json = JsonNode.Parse(text) ?? throw new FormatException("The page is JSON null.");
            foreach (var file in json["files"] as JsonArray ?? [])
            {
                if (file?["url"] is JsonValue value && value.TryGetValue<string>(out var url)
                    && Led(url, project, context) is { } led)
                    file["url"] = led;
            }

            return JsonSerializer.SerializeToUtf8Bytes(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("The upstream's project page cannot be read.", e);
        }
    }

    // Null for what is no address to fetch.
    string? Led(string reference, string project, RewriteContext context)
    {
        var hash = reference.IndexOf('#', StringComparison.Ordinal);
        var fragment = hash < 0 ? "" : reference[hash..];
        var page = UpstreamUrl(context.Request, context.Connector, null)!;
        if (!Uri.TryCreate(page, hash < 0 ? reference : reference[..hash], out var upstream)
            || upstream.Scheme is not ("http" or "https"))
            return null;
        var file = FileNameOf(upstream);
        if (project.Length == 0)
            return NamePattern().IsMatch(file) ? context.Request.UrlOf(Simple, file).AbsoluteUri + "/" : null;
        return context.Lead(
            upstream, Packages, project, VersionAfter(project, file) ?? "-", file.Length > 0 ? file : "-")
            .AbsoluteUri + fragment;
    }

    /// <summary>The version in the name of a file of this project; null when it is another project's.</summary>
    static string? VersionAfter(string project, string file)
    {
        if (NameAndVersion(file) is var (name, version) && NameKey(name) == NameKey(project))
            return version;
        // Source archives of old: the project's own dashes, perhaps others in the version.
        var stem = Stem(file);
        for (var dash = stem.IndexOf('-', StringComparison.Ordinal); dash > 0; dash = stem.IndexOf('-', dash + 1))
        {
            if (NameKey(stem[..dash]) == NameKey(project) && IsVersion(stem[(dash + 1)..]))
                return stem[(dash + 1)..];
        }

        return null;
    }

    static (string Name, string Version)? NameAndVersion(string file)
    {
        if (IsFile(file, ".whl"))
        {
            return file[..^4].Split('-') is { Length: 5 or 6 } parts && NamePattern().IsMatch(parts[0])
                && IsVersion(parts[1]) ? (parts[0], parts[1]) : null;
        }

        var stem = Stem(file);
        if (IsFile(file, ".egg"))
        {
            return stem.Split('-') is [var eggName, var eggVersion, ..] && NamePattern().IsMatch(eggName)
                && IsVersion(eggVersion) ? (eggName, eggVersion) : null;
        }

        var dash = stem.LastIndexOf('-');
        return dash > 0 && NamePattern().IsMatch(stem[..dash]) && IsVersion(stem[(dash + 1)..])
            ? (stem[..dash], stem[(dash + 1)..])
            : null;
    }

    static string Stem(string file) =>
        Extensions.FirstOrDefault(extension => IsFile(file, extension)) is { } found ? file[..^found.Length] : "";

    static bool IsFile(string file, string extension) =>
        file.Length > extension.Length && file.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    // PEP 503.
    static string NameKey(string name) => SeparatorPattern().Replace(name, "-").ToLowerInvariant();

    // PEP 440, "Normalization"; other text stays as it is, in lower case.
    static string VersionKey(string version)
    {
        var text = version.Trim().ToLowerInvariant();
        if (VersionPattern().Match(text) is not { Success: true, Groups: var parts })
            return text;
        var key = new StringBuilder();
        if (Number(parts["epoch"].Value) is not "0" and var epoch)
            key.Append(epoch).Append('!');
        key.AppendJoin('.', parts["release"].Value.Split('.').Select(Number));
        if (parts["pre"].Success)
        {
            key.Append(parts["pre"].Value switch { "a" or "alpha" => "a", "b" or "beta" => "b", _ => "rc" })
                .Append(Number(parts["preNumber"].Value));
        }

        if (parts["post"].Success)
            key.Append(".post").Append(Number(parts["post1"].Value + parts["post2"].Value));
        if (parts["dev"].Success)
            key.Append(".dev").Append(Number(parts["devNumber"].Value));
        if (parts["local"].Success)
        {
            key.Append('+').AppendJoin('.', parts["local"].Value.Split('.', '-', '_')
                .Select(part => part.All(char.IsAsciiDigit) ? Number(part) : part));
        }

        return key.ToString();
    }

    static string Number(string digits) => digits.TrimStart('0') is { Length: > 0 } number ? number : "0";

    static bool IsVersion(string text) => VersionPattern().IsMatch(text.ToLowerInvariant());

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,200}[A-Za-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex("[-_.]+", RegexOptions.NonBacktracking)]
    private static partial Regex SeparatorPattern();

    [GeneratedRegex(
        @"\Av?((?<epoch>[0-9]{1,9})!)?(?<release>[0-9]{1,30}(\.[0-9]{1,30}){0,20})"
        + @"([-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>[0-9]{1,20})?)?"
        + @"(?<post>-(?<post1>[0-9]{1,20})|[-_.]?(post|rev|r)[-_.]?(?<post2>[0-9]{1,20})?)?"
        + @"([-_.]?(?<dev>dev)[-_.]?(?<devNumber>[0-9]{1,20})?)?"
        + @"(\+(?<local>[a-z0-9]{1,60}([-_.][a-z0-9]{1,60}){0,10}))?\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex VersionPattern();
}
