using System.Text.Json.Nodes;

namespace Deployments.Web.Feeds;

// What tools want to know of an image that lies here, apart from pulling it.
public sealed partial class DockerFeed
{
    // What build tools call an SBOM that they attach to an image, and the format in which it is written.
    static readonly (string ArtifactType, string Format)[] Sboms =
    [
        ("application/vnd.cyclonedx+json", "cyclonedx"), ("application/spdx+json", "spdx"),
        ("application/vnd.spdx+json", "spdx"),
    ];

    /// <summary>Whether a text is a digest.</summary>
    public static bool IsDigest(string text) => DigestPattern().IsMatch(text);

    /// <summary>Whether a text can be a tag or a digest.</summary>
    public static bool IsReference(string text) => TagPattern().IsMatch(text) || IsDigest(text);

    /// <summary>An image of a repository; null when it is not here.</summary>
    /// <param name="tree">The feed's files.</param>
    /// <param name="repository">Its name; may be anything.</param>
    /// <param name="reference">A tag or a digest; may be anything.</param>
    /// <param name="ct">Gives up.</param>
    public static async ValueTask<StoredImage?> ImageOrNullAsync(
        PackageTree tree, string repository, string reference, CancellationToken ct)
    {
        if (!repository.Split('/').All(NamePattern().IsMatch) || !IsReference(reference)
            || await DigestOfAsync(new Route(Part.Manifest, repository, reference), tree, ct) is not { } digest
            || tree.Find("manifests", digest) is not { } file
            || await tree.InfoAsync(ct, Repositories, repository, "manifests", digest) is not { } info)
            return null;
        var manifest = await File.ReadAllBytesAsync(file, ct);
        return new StoredImage(digest, manifest, info.UploadedAt, ChildrenOrNull(ParseOrNull(manifest)));
    }

    /// <summary>A repository that has this image; null when none has.</summary>
    public static string? RepositoryOrNull(PackageTree tree, string digest) => tree.Directories(Repositories)
        .FirstOrDefault(repository => tree.Find(Repositories, repository, "manifests", digest) is not null);

    /// <summary>The tags that lead to an image, in ordinal order.</summary>
    public static IReadOnlyList<string> TagsOf(PackageTree tree, string repository, string digest) =>
    [
        .. tree.Files(Repositories, repository, "tags").Where(tag =>
            tree.Find(Repositories, repository, "tags", tag) is { } file && File.ReadAllText(file) == digest),
    ];

    /// <summary>The SBOMs that were attached to an image, with the formats that they say they are in.</summary>
    public static async ValueTask<IReadOnlyList<(string Format, string File)>> SbomsOfAsync(
        PackageTree tree, string repository, string digest, CancellationToken ct)
    {
        var route = new Route(Part.Referrers, repository, digest);
        if (await ReferrersAsync(route, tree, ct) is not LocalAnswer.Document referrers)
            return [];
        var found = new List<(string, string)>();
        foreach (var referrer in ParseOrNull(referrers.Content)?["manifests"] as JsonArray ?? [])
        {
            var type = $"{referrer?["artifactType"]}";
            var format = Array.Find(Sboms, sbom => type.StartsWith(sbom.ArtifactType, StringComparison.Ordinal)).Format;
            if (format is not null && tree.Find("manifests", $"{referrer?["digest"]}") is { } manifest
                && ParseOrNull(await File.ReadAllBytesAsync(manifest, ct))?["layers"] is JsonArray { Count: > 0 } layers
                && layers[0] is JsonObject layer && IsDigest($"{layer["digest"]}")
                && tree.Find("blobs", $"{layer["digest"]}") is { } blob)
                found.Add((format, blob));
        }

        return found;
    }

    static List<(string Digest, string? Architecture)>? ChildrenOrNull(JsonObject? manifest) =>
        manifest?["manifests"] is JsonArray children
            ?
            [
                .. children.OfType<JsonObject>().Select(child => ($"{child["digest"]}",
                    child["platform"] is JsonObject platform ? platform["architecture"]?.ToString() : null)),
            ]
            : null;
}

/// <summary>An image that lies in a feed.</summary>
/// <param name="Digest">What identifies it.</param>
/// <param name="Manifest">Its manifest, byte for byte.</param>
/// <param name="AddedAt">When it was pushed to the repository, UTC.</param>
/// <param name="Children">The images of an index, with the architectures it says; null: it is none.</param>
public sealed record StoredImage(
    string Digest, byte[] Manifest, DateTimeOffset AddedAt,
    IReadOnlyList<(string Digest, string? Architecture)>? Children);
