using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Deployments.Web.Feeds;

// repodata/ of packages that nobody indexed, as createrepo_c makes it, without changelogs: what dnf, yum and zypper
// need to resolve and to find files.
public sealed partial class RpmFeed
{
    const char Part = '\u001e'; // between the three entries of a package; no XML has it

    static readonly XNamespace Repo = "http://linux.duke.edu/metadata/repo";
    static readonly XNamespace Common = "http://linux.duke.edu/metadata/common";
    static readonly XNamespace Rpm = "http://linux.duke.edu/metadata/rpm";
    static readonly XNamespace Filelists = "http://linux.duke.edu/metadata/filelists";
    static readonly XNamespace Other = "http://linux.duke.edu/metadata/other";
    static readonly string[] Kinds = ["primary", "filelists", "other"];

    // The names of each relation, and the tags of its names, flags and versions.
    static readonly (string Element, int Names, int Flags, int Versions)[] Relations =
    [
        ("provides", 1047, 1112, 1113), ("requires", 1049, 1048, 1050), ("conflicts", 1054, 1053, 1055),
        ("obsoletes", 1090, 1114, 1115), ("recommends", 5046, 5048, 5047), ("suggests", 5049, 5051, 5050),
        ("supplements", 5052, 5054, 5053), ("enhances", 5055, 5057, 5056),
    ];

    /// <inheritdoc/>
    public override async ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct)
    {
        if (request.Segments is not ["repodata", var file] || tree.Find("repodata", "repomd.xml") is not null)
            return null;
        var kind = Array.FindIndex(Kinds, name => file == $"{name}.xml.gz");
        if (kind < 0 && file != "repomd.xml")
            return null;
        var packages = new List<string[]>();
        foreach (var path in PackagesBelow(tree))
        {
            if (await tree.MadeOfAsync((content, info) => DescribeAsync(path, content, info, ct), ct, path)
                is { Length: > 0 } text)
                packages.Add(text.Split(Part));
        }

        return packages.Count == 0 && !mayBeEmpty ? null
            : kind >= 0 ? new LocalAnswer.Document(Packed(List(kind, packages), isPacked: true), "application/gzip")
            : new LocalAnswer.Document(Encoding.UTF8.GetBytes(Repomd(packages, tree.Now)), "application/xml");
    }

    static string Repomd(List<string[]> packages, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds();
        var data = Kinds.Select((kind, i) =>
        {
            var text = List(i, packages);
            var (plain, packed) = (Packed(text, isPacked: false), Packed(text, isPacked: true));
            return new XElement(
                Repo + "data", new XAttribute("type", kind),
                new XElement(Repo + "checksum", new XAttribute("type", "sha256"), Sum(packed)),
                new XElement(Repo + "open-checksum", new XAttribute("type", "sha256"), Sum(plain)),
                new XElement(Repo + "location", new XAttribute("href", $"repodata/{kind}.xml.gz")),
                new XElement(Repo + "timestamp", seconds), new XElement(Repo + "size", packed.Length),
                new XElement(Repo + "open-size", plain.Length));
        });
        return $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + new XElement(Repo + "repomd", new XElement(Repo + "revision", seconds), data);
    }

    static string Sum(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    // The entries are kept with their namespaces, so that they can be put together as texts.
    static string List(int kind, List<string[]> packages)
    {
        var (name, space) = kind switch
        {
            0 => ("metadata", Common),
            1 => ("filelists", Filelists),
            _ => ("otherdata", Other),
        };
        return string.Create(CultureInfo.InvariantCulture,
            $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{space}\" packages=\"{packages.Count}\">\n")
            + string.Concat(packages.Select(parts => parts[kind] + "\n")) + $"</{name}>\n";
    }

    static async ValueTask<string> DescribeAsync(
        string[] path, Stream content, StoredFile info, CancellationToken ct)
    {
        if (await RpmHeader.ReadOrNullAsync(content, ct) is not { } header
            || !NamePattern().IsMatch(header.Text(1000)) || !NamePattern().IsMatch(header.Text(1001))
            || !NamePattern().IsMatch(header.Text(1002)))
            return "";
        var arch = header.Text(1044).Length > 0 ? header.Text(1022) : "src";
        var names = FilesOf(header);
        var primary = Primary(path, header, arch, info, names);
        var files = new XElement(
            Filelists + "package", Identity(header, arch, info), VersionOf(Filelists, header),
            names.Select(file => FileElement(Filelists, file)));
        var other = new XElement(Other + "package", Identity(header, arch, info), VersionOf(Other, header));
        return string.Join(Part, new[] { primary, files, other }.Select(entry =>
            entry.ToString(SaveOptions.DisableFormatting)));
    }

    static XAttribute[] Identity(RpmHeader header, string arch, StoredFile info) =>
        [new("pkgid", info.Sha256), new("name", header.Text(1000)), new("arch", arch)];

    static XElement VersionOf(XNamespace space, RpmHeader header) => new(
        space + "version", new XAttribute("epoch", header.Numbers(1003).FirstOrDefault(0)),
        new XAttribute("ver", header.Text(1001)), new XAttribute("rel", header.Text(1002)));

    static XElement Primary(
        string[] path, RpmHeader header, string arch, StoredFile info, IReadOnlyList<(string Name, string? Type)> files)
    {
        XElement Of(string name, int tag) => new(Common + name, Clean(header.Text(tag)));
        return new XElement(
            Common + "package", new XAttribute("type", "rpm"), new XAttribute(XNamespace.Xmlns + "rpm", Rpm),
            Of("name", 1000), new XElement(Common + "arch", arch), VersionOf(Common, header),
            new XElement(
                Common + "checksum", new XAttribute("type", "sha256"), new XAttribute("pkgid", "YES"), info.Sha256),
            Of("summary", 1004), Of("description", 1005), Of("packager", 1015), Of("url", 1020),
            new XElement(
                Common + "time", new XAttribute("file", info.UploadedAt.ToUnixTimeSeconds()),
                new XAttribute("build", header.Numbers(1006).FirstOrDefault(0))),
            new XElement(
                Common + "size", new XAttribute("package", info.Size),
                new XAttribute("installed", header.Numbers(5009).Concat(header.Numbers(1009)).FirstOrDefault(0)),
                new XAttribute("archive", header.Numbers(1046).FirstOrDefault(0))),
            new XElement(
                Common + "location",
                new XAttribute("href", string.Join('/', path.Select(PercentEncoding.EncodeSegment)))),
            new XElement(
                Common + "format",
                new XElement(Rpm + "license", Clean(header.Text(1014))),
                new XElement(Rpm + "vendor", Clean(header.Text(1011))),
                new XElement(Rpm + "group", Clean(header.Text(1016))),
                new XElement(Rpm + "buildhost", Clean(header.Text(1007))),
                new XElement(Rpm + "sourcerpm", Clean(header.Text(1044))),
                new XElement(
                    Rpm + "header-range", new XAttribute("start", header.Start), new XAttribute("end", header.End)),
                Relations.Select(relation => RelationOf(header, relation)),
                files.Where(file => IsPrimary(file.Name)).Select(file => FileElement(Common, file))));
    }

    // What a package tells of itself beyond that is in filelists.
    static bool IsPrimary(string file) => file.StartsWith("/etc/", StringComparison.Ordinal)
        || file.Contains("bin/", StringComparison.Ordinal) || file == "/usr/lib/sendmail";

    static XElement? RelationOf(RpmHeader header, (string Element, int Names, int Flags, int Versions) relation)
    {
        var (flags, versions) = (header.Numbers(relation.Flags), header.Texts(relation.Versions));
        var entries = header.Texts(relation.Names).Select((name, i) => (
            Name: name, Flags: i < flags.Count ? flags[i] : 0, Version: i < versions.Count ? versions[i] : ""))
            .Where(entry => !entry.Name.StartsWith("rpmlib(", StringComparison.Ordinal)).Distinct()
            .Select(entry => Entry(entry.Name, entry.Flags, entry.Version)).ToList();
        return entries.Count == 0 ? null : new XElement(Rpm + relation.Element, entries);
    }

    static XElement Entry(string name, long flags, string version)
    {
        const int Prerequisite = 0x40 | 0x200 | 0x400 | 0x800 | 0x1000;
        var entry = new XElement(Rpm + "entry", new XAttribute("name", Clean(name)));
        var comparison = (flags & 0xE) switch { 2 => "LT", 4 => "GT", 8 => "EQ", 10 => "LE", 12 => "GE", _ => null };
        if (comparison is not null && version.Length > 0)
        {
            var epoch = EpochPattern().Match(version);
            var rest = version[epoch.Length..];
            var dash = rest.LastIndexOf('-');
            entry.Add(
                new XAttribute("flags", comparison),
                new XAttribute("epoch", epoch.Success ? epoch.Groups[1].Value : "0"),
                new XAttribute("ver", Clean(dash < 0 ? rest : rest[..dash])));
            if (dash >= 0)
                entry.Add(new XAttribute("rel", Clean(rest[(dash + 1)..])));
        }

        if ((flags & Prerequisite) != 0)
            entry.Add(new XAttribute("pre", "1"));
        return entry;
    }

    static IReadOnlyList<(string Name, string? Type)> FilesOf(RpmHeader header)
    {
        var (names, folders, places) = (header.Texts(1117), header.Texts(1118), header.Numbers(1116));
        var (modes, flags) = (header.Numbers(1030), header.Numbers(1037));
        return [.. names.Select((name, i) => (
            (i < places.Count && places[i] < folders.Count ? folders[(int)places[i]] : "/") + name,
            i < flags.Count && (flags[i] & 0x40) != 0 ? "ghost"
                : i < modes.Count && (modes[i] & 0xF000) == 0x4000 ? "dir" : null))];
    }

    static XElement FileElement(XNamespace space, (string Name, string? Type) file) => new(
        space + "file", file.Type is null ? null : new XAttribute("type", file.Type), Clean(file.Name));

    // What XML cannot say a header may.
    static string Clean(string text) => string.Concat(text.Where(XmlConvert.IsXmlChar));
}
