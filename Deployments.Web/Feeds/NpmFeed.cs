using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// npm packages. This file: names, paths and connectors. <c>NpmFeed.Local.cs</c>: the feed's own packages.
/// </summary>
/// <remarks>See the npm registry API and its "package metadata" document (the packument).</remarks>
public sealed partial class NpmFeed : IFeedType
{
    const int NameLengthMax = 214;

    enum Part { Other, Ping, WhoAmI, Search, Audit, DistTags, Packument, Manifest, Tarball }

    /// <summary>What a path asks for; <c>Rest</c> is what follows the name, without <c>-rev/{Revision}</c>.</summary>
    sealed record Route(Part Part, string Scope = "", string Name = "", string[]? Rest = null, string Revision = "")
    {
        public string FullName => Scope.Length > 0 ? $"{Scope}/{Name}" : Name;

        public string Last => Rest is [.., var last] ? last : "";
    }

    readonly record struct TarballText(int Start, int End, string Url, string Version);

    /// <inheritdoc/>
    public string Key => "npm";

    /// <inheritdoc/>
    public string DisplayName => "npm";

    /// <inheritdoc/>
    public string Root => "npm";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => [];

    /// <inheritdoc/>
    public string PackageType => "npm";

    /// <inheritdoc/>
    public string? OsvEcosystem => "npm";

    /// <inheritdoc/>
    public IVersionOrder VersionOrder => SemVerVersionOrder.Instance;

    /// <inheritdoc/>
    public PackageCoordinates? TryReadDownload(FeedRequest request)
    {
        var route = RouteOf(request);
        if (route.Part != Part.Tarball || route.Revision.Length > 0
            || !route.Last.EndsWith(".tgz", StringComparison.Ordinal))
            return null;

        var stem = route.Last[..^4];
        if (VersionAfter(route.Name, stem) is { } version)
            return new PackageCoordinates(route.Scope, route.Name, version);
        if (route.Rest is [var folder, _] && IsVersion(folder))
            return new PackageCoordinates(route.Scope, route.Name, folder);

        // Old tarballs carry other names. The client's hint: registry:{name}@{address}.
        return HintedName(request) is { } hinted && VersionAfter(hinted.Name, stem) is { } ofHinted
            ? new PackageCoordinates(hinted.Scope, hinted.Name, ofHinted)
            : null;
    }

    /// <inheritdoc/>
    public PackageCoordinates FromNames(string group, string name, string version)
    {
        if (name is ['@', ..] && name.IndexOf('/', StringComparison.Ordinal) is > 1 and var slash)
            (group, name) = (name[..slash], name[(slash + 1)..]);
        return new PackageCoordinates(group is "" or ['@', ..] ? group : "@" + group, name, version);
    }

    /// <inheritdoc/>
    /// <remarks>Names keep their case: old ones such as <c>JSONStream</c> are not <c>jsonstream</c>.</remarks>
    public PackageKeys Normalize(PackageCoordinates package) => new(
        package.Group is "" or ['@', ..] ? package.Group : "@" + package.Group,
        package.Name,
        SemVerSyntax.WithoutBuild(package.Version));

    /// <inheritdoc/>
    public string Purl(PackageCoordinates package) =>
        PackageUrl.Of(PackageType, Normalize(package).Group, package.Name, package.Version);

    /// <inheritdoc/>
    public FeedAccess RequiredAccess(FeedRequest request) => (request.Method, RouteOf(request)) switch
    {
        ("GET" or "HEAD" or "OPTIONS", _) or ("POST", { Part: Part.Audit }) => FeedAccess.Download,
        ("DELETE", { Part: Part.DistTags }) => FeedAccess.Upload,
        // "npm unpublish name@version" sends the packument without that version.
        ("DELETE", _) or ("PUT", { Revision: not "" }) => FeedAccess.Delete,
        _ => FeedAccess.Upload,
    };

    /// <inheritdoc/>
    public Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index)
    {
        var part = RouteOf(request).Part;
        var isRead = request.Method is "GET" or "HEAD" || (request.Method == "POST" && part == Part.Audit);
        return isRead && part is not (Part.Other or Part.Ping or Part.WhoAmI)
            ? new Uri($"{connector.AbsoluteUri.TrimEnd('/')}/{request.RawPath}{request.RawQuery}")
            : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("npm, yarn, pnpm", $"npm config set registry {feed}"),
    ];

    /// <inheritdoc/>
    public bool RewritesAnswer(FeedRequest request) => RouteOf(request).Part is Part.Packument or Part.Manifest;

    /// <inheritdoc/>
    /// <remarks>
    /// Packuments reach 30 MB. Only the tarball addresses are replaced; every other byte (<c>integrity</c>,
    /// <c>signatures</c>) stays as it came.
    /// </remarks>
    public byte[] Rewrite(byte[] document, RewriteContext context)
    {
        var route = RouteOf(context.Request);
        try
        {
            var start = document.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
            var tarballs = route.Part == Part.Packument
                ? TarballsOfPackument(document, start)
                : TarballsOfManifest(document, start);
            using var output = new MemoryStream(document.Length + (tarballs.Count * 100));
            var copied = start;
            foreach (var tarball in tarballs)
            {
                if (!Uri.TryCreate(tarball.Url, UriKind.Absolute, out var upstream)
                    || upstream.Scheme is not ("http" or "https"))
                    continue;
                var address = context.Lead(upstream, TarballPath(route, tarball.Version)).AbsoluteUri;
                output.Write(document, copied, tarball.Start - copied);
                output.Write(JsonSerializer.SerializeToUtf8Bytes(address, Json));
                copied = tarball.End;
            }

            output.Write(document, copied, document.Length - copied);
            return output.ToArray();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("The upstream's packument cannot be read.", e);
        }
    }

    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static string[] TarballPath(Route route, string version) => route.Scope.Length > 0
        ? [route.Scope, route.Name, "-", $"{route.Name}-{version}.tgz"]
        : [route.Name, "-", $"{route.Name}-{version}.tgz"];

    // versions.{version}.dist.tarball
    static List<TarballText> TarballsOfPackument(byte[] document, int start)
    {
        var tarballs = new List<TarballText>();
        var reader = new Utf8JsonReader(document.AsSpan(start));
        var version = "";
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            switch (reader.CurrentDepth)
            {
                case 1 when !reader.ValueTextEquals("versions"u8):
                case 3 when !reader.ValueTextEquals("dist"u8):
                    reader.Skip();
                    break;
                case 2:
                    version = reader.GetString()!;
                    break;
                case 4 when reader.ValueTextEquals("tarball"u8):
                    Collect(ref reader, start, version, tarballs);
                    break;
            }
        }

        return tarballs;
    }

    // dist.tarball, with the version beside dist.
    static List<TarballText> TarballsOfManifest(byte[] document, int start)
    {
        var tarballs = new List<TarballText>();
        var reader = new Utf8JsonReader(document.AsSpan(start));
        var version = "";
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            switch (reader.CurrentDepth)
            {
                case 1 when reader.ValueTextEquals("version"u8):
                    reader.Read();
                    version = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
                    break;
                case 1 when !reader.ValueTextEquals("dist"u8):
                    reader.Skip();
                    break;
                case 2 when reader.ValueTextEquals("tarball"u8):
                    Collect(ref reader, start, version, tarballs);
                    break;
            }
        }

        return [.. tarballs.Select(tarball => tarball with { Version = version })];
    }

    static void Collect(ref Utf8JsonReader reader, int start, string version, List<TarballText> tarballs)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
            return;
        var (from, to) = (start + (int)reader.TokenStartIndex, start + (int)reader.BytesConsumed);
        tarballs.Add(new TarballText(from, to, reader.GetString()!, version));
    }

    static Route RouteOf(FeedRequest request)
    {
        if (PartsOf(request) is not { } path)
            return new Route(Part.Other);
        switch (path)
        {
            case ["-", "ping"]:
                return new Route(Part.Ping);
            case ["-", "whoami"]:
                return new Route(Part.WhoAmI);
            case ["-", "v1", "search"]:
                return new Route(Part.Search);
            case ["-", "npm", "v1", "security", ..]:
                return new Route(Part.Audit);
            case ["-", "package", .. var rest]:
                var tagged = NameIn(rest, Part.DistTags);
                return tagged is { Rest: ["dist-tags", ..] and { Length: <= 2 } tags }
                    ? tagged with { Rest = tags[1..] }
                    : new Route(Part.Other);
        }

        var (revision, without) = path is [.., "-rev", _] ? (path[^1], path[..^2]) : ("", path);
        if (NameIn(without, Part.Packument) is not { Rest: { } tail } package)
            return new Route(Part.Other);
        return tail switch
        {
            [] => package with { Revision = revision },
            ["-", _] or ["-", _, _] => package with { Part = Part.Tarball, Rest = tail[1..], Revision = revision },
            [_] when revision.Length == 0 => package with { Part = Part.Manifest },
            _ => new Route(Part.Other),
        };
    }

    static Route? NameIn(string[] path, Part part) => path switch
    {
        [['@', _, ..] scope, var name, .. var rest] when IsNamePart(scope[1..]) && IsNamePart(name) =>
            new Route(part, scope, name, rest),
        [var name, .. var rest] when IsNamePart(name) => new Route(part, "", name, rest),
        _ => null,
    };

    // The client writes a scope's slash as %2f; nowhere else may a segment contain one.
    static string[]? PartsOf(FeedRequest request)
    {
        var parts = new List<string>();
        foreach (var segment in request.Segments)
        {
            var halves = segment.Split('/');
            if (halves.Length > 2 || (halves.Length == 2 && (segment[0] != '@' || halves[1] is "" or "." or "..")))
                return null;
            parts.AddRange(halves);
        }

        return [.. parts];
    }

    static Route? HintedName(FeedRequest request)
    {
        const string Prefix = "registry:";
        if (request.Header("pacote-pkg-id") is not { } hint || !hint.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var name = hint[Prefix.Length..];
        var end = name.IndexOf('@', Math.Min(1, name.Length));
        return end > 0 && NameIn(name[..end].Split('/'), Part.Packument) is { Rest: [] } route ? route : null;
    }

    static string? VersionAfter(string name, string stem) =>
        stem.Length > name.Length && stem[name.Length] == '-' && stem.StartsWith(name, StringComparison.Ordinal)
        && IsVersion(stem[(name.Length + 1)..])
            ? stem[(name.Length + 1)..]
            : null;

    // Older than the strict rule: 1.0.0beta exists.
    static bool IsVersion(string text) => text.Length <= 200 && VersionPattern().IsMatch(text);

    static bool IsNamePart(string text) =>
        text is not ("" or "." or ".." or "-") && text.Length <= NameLengthMax && NamePattern().IsMatch(text);

    [GeneratedRegex(@"\A[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*\z")]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9!~*'()._-]+\z")]
    private static partial Regex NamePattern();
}
