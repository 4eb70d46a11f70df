using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NuGet.Versioning;

namespace Deployments.Web.Feeds;

/// <summary>One stored version as the documents show it.</summary>
sealed record NuGetEntry(NuGetManifest Manifest, DateTime PublishedUtc)
{
    public string Id => Manifest.Id;

    public string Version => Manifest.Version.ToFullString();

    public string VersionKey => Manifest.Version.ToNormalizedString().ToLowerInvariant();
}

/// <summary>The JSON documents of the NuGet server API, version 3, for packages of the local store.</summary>
static class NuGetDocuments
{
    const int TakeMax = 1_000;
    const string MediaType = "application/json";
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The service index: where this feed answers what.</summary>
    public static LocalAnswer ServiceIndex(FeedRequest request)
    {
        (string Path, string[] Types)[] resources =
        [
            ("v3/flat/", ["PackageBaseAddress/3.0.0"]),
            ("v3/registration/", ["RegistrationsBaseUrl", "RegistrationsBaseUrl/3.4.0", "RegistrationsBaseUrl/3.6.0"]),
            ("v3/search", ["SearchQueryService", "SearchQueryService/3.0.0-rc", "SearchQueryService/3.5.0"]),
            ("v3/autocomplete",
                ["SearchAutocompleteService", "SearchAutocompleteService/3.0.0-rc", "SearchAutocompleteService/3.5.0"]),
            ("api/v2/package", ["PackagePublish/2.0.0"]),
            // A source that has the resource and cannot tell anything would be taken for one that has nothing to tell.
            ("v3/vulnerabilities/index.json", request.Known?.CanTell == true ? ["VulnerabilityInfo/6.7.0"] : []),
        ];
        return Document(new JsonObject
        {
            ["version"] = "3.0.0",
            ["resources"] = new JsonArray([.. resources.SelectMany(resource => resource.Types, (resource, type) =>
                new JsonObject { ["@id"] = request.FeedUrl.AbsoluteUri + resource.Path, ["@type"] = type })]),
        });
    }

    /// <summary>Every version of a package, lowest first (package content resource).</summary>
    public static LocalAnswer Versions(IEnumerable<NuGetVersion> versions) => Document(new JsonObject
    {
        ["versions"] = Strings(versions.Select(version => version.ToNormalizedString().ToLowerInvariant())),
    });

    /// <summary>The registration index, or one leaf of it.</summary>
    /// <param name="request">Asks for it.</param>
    /// <param name="entries">The package's versions, lowest first; not empty.</param>
    /// <param name="file"><c>index.json</c>, <c>{version}.json</c> or <c>page/{lower}/{upper}.json</c>.</param>
    public static LocalAnswer Registration(FeedRequest request, IReadOnlyList<NuGetEntry> entries, string file)
    {
        if (entries.Count > 0 && file == "index.json")
        {
            return Document(new JsonObject
            {
                ["@id"] = RegistrationUrl(request, entries[0].Id, "index.json"),
                ["count"] = 1,
                ["items"] = new JsonArray(Page(request, entries)),
            });
        }

        if (entries.Count > 0 && file == PageFile(entries))
            return Document(Page(request, entries));
        return file.EndsWith(".json", StringComparison.Ordinal) && NuGetVersion.TryParse(file[..^5], out var version)
            && entries.FirstOrDefault(entry => entry.Manifest.Version == version) is { } leaf
            ? Document(Leaf(request, leaf))
            : new LocalAnswer.Status(404, "This version is not in this feed.");
    }

    /// <summary>A page of search results; null when there are none at all, so that connectors are asked.</summary>
    public static LocalAnswer? SearchResult(FeedRequest request, IReadOnlyList<IReadOnlyList<NuGetEntry>> hits)
    {
        if (hits.Count == 0)
            return null;
        return Document(new JsonObject
        {
            ["totalHits"] = hits.Count,
            ["data"] = new JsonArray([.. hits.Skip(Number(request, "skip", 0)).Take(Number(request, "take", 20))
                .Select(entries => SearchItem(request, entries))]),
        });
    }

    /// <summary>Package ids or versions to complete what somebody types.</summary>
    public static LocalAnswer Completions(IEnumerable<string> texts)
    {
        var all = texts.ToList();
        return Document(new JsonObject { ["totalHits"] = all.Count, ["data"] = Strings(all) });
    }

    /// <summary>A search result without results.</summary>
    public static LocalAnswer NothingFound() =>
        Document(new JsonObject { ["totalHits"] = 0, ["data"] = new JsonArray() });

    static JsonObject SearchItem(FeedRequest request, IReadOnlyList<NuGetEntry> entries)
    {
        var newest = entries[^1];
        var item = Description(newest);
        item["@id"] = RegistrationUrl(request, newest.Id, "index.json");
        item["@type"] = "Package";
        item["registration"] = RegistrationUrl(request, newest.Id, "index.json");
        item["packageTypes"] = new JsonArray(
            [.. newest.Manifest.PackageTypes.Select(type => new JsonObject { ["name"] = type })]);
        item["versions"] = new JsonArray([.. entries.Select(entry => new JsonObject
        {
            ["@id"] = RegistrationUrl(request, entry.Id, $"{entry.VersionKey}.json"),
            ["version"] = entry.Version,
            ["downloads"] = 0,
        })]);
        return item;
    }

    // All versions in one page: the index holds the whole of it, and clients follow no further address.
    static JsonObject Page(FeedRequest request, IReadOnlyList<NuGetEntry> entries) => new()
    {
        ["@id"] = RegistrationUrl(request, entries[0].Id, [.. PageFile(entries).Split('/')]),
        ["count"] = entries.Count,
        ["parent"] = RegistrationUrl(request, entries[0].Id, "index.json"),
        ["lower"] = entries[0].VersionKey,
        ["upper"] = entries[^1].VersionKey,
        ["items"] = new JsonArray([.. entries.Select(entry => LeafItem(request, entry))]),
    };

    static string PageFile(IReadOnlyList<NuGetEntry> entries) =>
        $"page/{entries[0].VersionKey}/{entries[^1].VersionKey}.json";

    static JsonObject LeafItem(FeedRequest request, NuGetEntry entry)
    {
        var catalogEntry = Description(entry);
        catalogEntry["@id"] = RegistrationUrl(request, entry.Id, $"{entry.VersionKey}.json");
        catalogEntry["listed"] = true;
        catalogEntry["published"] = Published(entry);
        catalogEntry["packageContent"] = ContentUrl(request, entry);
        catalogEntry["dependencyGroups"] = DependencyGroups(request, entry.Manifest);
        NuGetFeed.AddVulnerabilities(catalogEntry, entry.Id, entry.Version, request);
        return new JsonObject
        {
            ["@id"] = RegistrationUrl(request, entry.Id, $"{entry.VersionKey}.json"),
            ["catalogEntry"] = catalogEntry,
            ["packageContent"] = ContentUrl(request, entry),
            ["registration"] = RegistrationUrl(request, entry.Id, "index.json"),
        };
    }

    static JsonObject Leaf(FeedRequest request, NuGetEntry entry)
    {
        var leaf = LeafItem(request, entry);
        leaf["listed"] = true;
        leaf["published"] = Published(entry);
        return leaf;
    }

    static JsonObject Description(NuGetEntry entry)
    {
        var manifest = entry.Manifest;
        var description = new JsonObject { ["id"] = entry.Id, ["version"] = entry.Version };
        foreach (var name in new[]
                 {
                     "title", "description", "summary", "authors", "iconUrl", "projectUrl", "licenseUrl", "language",
                 })
        {
            if (manifest.Text(name) is { Length: > 0 } text)
                description[name] = text;
        }

        description["tags"] = Strings(manifest.Text("tags").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries));
        description["requireLicenseAcceptance"] = manifest.Text("requireLicenseAcceptance") == "true";
        if (manifest.Metadata.Attribute("minClientVersion")?.Value is { } minClientVersion)
            description["minClientVersion"] = minClientVersion;
        if (manifest.Metadata.Elements().FirstOrDefault(element => element.Name.LocalName == "license") is { } license
            && license.Attribute("type")?.Value == "expression")
            description["licenseExpression"] = license.Value.Trim();
        return description;
    }

    static JsonArray DependencyGroups(FeedRequest request, NuGetManifest manifest) =>
        new([.. manifest.DependencyGroups.Select(group =>
        {
            var json = new JsonObject
            {
                ["dependencies"] = new JsonArray([.. group.Dependencies.Where(dependency => dependency.Id.Length > 0)
                    .Select(dependency => new JsonObject
                    {
                        ["id"] = dependency.Id,
                        ["range"] = Range(dependency.Version),
                        ["registration"] = RegistrationUrl(request, dependency.Id, "index.json"),
                    })]),
            };
            if (group.Framework.Length > 0)
                json["targetFramework"] = group.Framework;
            return json;
        })]);

    static string Range(string version) =>
        VersionRange.TryParse(version, out var range) ? range.ToNormalizedString() : "(, )";

    static string Published(NuGetEntry entry) =>
        entry.PublishedUtc.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    static string RegistrationUrl(FeedRequest request, string id, params string[] file) =>
        request.UrlOf(["v3", "registration", id.ToLowerInvariant(), .. file]).AbsoluteUri;

    static string ContentUrl(FeedRequest request, NuGetEntry entry)
    {
        var id = entry.Id.ToLowerInvariant();
        return request.UrlOf("v3", "flat", id, entry.VersionKey, $"{id}.{entry.VersionKey}.nupkg").AbsoluteUri;
    }

    static int Number(FeedRequest request, string name, int otherwise) =>
        int.TryParse(request.Query(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Math.Min(number, name == "take" ? TakeMax : int.MaxValue)
            : otherwise;

    static JsonArray Strings(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    static LocalAnswer.Document Document(JsonNode json) =>
        new(JsonSerializer.SerializeToUtf8Bytes(json, Json), MediaType);
}
