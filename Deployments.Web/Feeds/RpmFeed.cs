using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>RPM repositories, as dnf, yum and zypper read them: <c>repodata/</c> and packages anywhere.</summary>
/// <remarks>
/// File names (<c>{name}-{version}-{release}.{arch}.rpm</c>) leave out the epoch, and may be anything at all; the
/// header at the head of the package tells. Metadata and signatures pass unchanged;
/// where there is none, <c>RpmFeed.Index.cs</c> makes it, without a signature. Delta packages are not counted.
/// </remarks>
public sealed partial class RpmFeed : StaticFeed
{
    const int HeaderBytes = 256 << 10; // names come first in the header, the lists of files behind them

    static readonly string[] OtherNames = ["yum", "dnf"];

    /// <inheritdoc/>
    public override string Key => "rpm";

    /// <inheritdoc/>
    public override string DisplayName => "RPM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => RpmVersionOrder.Instance;

    /// <inheritdoc/>
    /// <remarks>An epoch of 0 is the same as none.</remarks>
    public override PackageKeys Normalize(PackageCoordinates package) => new(
        "", package.Name,
        package.Version.StartsWith("0:", StringComparison.Ordinal) ? package.Version[2..] : package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package)
    {
        var match = EpochPattern().Match(package.Version);
        return PackageUrl.Of(
            PackageType, "", package.Name, match.Success ? package.Version[match.Length..] : package.Version,
            ("arch", package.QualifierValue("arch")),
            ("epoch", match.Groups[1].Value is "0" ? "" : match.Groups[1].Value));
    }

    /// <inheritdoc/>
    public override int HeadLength(FeedRequest download) => HeaderBytes;

    /// <inheritdoc/>
    public override PackageCoordinates? TryReadHead(FeedRequest download, ReadOnlyMemory<byte> head) =>
        PackageHead.Rpm(head.Span) is { } rpm && NamePattern().IsMatch(rpm.Name)
        && NamePattern().IsMatch(rpm.Version) && NamePattern().IsMatch(rpm.Release) && NamePattern().IsMatch(rpm.Arch)
            ? new PackageCoordinates(
                "", rpm.Name, $"{(rpm.Epoch > 0 ? $"{rpm.Epoch}:" : "")}{rpm.Version}-{rpm.Release}",
                PackageCoordinates.QualifierOf(("arch", rpm.Arch)))
            {
                Source = SourceOf(rpm),
            }
            : null;

    // Its epoch is not told; mostly it is that of the package.
    static string SourceOf(PackageHead.RpmNames rpm)
    {
        var match = FilePattern().Match(rpm.SourceFile);
        var (name, version) = (match.Groups[1].Value, $"{match.Groups[2].Value}-{match.Groups[3].Value}");
        return !match.Success || (name == rpm.Name && version == $"{rpm.Version}-{rpm.Release}")
            ? ""
            : $"{name} ({(rpm.Epoch > 0 ? $"{rpm.Epoch}:" : "")}{version})";
    }

    /// <inheritdoc/>
    public override IReadOnlyList<IReadOnlyList<string>> IndexPaths(PackageCoordinates package) =>
        [["repodata/repomd.xml"]];

    /// <inheritdoc/>
    public override PackageIndex ReadIndex(PackageCoordinates package, FeedRequest index, byte[] document)
    {
        using var content = PackageIndex.Open(document);
        using var xml = XmlReader.Create(content, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
        });
        var isList = index.RawPath == "repodata/repomd.xml";
        var (files, further) = (new List<IndexedFile>(), new List<string>());
        xml.MoveToContent();
        xml.Read();
        while (!xml.EOF)
        {
            if (xml.NodeType != XmlNodeType.Element)
            {
                xml.Read();
                continue;
            }

            var entry = (XElement)XNode.ReadFrom(xml);
            var href = Child(entry, "location")?.Attribute("href")?.Value ?? "";
            if (href.Length == 0)
                continue;
            if (isList && entry.Attribute("type")?.Value == "primary")
                further.Add(href);
            else if (!isList && Child(entry, "name")?.Value == package.Name && Child(entry, "version") is { } version)
                files.Add(new IndexedFile(Indexed(package.Name, version, Child(entry, "arch")), href.Split('/')));
        }

        return new PackageIndex(files, further);

        static XElement? Child(XElement entry, string name) =>
            entry.Elements().FirstOrDefault(child => child.Name.LocalName == name);
    }

    static PackageCoordinates Indexed(string name, XElement version, XElement? arch)
    {
        string Part(string part) => version.Attribute(part)?.Value ?? "";
        var epoch = Part("epoch") is "" or "0" ? "" : Part("epoch") + ":";
        return new PackageCoordinates("", name, $"{epoch}{Part("ver")}-{Part("rel")}",
            PackageCoordinates.QualifierOf(("arch", arch?.Value ?? "")));
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        "Packages", $"{package.Name}-{EpochPattern().Replace(package.Version, "")}"
        + $"{(package.Version.Contains('-', StringComparison.Ordinal) ? "" : "-1")}"
        + $".{Qualified(package, "arch", "x86_64")}.rpm");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("dnf, yum", $"""
            # /etc/yum.repos.d/feed.repo
            [feed]
            name=feed
            baseurl={feed}
            enabled=1
            """),
        new("zypper", $"zypper addrepo {feed} feed"),
    ];

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is not [.., var file] || !file.EndsWith(".rpm", StringComparison.Ordinal) || path is ["repodata", ..])
            return null;
        return FilePattern().Match(file) is { Success: true } match
            ? new PackageCoordinates(
                "", match.Groups[1].Value, $"{match.Groups[2].Value}-{match.Groups[3].Value}",
                PackageCoordinates.QualifierOf(("arch", match.Groups[4].Value)))
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    protected override string[]? PlaceOf(FeedRequest upload, PackageCoordinates? manifest)
    {
        if (manifest is null)
            return null;
        var version = manifest.Version[(manifest.Version.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return ["Packages", $"{manifest.Name}-{version}.{manifest.QualifierValue("arch")}.rpm"];
    }

    /// <inheritdoc/>
    protected override string MediaType(string file) => Path.GetExtension(file) switch
    {
        ".rpm" => "application/x-rpm",
        ".xml" => "application/xml",
        ".asc" or ".key" => "text/plain",
        _ => "application/octet-stream",
    };

    // From the right: neither version nor release nor architecture has a dash in it.
    [GeneratedRegex(
        @"\A([A-Za-z0-9_][A-Za-z0-9._+-]{0,199})-([A-Za-z0-9._+~^]{1,100})-([A-Za-z0-9._+~^]{1,100})"
        + @"\.([A-Za-z0-9_]{1,40})\.rpm\z")]
    private static partial Regex FilePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._+~^-]{0,199}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A([0-9]{1,9}):")]
    private static partial Regex EpochPattern();
}
