using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

// The JSON API: pypi/{project}/json and pypi/{project}/{version}/json, with the release's vulnerabilities. See "JSON
// API" of the Python packaging guide.
public sealed partial class PyPiFeed
{
    const string Pypi = "pypi";

    /// <inheritdoc/>
    public override IReadOnlyList<PackageKeys>? PackagesTold(FeedRequest request) =>
        ReleaseOf(request) is var (project, _) ? [new PackageKeys("", project, "")] : null;

    // The project and the version whose JSON is asked for, "" for the newest; null for anything else.
    static (string Project, string Version)? ReleaseOf(FeedRequest request) => request.Segments switch
    {
        [Pypi, var project, "json"] when NamePattern().IsMatch(project) => (NameKey(project), ""),
        [Pypi, var project, var version, "json"] when NamePattern().IsMatch(project) && IsVersion(version) =>
            (NameKey(project), version),
        _ => null,
    };

    // Beside the simple index, as the registry that others are modelled on has it.
    static Uri? ReleaseUrl(Uri index, string project, string version)
    {
        var root = index.AbsoluteUri.TrimEnd('/');
        if (!root.EndsWith("/" + Simple, StringComparison.Ordinal))
            return null;
        var name = PercentEncoding.EncodeSegment(project);
        return new Uri($"{root[..^Simple.Length]}{Pypi}/{name}/"
            + (version.Length > 0 ? PercentEncoding.EncodeSegment(version) + "/json" : "json"));
    }

    async ValueTask<LocalAnswer?> ReleaseAsync(
        FeedRequest request, string project, string version, PackageTree tree, CancellationToken ct)
    {
        var files = await FilesAsync(project, tree, ct);
        if (files.Count == 0)
            return null;
        var versions = files.Select(file => file.Version).Distinct(StringComparer.Ordinal)
            .OrderBy(VersionOrder.SortKey, SemVerSyntax.KeyOrder).ToList();
        var release = version.Length > 0
            ? versions.Find(other => VersionKey(other) == VersionKey(version))
            : versions.FindLast(other => !IsPrerelease(other)) ?? versions[^1];
        if (release is null)
            return new LocalAnswer.Status(404, "This feed has the project, but not this version.");

        var json = new JsonObject
        {
            ["info"] = new JsonObject { ["name"] = project, ["version"] = release },
            ["urls"] = FilesOf(release),
        };
        if (version.Length == 0)
        {
            json["releases"] = new JsonObject(versions.Select(other =>
                KeyValuePair.Create(other, (JsonNode?)FilesOf(other))));
        }

        AddVulnerabilities(json, project, release, request);
        return new LocalAnswer.Document(JsonSerializer.SerializeToUtf8Bytes(json), "application/json");

        JsonArray FilesOf(string of) => new([.. files.Where(file => file.Version == of).Select(file => new JsonObject
        {
            ["filename"] = file.File,
            ["url"] = request.UrlOf(Packages, project, of, file.File).AbsoluteUri,
            ["digests"] = new JsonObject { ["sha256"] = file.Info.Sha256 },
            ["size"] = file.Info.Size,
        })]);
    }

    byte[] RewriteRelease(byte[] document, (string Project, string Version) release, RewriteContext context)
    {
        try
        {
            var json = JsonNode.Parse(document) as JsonObject
                ?? throw new FormatException("The release is no JSON object.");
            foreach (var file in (json["urls"] as JsonArray ?? [])
                .Concat((json["releases"] as JsonObject ?? []).SelectMany(pair => pair.Value as JsonArray ?? []))
                .OfType<JsonObject>())
            {
                if (KnownVulnerability.TextOf(file["url"]) is { } url && Led(url, release.Project, context) is { } led)
                    file["url"] = led;
            }

            var version = release.Version.Length > 0
                ? release.Version
                : KnownVulnerability.TextOf((json["info"] as JsonObject)?["version"]) ?? "";
            AddVulnerabilities(json, release.Project, version, context.Request);
            return JsonSerializer.SerializeToUtf8Bytes(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("The upstream's release cannot be read.", e);
        }
    }

    void AddVulnerabilities(JsonObject json, string project, string version, FeedRequest request)
    {
        if (request.Known is not { } known)
            return;
        var entries = known.Told.Where(item => item.Concerns(version, VersionOrder)).Select(item => new JsonObject
        {
            ["id"] = item.Id,
            ["aliases"] = new JsonArray([.. item.Names.Where(name => name != item.Id)
                .Select(name => JsonValue.Create(name))]),
            ["summary"] = item.Summary,
            ["details"] = item.Details.Length > 0 ? item.Details : item.Title,
            ["fixed_in"] = new JsonArray([.. item.FixedVersions.Select(text => JsonValue.Create(text))]),
            ["link"] = item.Url(request.FeedUrl),
            ["source"] = "osv",
            ["withdrawn"] = null,
        }).Concat(known.Without(new PackageKeys("", project, ""), json["vulnerabilities"], NamesIn));
        json["vulnerabilities"] = new JsonArray([.. entries]);
    }

    static IEnumerable<string?> NamesIn(JsonObject entry) =>
        (entry["aliases"] as JsonArray ?? []).Select(KnownVulnerability.TextOf)
            .Append(KnownVulnerability.TextOf(entry["id"]));
}
