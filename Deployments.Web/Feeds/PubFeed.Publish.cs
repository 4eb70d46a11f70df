using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Deployments.Web.Feeds;

// Publishing, in three steps: the client asks where to (…/versions/new), sends a form there, and follows the answer's
// Location. What the client asks of a package is made of the pubspec.yaml in each of its archives.
public sealed partial class PubFeed
{
    const string Pubspec = "pubspec.yaml";
    const string PubspecExtension = ".pubspec.json"; // beside the archive
    const string JsonType = "application/vnd.pub.v2+json";
    const int PubspecBytesMax = 256 << 10;

    static readonly string[] VersionsPath = ["api", "packages", "versions"];

    /// <inheritdoc/>
    public override FeedAccess RequiredAccess(FeedRequest request) =>
        request.Segments is ["api", "packages", "versions", "new" or "finish"]
            ? FeedAccess.Upload
            : base.RequiredAccess(request);

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        switch (request.Segments)
        {
            case ["api", "packages", "versions", "new"]:
                return Json(new JsonObject
                {
                    ["url"] = request.UrlOf([.. VersionsPath, "upload"]).AbsoluteUri,
                    ["fields"] = new JsonObject(),
                });
            case ["api", "packages", "versions", "finish"]:
                return Json(new JsonObject
                {
                    ["success"] = new JsonObject { ["message"] = "The package was published." },
                });
        }

        return await base.ReadAsync(request, tree, ct)
            ?? (request.Segments is ["api", "packages", var name] && NamePattern().IsMatch(name)
                ? await DescribeAsync(request, name, tree, ct)
                : null);
    }

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Method != "POST" || request.Segments is not ["api", "packages", "versions", "upload"])
            return await base.StoreAsync(request, tree, ct);
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 200 } boundary)
            return Refused("Send the archive as a form (multipart/form-data), as 'dart pub publish' does.");
        try
        {
            var reader = new MultipartReader(boundary, request.Body);
            while (await reader.ReadNextSectionAsync(ct) is { } part)
            {
                if (part.GetContentDispositionHeader() is { } disposition
                    && HeaderUtilities.RemoveQuotes(disposition.Name) == "file")
                    return await PublishAsync(part.Body, request, tree, ct);
            }

            return Refused("The form has no file called 'file'.");
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return Refused(e is InvalidDataException ? e.Message : "The form is malformed, or ended early.");
        }
    }

    async ValueTask<LocalAnswer> PublishAsync(
        Stream content, FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        await using var archive = await tree.SpoolAsync(content, ct);
        var pubspec = PubspecText.Read(await PubspecAsync(archive, ct));
        if (TextOf(pubspec["name"]) is not { } name || !NamePattern().IsMatch(name)
            || TextOf(pubspec["version"]) is not { } version || !SemVerSyntax.IsVersion(version))
            return Refused("The pubspec.yaml has no name and version.");
        string[] path = ["packages", name, "versions", version + ArchiveExtension];
        if (tree.Find(path) is not null)
            return Refused($"Version {version} of package {name} already exists.");

        // The description first: an archive without one would not be listed.
        var described = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(pubspec));
        await tree.SaveAsync(described, request.UserName, replace: true, ct,
            [.. path[..^1], version + PubspecExtension]);
        archive.Position = 0;
        return await SaveAsync(archive, request, tree, ct, path) is LocalAnswer.Status { Code: not 201 } refused
            ? Refused(refused.Message)
            : new LocalAnswer.Status(204)
            {
                Headers = [("Location", request.UrlOf([.. VersionsPath, "finish"]).AbsoluteUri)],
            };
    }

    static async ValueTask<string> PubspecAsync(Stream archive, CancellationToken ct)
    {
        try
        {
            await using var plain = new GZipStream(archive, CompressionMode.Decompress, leaveOpen: true);
            await using var tar = new TarReader(plain);
            while (await tar.GetNextEntryAsync(copyData: false, ct) is { } entry)
            {
                if (entry.Name is not (Pubspec or "./" + Pubspec) || entry.DataStream is not { } data)
                    continue;
                var text = new byte[PubspecBytesMax + 1];
                var length = await data.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, ct);
                return length <= PubspecBytesMax
                    ? Encoding.UTF8.GetString(text, 0, length)
                    : throw new InvalidDataException("The pubspec.yaml is larger than 256 KB.");
            }
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("The archive is damaged.", e);
        }

        throw new InvalidDataException("The archive has no pubspec.yaml.");
    }

    async ValueTask<LocalAnswer?> DescribeAsync(
        FeedRequest request, string name, PackageTree tree, CancellationToken ct)
    {
        var versions = new List<(string Version, JsonObject Json)>();
        string[] folder = ["packages", name, "versions"];
        foreach (var file in tree.Files(folder).Where(name =>
            name.EndsWith(ArchiveExtension, StringComparison.Ordinal)))
        {
            var version = file[..^ArchiveExtension.Length];
            if (tree.Find([.. folder, version + PubspecExtension]) is not { } pubspec
                || await tree.InfoAsync(ct, [.. folder, file]) is not { } info)
                continue;
            versions.Add((version, new JsonObject
            {
                ["version"] = version,
                ["archive_url"] = request.UrlOf([.. folder, file]).AbsoluteUri,
                ["archive_sha256"] = info.Sha256,
                ["pubspec"] = JsonNode.Parse(await File.ReadAllBytesAsync(pubspec, ct)),
                ["published"] = info.UploadedAt.UtcDateTime,
            }));
        }

        if (versions.Count == 0)
            return null;
        versions.Sort((one, other) => VersionOrder.SortKey(one.Version).AsSpan()
            .SequenceCompareTo(VersionOrder.SortKey(other.Version)));
        var newest = versions.FindLast(version => !IsPrerelease(version.Version));
        return Json(new JsonObject
        {
            ["name"] = name,
            ["latest"] = (newest.Json ?? versions[^1].Json).DeepClone(),
            ["versions"] = new JsonArray([.. versions.Select(version => version.Json)]),
        });
    }

    // The client shows the message of such an answer, and of no other.
    static LocalAnswer.Status Refused(string message) => new(400, new JsonObject
    {
        ["error"] = new JsonObject { ["code"] = "PackageRejected", ["message"] = message },
    }.ToJsonString());

    static LocalAnswer.Document Json(JsonObject json) => new(JsonSerializer.SerializeToUtf8Bytes(json), JsonType);
}
