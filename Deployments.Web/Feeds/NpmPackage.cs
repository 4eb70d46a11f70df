using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>One version of a package of the local store.</summary>
/// <param name="Version">The version.</param>
/// <param name="Manifest">The <c>package.json</c> as published, with <c>dist</c>.</param>
/// <param name="Tarball">Where its file is on disk.</param>
/// <param name="Published">When.</param>
sealed record NpmVersion(string Version, JsonObject Manifest, string Tarball, DateTimeOffset Published);

/// <summary>
/// A package of the local store. Each version is a directory with its manifest and its tarball, and each dist-tag
/// a file with a version in it, so that no two publishers ever write the same file.
/// </summary>
/// <param name="Name">The name with its scope.</param>
/// <param name="Versions">Lowest first.</param>
/// <param name="Tags">Tag to version; <c>latest</c> is always there.</param>
/// <param name="Revision">Changes whenever anything of the package does.</param>
sealed record NpmPackage(
    string Name, IReadOnlyList<NpmVersion> Versions, SortedDictionary<string, string> Tags, string Revision)
{
    /// <summary>The manifest's property that names the tarball's file; clients do not see it.</summary>
    public const string FileProperty = "_file";

    static readonly string[] AbbreviatedProperties =
    [
        "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies",
        "bundleDependencies", "bundledDependencies", "peerDependencies", "peerDependenciesMeta",
        "acceptDependencies", "bin", "directories", "dist", "engines", "os", "cpu",
        "libc", "funding", "hasInstallScript", "_hasShrinkwrap",
    ];

    static readonly string[] InstallScripts = ["preinstall", "install", "postinstall"];

    /// <summary>Reads a package, or null when no version of it is here.</summary>
    public static async ValueTask<NpmPackage?> LoadAsync(PackageTree tree, string[] name, CancellationToken ct)
    {
        var versions = new List<NpmVersion>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var version in tree.Directories([.. name, "versions"]))
        {
            if (tree.Find([.. name, "versions", version, "package.json"]) is not { } path)
                continue;
            try
            {
                var bytes = await File.ReadAllBytesAsync(path, ct);
                if (JsonNode.Parse(bytes) is JsonObject manifest && (string?)manifest[FileProperty] is { } file
                    && await tree.InfoAsync(ct, [.. name, "versions", version, file]) is { } info)
                {
                    var tarball = tree.Find([.. name, "versions", version, file])!;
                    versions.Add(new NpmVersion(version, manifest, tarball, info.UploadedAt));
                    hash.AppendData(bytes);
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // unpublished this moment
            }
        }

        if (versions.Count == 0)
            return null;
        versions = [.. versions.OrderBy(v => SemVerVersionOrder.Instance.SortKey(v.Version), SemVerSyntax.KeyOrder)];
        var tags = await TagsAsync(tree, name, versions, ct);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', tags.Select(tag => $"{tag.Key}={tag.Value}"))));
        var revision = $"{versions.Count}-{Convert.ToHexStringLower(hash.GetHashAndReset())[..32]}";
        return new NpmPackage(string.Join('/', name), versions, tags, revision);
    }

    /// <summary>The version by number or by tag, or null.</summary>
    public NpmVersion? Find(string versionOrTag) => Versions.FirstOrDefault(version =>
        version.Version == (Tags.TryGetValue(versionOrTag, out var tagged) ? tagged : versionOrTag));

    /// <summary>The packument.</summary>
    public JsonObject Packument(FeedRequest request)
    {
        var newest = Find("latest")!.Manifest;
        var time = new JsonObject { ["created"] = Time(Versions.Min(v => v.Published)), ["modified"] = Modified };
        foreach (var version in Versions)
            time[version.Version] = Time(version.Published);
        var packument = new JsonObject
        {
            ["_id"] = Name,
            ["_rev"] = Revision,
            ["name"] = Name,
            ["dist-tags"] = TagsJson(),
            ["versions"] = VersionsJson(version => Manifest(version, request)),
            ["time"] = time,
        };
        foreach (var name in new[] { "description", "keywords", "homepage", "license", "repository", "readme" })
        {
            if (newest[name] is { } value)
                packument[name] = value.DeepClone();
        }

        return packument;
    }

    /// <summary>What an installer needs of the packument (<c>application/vnd.npm.install-v1+json</c>).</summary>
    public JsonObject AbbreviatedPackument(FeedRequest request) => new()
    {
        ["name"] = Name,
        ["modified"] = Modified,
        ["dist-tags"] = TagsJson(),
        ["versions"] = VersionsJson(version => Abbreviated(Manifest(version, request))),
    };

    /// <summary>One version's manifest with the tarball's address at this feed.</summary>
    public JsonObject Manifest(NpmVersion version, FeedRequest request)
    {
        var manifest = version.Manifest.DeepClone().AsObject();
        manifest.Remove(FileProperty);
        if (manifest["dist"] is JsonObject dist)
        {
            string[] name = Name.Split('/');
            dist["tarball"] = request.UrlOf([.. name, "-", $"{name[^1]}-{version.Version}.tgz"]).AbsoluteUri;
        }

        return manifest;
    }

    /// <summary>The tags as JSON.</summary>
    public JsonObject TagsJson() => new(Tags.Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value)));

    string Modified => Time(Versions.Max(version => version.Published));

    JsonObject VersionsJson(Func<NpmVersion, JsonObject> manifest) =>
        new(Versions.Select(version => KeyValuePair.Create(version.Version, (JsonNode?)manifest(version))));

    static JsonObject Abbreviated(JsonObject manifest)
    {
        var abbreviated = new JsonObject();
        foreach (var name in AbbreviatedProperties)
        {
            if (manifest[name] is { } value)
                abbreviated[name] = value.DeepClone();
        }

        if (manifest["scripts"] is JsonObject scripts && InstallScripts.Any(scripts.ContainsKey))
            abbreviated["hasInstallScript"] = true;
        return abbreviated;
    }

    static async ValueTask<SortedDictionary<string, string>> TagsAsync(
        PackageTree tree, string[] name, IReadOnlyList<NpmVersion> versions, CancellationToken ct)
    {
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in tree.Files([.. name, "dist-tags"]))
        {
            if (tree.Find([.. name, "dist-tags", tag]) is { } path)
            {
                var version = await File.ReadAllTextAsync(path, ct);
                if (versions.Any(known => known.Version == version))
                    tags[tag] = version;
            }
        }

        // The tagged version was unpublished, or it was never tagged: the client cannot do without.
        tags.TryAdd("latest", SemVerSyntax.Newest(versions.Select(version => version.Version)) ?? versions[^1].Version);
        return tags;
    }

    static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
