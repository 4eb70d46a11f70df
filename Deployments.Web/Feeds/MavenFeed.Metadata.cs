using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

// maven-metadata.xml of an artifact, and of a snapshot version, where nobody uploaded it: made of the files that are
// there. See Maven's "Repository Metadata".
public sealed partial class MavenFeed
{
    /// <summary>
    /// The metadata asked for, or a checksum of it; null when the path is neither, or nothing is there.
    /// </summary>
    static byte[]? MakeMetadata(string[] path, PackageTree tree)
    {
        if (path.Length < 3)
            return null;
        var kind = Checksums.FirstOrDefault(suffix => path[^1] == MetadataFile + suffix);
        if (path[^1] != MetadataFile && kind is null)
            return null;
        if (kind is not null && tree.Find([.. path[..^1], MetadataFile]) is not null)
            return null; // of what was uploaded, not of what would be made
        if ((OfSnapshot(path[..^1], tree) ?? OfArtifact(path[..^1], tree)) is not { } metadata)
            return null;
        var document = Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{metadata}\n");
        return kind is null ? document : Encoding.ASCII.GetBytes(Convert.ToHexStringLower(kind switch
        {
#pragma warning disable CA5350, CA5351 // what the protocol asks for, against broken transfers
            ".md5" => MD5.HashData(document),
            ".sha1" => SHA1.HashData(document),
#pragma warning restore CA5350, CA5351
            ".sha256" => SHA256.HashData(document),
            _ => SHA512.HashData(document),
        }));
    }

    static XElement? OfArtifact(string[] artifact, PackageTree tree)
    {
        if (artifact.Length < 2 || !artifact.All(IsSegment))
            return null;
        var versions = tree.Directories(artifact).Where(version => HasFiles(artifact, version, tree))
            .OrderBy(MavenVersionOrder.Instance.SortKey, SemVerSyntax.KeyOrder).ToList();
        if (versions.Count == 0)
            return null;
        var release = versions.LastOrDefault(version => !version.EndsWith(Snapshot, StringComparison.Ordinal));
        var files = versions.SelectMany(version => tree.Files([.. artifact, version])
            .Select(name => tree.Find([.. artifact, version, name]))).OfType<string>();
        return new XElement(
            "metadata",
            new XElement("groupId", string.Join('.', artifact[..^1])), new XElement("artifactId", artifact[^1]),
            new XElement(
                "versioning",
                new XElement("latest", versions[^1]), release is null ? null : new XElement("release", release),
                new XElement("versions", versions.Select(version => new XElement("version", version))),
                new XElement("lastUpdated", Digits(files.Max(File.GetLastWriteTimeUtc)))));
    }

    static XElement? OfSnapshot(string[] folder, PackageTree tree)
    {
        if (folder.Length < 3 || !folder.All(IsSegment) || !folder[^1].EndsWith(Snapshot, StringComparison.Ordinal))
            return null;
        // Of each file the newest build; those without one are called by the base version.
        var files = tree.Files(folder).Select(name => (Name: name, File: TryReadFile([.. folder, name])))
            .Where(entry => entry.File is { } file && !IsSideFile(file.Extension))
            .GroupBy(entry => entry.File! with { Build = "" }, entry => (entry.Name, entry.File!.Build))
            .Select(group => (File: group.Key, Newest: group.MaxBy(entry => entry.Build)))
            .OrderBy(entry => entry.File.Classifier, StringComparer.Ordinal)
            .ThenBy(entry => entry.File.Extension, StringComparer.Ordinal).ToList();
        if (files.Count == 0)
            return null;
        var build = files.Max(entry => entry.Newest.Build)!;
        var (timestamp, number) = (build.Split('-')[0], build.Split('-')[^1].TrimStart('0'));
        return new XElement(
            "metadata", new XAttribute("modelVersion", "1.1.0"),
            new XElement("groupId", string.Join('.', folder[..^2])), new XElement("artifactId", folder[^2]),
            new XElement("version", folder[^1]),
            new XElement(
                "versioning",
                build.Length == 0 ? null : new XElement(
                    "snapshot", new XElement("timestamp", timestamp),
                    new XElement("buildNumber", number.Length == 0 ? "0" : number)),
                new XElement("lastUpdated", files.Max(entry => UpdatedAt(folder, entry.Newest, tree))),
                new XElement("snapshotVersions", files.Select(entry => new XElement(
                    "snapshotVersion",
                    entry.File.Classifier.Length == 0 ? null : new XElement("classifier", entry.File.Classifier),
                    new XElement("extension", entry.File.Extension),
                    new XElement("value", ValueOf(folder, entry.File, entry.Newest.Name)),
                    new XElement("updated", UpdatedAt(folder, entry.Newest, tree)))))));
    }

    // The version as the file's name has it.
    static string ValueOf(string[] folder, ArtifactFile file, string name)
    {
        var end = (file.Classifier.Length == 0 ? "" : "-" + file.Classifier) + "." + file.Extension;
        return name[(folder[^2].Length + 1)..^end.Length];
    }

    static string UpdatedAt(string[] folder, (string Name, string Build) file, PackageTree tree) =>
        file.Build.Length > 0 ? file.Build.Split('-')[0].Replace(".", "", StringComparison.Ordinal)
        : tree.Find([.. folder, file.Name]) is { } path ? Digits(File.GetLastWriteTimeUtc(path))
        : "";

    static string Digits(DateTime time) => time.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);

    static bool IsSegment(string segment) => !segment.AsSpan().ContainsAny('/', '\\');
}
