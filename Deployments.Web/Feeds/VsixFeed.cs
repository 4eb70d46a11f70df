using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Visual Studio extensions: a private gallery, which is one Atom document, and <c>.vsix</c> files.</summary>
/// <remarks>
/// See Visual Studio's "Atom feed for a private gallery". Files are led to <c>download/{id}/{version}</c>; the gallery
/// of what is here is made of the extensions' manifests.
/// </remarks>
public sealed partial class VsixFeed : StaticFeed
{
    const string FileName = "extension.vsix";

    static readonly XNamespace Atom = "http://www.w3.org/2005/Atom";
    static readonly XNamespace Gallery = "http://schemas.microsoft.com/developer/vsx-syndication-schema/2010";

    /// <inheritdoc/>
    public override string Key => "vsix";

    /// <inheritdoc/>
    public override string DisplayName => "VSIX";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => NaturalVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) =>
        new("", package.Name.ToLowerInvariant(), package.Version);

    /// <inheritdoc/>
    public override PackageCoordinates? TryReadDownload(FeedRequest request) =>
        request.Segments is ["download", var id, var version] && IsName(id) && IsVersion(version)
            ? new PackageCoordinates("", id, version)
            : null;

    /// <inheritdoc/>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        request.Method is not ("GET" or "HEAD") ? null
            : request.Segments.Count == 0 ? connector
            : TryReadDownload(request) is not null ? Below(connector, request.RawPath)
            : null;

    /// <inheritdoc/>
    public override bool RewritesAnswer(FeedRequest request) => request.Segments.Count == 0;

    /// <inheritdoc/>
    public override byte[] Rewrite(byte[] document, RewriteContext context)
    {
        try
        {
            var gallery = Parse(document);
            foreach (var entry in gallery.Descendants(Atom + "entry"))
            {
                var vsix = entry.Element(Gallery + "Vsix");
                var id = vsix?.Element(Gallery + "Id")?.Value ?? entry.Element(Atom + "id")?.Value ?? "-";
                var version = vsix?.Element(Gallery + "Version")?.Value ?? "-";
                if (entry.Element(Atom + "content")?.Attribute("src") is { } source)
                    Lead(source, "download", id, version);
                foreach (var link in entry.Elements(Atom + "link").Attributes("href"))
                    Lead(link, "image", id, version);
            }

            return Encoding.UTF8.GetBytes(gallery.ToString());
        }
        catch (Exception e) when (e is XmlException or ArgumentException or InvalidOperationException)
        {
            throw new FormatException("The upstream's gallery cannot be read.", e);
        }

        void Lead(XAttribute address, params string[] path)
        {
            if (Uri.TryCreate(context.Connector, address.Value, out var upstream)
                && upstream.Scheme is "http" or "https")
                address.Value = context.Lead(upstream, path).AbsoluteUri;
        }
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) =>
        PathOf("download", package.Name, package.Version);

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("Visual Studio", $"""
            # Tools > Options > Environment > Extensions > Additional Extension Galleries; signs in nowhere, so the
            # feed must allow anonymous access
            {feed}
            """),
        new("curl", $"""
            curl -T Acme.Tool.vsix -H "X-ApiKey: $KEY" {feed}
            """),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Segments.Count == 0)
            return await GalleryAsync(request, tree, mayBeEmpty: false, ct);
        if (TryReadDownload(request) is not { } package)
            return null;
        string[] folder = ["download", package.Name.ToLowerInvariant()];
        return tree.Find([.. folder, package.Version, FileName]) is { } file
            ? new LocalAnswer.File(file, "application/vsix")
            : HasFiles(tree, folder) ? new LocalAnswer.Status(404, "This feed has the extension, but not this version.")
            : null;
    }

    /// <inheritdoc/>
    public override async ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct) =>
        request.Segments.Count == 0 ? await GalleryAsync(request, tree, mayBeEmpty, ct) : null;

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Segments.Count > 1)
            return new LocalAnswer.Status(400, "Upload extensions to the feed's own address.");
        try
        {
            await using var upload = await tree.SpoolAsync(request.Body, ct);
            var (id, version, _) = Manifest(upload);
            upload.Position = 0;
            return await SaveAsync(upload, request, tree, ct, "download", id.ToLowerInvariant(), version, FileName);
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        StoreAsync(upload, tree, ct);

    /// <inheritdoc/>
    protected override ValueTask<LocalAnswer> DeleteAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) => ValueTask.FromResult<LocalAnswer>(
        TryReadDownload(request) is { } package
        && tree.Delete("download", package.Name.ToLowerInvariant(), package.Version)
            ? new LocalAnswer.Status(204)
            : new LocalAnswer.Status(404, "There is no such extension in this feed."));

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path) =>
        path is ["download", var id, var version, FileName] && IsName(id) && IsVersion(version)
            ? new PackageCoordinates("", id, version)
            : null;

    /// <inheritdoc/>
    public override PackageFile? StoredPackage(string[] path) => path is ["download", var id, var version, FileName]
        && TryReadFile(path) is not null
            ? PackageFile.At($"{id}-{version}.vsix", "download", id, version) with
            {
                Removed = ["download", id, version],
            }
            : null;

    static async ValueTask<LocalAnswer?> GalleryAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct)
    {
        var entries = new List<XElement>();
        foreach (var id in tree.Directories("download"))
        {
            foreach (var version in tree.Directories("download", id))
            {
                if (tree.Find("download", id, version, FileName) is not { } file
                    || await tree.InfoAsync(ct, "download", id, version, FileName) is not { } info)
                    continue;
                await using var content = File.OpenRead(file);
                entries.Add(Entry(request, Manifest(content), info));
            }
        }

        if (entries.Count == 0 && !mayBeEmpty)
            return null;
        var gallery = new XElement(
            Atom + "feed", new XElement(Atom + "title", "Extensions"),
            new XElement(Atom + "id", request.FeedUrl.AbsoluteUri), entries);
        return new LocalAnswer.Document(Encoding.UTF8.GetBytes(gallery.ToString()), "application/atom+xml");
    }

    static XElement Entry(
        FeedRequest request, (string Id, string Version, XElement Metadata) extension, StoredFile info)
    {
        string Text(string name) => extension.Metadata.Elements()
            .FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
        var publisher = extension.Metadata.Elements()
            .FirstOrDefault(element => element.Name.LocalName == "Identity")?.Attribute("Publisher")?.Value ?? "";
        return new XElement(
            Atom + "entry",
            new XElement(Atom + "id", extension.Id),
            new XElement(Atom + "title", Text("DisplayName")),
            new XElement(Atom + "summary", Text("Description")),
            new XElement(Atom + "updated", info.UploadedAt),
            new XElement(Atom + "author", new XElement(Atom + "name", publisher)),
            new XElement(
                Atom + "content", new XAttribute("type", "application/octet-stream"),
                new XAttribute("src", request.UrlOf("download", extension.Id, extension.Version).AbsoluteUri)),
            new XElement(
                Gallery + "Vsix", new XElement(Gallery + "Id", extension.Id),
                new XElement(Gallery + "Version", extension.Version)));
    }

    // PackageManifest/Metadata/Identity of extension.vsixmanifest.
    static (string Id, string Version, XElement Metadata) Manifest(Stream vsix)
    {
        var bytes = PackageArchive.Read(vsix, archive => archive.GetEntry("extension.vsixmanifest") is { } entry
            ? PackageArchive.ReadManifest(entry)
            : throw new InvalidDataException("This is no extension: it has no extension.vsixmanifest."));
        try
        {
            var identity = Parse(bytes).Descendants().FirstOrDefault(element => element.Name.LocalName == "Identity");
            var (id, version) = (identity?.Attribute("Id")?.Value ?? "", identity?.Attribute("Version")?.Value ?? "");
            return IsName(id) && IsVersion(version)
                ? (id, version, identity!.Parent!)
                : throw new InvalidDataException("The extension's manifest names no proper id and version.");
        }
        catch (XmlException e)
        {
            throw new InvalidDataException("The extension's manifest cannot be read.", e);
        }
    }

    static XDocument Parse(byte[] document)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
        using var reader = XmlReader.Create(new MemoryStream(document), settings);
        return XDocument.Load(reader);
    }

    static bool IsName(string text) => NamePattern().IsMatch(text);

    static bool IsVersion(string text) => VersionPattern().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._ -]{0,149}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[0-9]{1,9}(\.[0-9]{1,9}){0,3}\z", RegexOptions.NonBacktracking)]
    private static partial Regex VersionPattern();
}
