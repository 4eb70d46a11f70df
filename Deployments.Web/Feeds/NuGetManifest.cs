using System.IO.Compression;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using NuGet.Versioning;

namespace Deployments.Web.Feeds;

/// <summary>What a package says about itself: its <c>.nuspec</c> (see NuGet's nuspec reference).</summary>
/// <param name="Id">The id in its proper spelling.</param>
/// <param name="Version">The version, parsed.</param>
/// <param name="VersionText">The version in its author's spelling.</param>
/// <param name="Nuspec">The file itself.</param>
/// <param name="Metadata">Its <c>metadata</c> element.</param>
sealed record NuGetManifest(string Id, NuGetVersion Version, string VersionText, byte[] Nuspec, XElement Metadata)
{
    /// <summary>The manifest of a package file.</summary>
    /// <exception cref="InvalidDataException">The file is no NuGet package; the message says why.</exception>
    public static NuGetManifest ReadPackage(Stream package) => Parse(PackageArchive.Read(package, archive =>
    {
        List<ZipArchiveEntry> nuspecs = [.. archive.Entries.Where(entry =>
            !entry.FullName.Contains('/', StringComparison.Ordinal)
            && entry.FullName.EndsWith(".nuspec", StringComparison.OrdinalIgnoreCase))];
        return nuspecs is [var nuspec]
            ? PackageArchive.ReadManifest(nuspec)
            : throw new InvalidDataException("A NuGet package has exactly one .nuspec file at its root.");
    }));

    /// <summary>Reads a <c>.nuspec</c>.</summary>
    /// <exception cref="InvalidDataException">It is not one; the message says why.</exception>
    public static NuGetManifest Parse(byte[] nuspec)
    {
        var metadata = ReadXml(nuspec).Root?.Elements().FirstOrDefault(element => element.Name.LocalName == "metadata")
            ?? throw new InvalidDataException("The .nuspec has no metadata element.");
        var id = TextOf(metadata, "id");
        var version = TextOf(metadata, "version");
        if (id.Length == 0)
            throw new InvalidDataException("The .nuspec has no id.");
        return NuGetVersion.TryParse(version, out var parsed)
            ? new NuGetManifest(id, parsed, version, nuspec, metadata)
            : throw new InvalidDataException($"The .nuspec's version '{version}' is not a NuGet version.");
    }

    /// <summary>A text of the metadata, trimmed; empty when there is none.</summary>
    public string Text(string name) => TextOf(Metadata, name);

    /// <summary>The package types (<c>Dependency</c> when none is named).</summary>
    public IReadOnlyList<string> PackageTypes
    {
        get
        {
            List<string> types = [.. Elements("packageTypes", "packageType").Select(type => Attribute(type, "name"))];
            return types.Count > 0 ? types : ["Dependency"];
        }
    }

    /// <summary>The dependency groups; dependencies outside a group form one without a framework.</summary>
    public IReadOnlyList<(string Framework, IReadOnlyList<(string Id, string Version)> Dependencies)> DependencyGroups
    {
        get
        {
            var groups = Elements("dependencies", "group")
                .Select(group => (Attribute(group, "targetFramework"), DependenciesOf(group.Elements()))).ToList();
            var loose = DependenciesOf(Elements("dependencies", "dependency"));
            return loose.Count > 0 ? [("", loose), .. groups] : groups;
        }
    }

    static IReadOnlyList<(string Id, string Version)> DependenciesOf(IEnumerable<XElement> elements) =>
        [.. elements.Where(element => element.Name.LocalName == "dependency")
            .Select(element => (Attribute(element, "id"), Attribute(element, "version")))];

    IEnumerable<XElement> Elements(string parent, string child) =>
        Metadata.Elements().Where(element => element.Name.LocalName == parent).Elements()
            .Where(element => element.Name.LocalName == child);

    static string Attribute(XElement element, string name) => element.Attribute(name)?.Value.Trim() ?? "";

    static string TextOf(XElement metadata, string name) =>
        metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value.Trim() ?? "";

    static XDocument ReadXml(byte[] nuspec)
    {
        try
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
            using var reader = XmlReader.Create(new MemoryStream(nuspec), settings);
            return XDocument.Load(reader);
        }
        catch (Exception e) when (e is XmlException or DecoderFallbackException)
        {
            throw new InvalidDataException("The .nuspec is not well-formed XML without a DTD.", e);
        }
    }
}
