using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;
using NuGet.Versioning;

namespace Deployments.Web.Feeds;

// Connectors. An address that ends with index.json is a v3 service index; any other is the root of a v2 (OData) feed.
public sealed partial class NuGetFeed
{
    static readonly XNamespace Atom = "http://www.w3.org/2005/Atom";
    static readonly string[] SearchParameters =
        ["q", "id", "skip", "take", "prerelease", "semVerLevel", "packageType"];

    /// <inheritdoc/>
    public bool HasUpstreamIndex(Uri connector) =>
        connector.AbsolutePath.EndsWith("index.json", StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index)
    {
        if (request.Method is not ("GET" or "HEAD"))
            return null;
        var route = RouteOf(request);
        if (HasUpstreamIndex(connector))
            return index is { } services ? UpstreamUrl(request, route, services) : null;

        var feed = connector.AbsoluteUri.TrimEnd('/');
        var id = PercentEncoding.EncodeSegment(route.Id);
        return route.Part switch
        {
            Part.Versions => new Uri($"{feed}/FindPackagesById()?id='{id}'&semVerLevel=2.0.0"),
            Part.FlatFile when IsPackageFile(route) => new Uri($"{feed}/package/{id}/{route.Version}"),
            Part.Package => new Uri($"{feed}/package/{id}/{route.Version}".TrimEnd('/')),
            Part.Other or Part.Root when request.Segments is not ["v3", ..] =>
                new Uri($"{feed}/{request.RawPath}{request.RawQuery}"),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public bool RewritesAnswer(FeedRequest request) =>
        RouteOf(request).Part is Part.Registration or Part.Search or Part.Versions or Part.Other or Part.Root;

    /// <inheritdoc/>
    public byte[] Rewrite(byte[] document, RewriteContext context)
    {
        var route = RouteOf(context.Request);
        try
        {
            if (route.Part == Part.Versions)
            {
                // A v3 client on a v2 connector: the Atom feed becomes the version list the client asked for.
                return IsXml(document)
                    ? ((LocalAnswer.Document)NuGetDocuments.Versions(VersionsIn(document))).Content
                    : document;
            }

            if (route.Part is Part.Other or Part.Root)
                return IsXml(document) ? RewriteAtom(document, context) : document;

            var json = JsonNode.Parse(document) ?? throw new FormatException("The document is JSON null.");
            RewriteJson(json, context, route.Id, route.Version);
            if (route.Part == Part.Registration)
                AddVulnerabilities(json, context.Request);
            return JsonSerializer.SerializeToUtf8Bytes(json);
        }
        catch (Exception e) when (e is JsonException or XmlException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("The upstream's NuGet document cannot be read.", e);
        }
    }

    static Uri? UpstreamUrl(FeedRequest request, Route route, JsonElement services)
    {
        var id = PercentEncoding.EncodeSegment(IdKey(route.Id));
        var version = VersionKey(route.Version);
        var (types, path) = route.Part switch
        {
            Part.Versions => (FlatTypes, $"{id}/index.json"),
            Part.FlatFile when IsPackageFile(route) => (FlatTypes, $"{id}/{version}/{id}.{version}.nupkg"),
            Part.FlatFile => (FlatTypes, $"{id}/{version}/{PercentEncoding.EncodeSegment(route.File)}"),
            Part.Package when version.Length > 0 => (FlatTypes, $"{id}/{version}/{id}.{version}.nupkg"),
            Part.Registration => (RegistrationTypes,
                $"{id}/{string.Join('/', route.File.Split('/').Select(PercentEncoding.EncodeSegment))}"),
            Part.Search => (SearchTypes, SearchQuery(request)),
            Part.Autocomplete => (AutocompleteTypes, SearchQuery(request)),
            _ => ([], ""),
        };
        if (types.SelectMany(type => AddressesOf(services, type)).FirstOrDefault() is not { } address)
            return null;
        var isBase = route.Part is not (Part.Search or Part.Autocomplete);
        return Uri.TryCreate(isBase ? WithSlash(address) + path : address + path, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https"
            ? url
            : null;
    }

    // The hive with SemVer 2 packages first: it is the complete one.
    static readonly string[] RegistrationTypes =
    [
        "RegistrationsBaseUrl/3.6.0", "RegistrationsBaseUrl/Versioned", "RegistrationsBaseUrl/3.4.0",
        "RegistrationsBaseUrl", "RegistrationsBaseUrl/3.0.0-rc", "RegistrationsBaseUrl/3.0.0-beta",
    ];

    static readonly string[] FlatTypes = ["PackageBaseAddress/3.0.0"];

    static readonly string[] SearchTypes =
    [
        "SearchQueryService/3.5.0", "SearchQueryService/Versioned", "SearchQueryService",
        "SearchQueryService/3.0.0-rc", "SearchQueryService/3.0.0-beta",
    ];

    static readonly string[] AutocompleteTypes =
    [
        "SearchAutocompleteService/3.5.0", "SearchAutocompleteService/Versioned", "SearchAutocompleteService",
        "SearchAutocompleteService/3.0.0-rc", "SearchAutocompleteService/3.0.0-beta",
    ];

    static string SearchQuery(FeedRequest request) => "?" + string.Join('&', SearchParameters
        .Where(name => request.Query(name) is not null)
        .Select(name => $"{name}={Uri.EscapeDataString(request.Query(name)!)}"));

    static IEnumerable<string> AddressesOf(JsonElement services, string type)
    {
        if (services.ValueKind != JsonValueKind.Object || !services.TryGetProperty("resources", out var resources)
            || resources.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (var resource in resources.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object))
        {
            if (resource.TryGetProperty("@type", out var name) && name.ValueKind == JsonValueKind.String
                && name.ValueEquals(type)
                && resource.TryGetProperty("@id", out var id) && id.GetString() is { Length: > 0 } address)
                yield return address;
        }
    }

    static void RewriteJson(JsonNode? node, RewriteContext context, string id, string version)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
                RewriteJson(item, context, id, version);
            return;
        }

        if (node is not JsonObject json)
            return;
        var described = json["catalogEntry"] as JsonObject ?? json;
        (id, version) = (TextOf(described["id"]) ?? id, TextOf(described["version"]) ?? version);
        foreach (var (name, value) in json.ToList())
        {
            if (TextOf(value) is { } text)
            {
                if (AddressOf(name, text, context, id, version) is { } address)
                    json[name] = address;
            }
            else
            {
                RewriteJson(value, context, id, version);
            }
        }
    }

    static string? AddressOf(string name, string text, RewriteContext context, string id, string version)
    {
        if (!text.StartsWith("http", StringComparison.OrdinalIgnoreCase))
            return null;
        var feed = context.Request.FeedUrl.AbsoluteUri;
        if (context.Index is { } services)
        {
            if (Below(services, FlatTypes, text) is { } flat)
                return $"{feed}v3/flat/{flat}";
            if (Below(services, RegistrationTypes, text) is { } registration)
                return $"{feed}v3/registration/{registration}";
        }

        // Some servers keep package files elsewhere than the package base address says.
        return name == "packageContent" && Uri.TryCreate(text, UriKind.Absolute, out var file) && IsVersion(version)
            ? context.Lead(file, "v3", "flat", IdKey(id), VersionKey(version),
                PackageFileName(IdKey(id), VersionKey(version))).AbsoluteUri
            : null;
    }

    static string? Below(JsonElement services, string[] types, string address) =>
        types.SelectMany(type => AddressesOf(services, type)).Select(WithSlash)
            .Where(start => address.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            .Select(start => address[start.Length..]).FirstOrDefault();

    static byte[] RewriteAtom(byte[] document, RewriteContext context)
    {
        var atom = ReadXml(document);
        var upstream = context.Connector.AbsoluteUri.TrimEnd('/') + "/";
        var feed = context.Request.FeedUrl.AbsoluteUri;
        foreach (var entry in atom.Descendants(Atom + "entry"))
        {
            if (entry.Element(Atom + "content")?.Attribute("src") is { } source
                && Uri.TryCreate(source.Value, UriKind.Absolute, out var file) && VersionIn(entry) is { } version)
                source.Value = context.Lead(file, "package", IdIn(entry), version).AbsoluteUri;
        }

        foreach (var attribute in atom.Descendants().Attributes().Where(attribute => !attribute.IsNamespaceDeclaration))
            attribute.Value = Moved(attribute.Value, upstream, feed);
        foreach (var id in atom.Descendants(Atom + "id"))
            id.Value = Moved(id.Value, upstream, feed);
        var text = atom.ToString(SaveOptions.DisableFormatting);
        return Encoding.UTF8.GetBytes($"""<?xml version="1.0" encoding="utf-8"?>{text}""");
    }

    static string Moved(string address, string upstream, string feed) =>
        address.StartsWith(upstream, StringComparison.OrdinalIgnoreCase) ? feed + address[upstream.Length..] : address;

    static string IdIn(XElement entry) =>
        entry.Descendants().FirstOrDefault(element => element.Name.LocalName == "Id")?.Value
        ?? entry.Element(Atom + "title")?.Value ?? "";

    static string? VersionIn(XElement entry) =>
        entry.Descendants().FirstOrDefault(element => element.Name.LocalName == "Version")?.Value;

    // The document of VersionListRequest: a v3 version list, or a v2 Atom feed (its first page).
    static IReadOnlyList<NuGetVersion> VersionsIn(byte[] document)
    {
        try
        {
            IEnumerable<string?> texts = IsXml(document)
                ? ReadXml(document).Descendants(Atom + "entry").Select(VersionIn)
                : JsonNode.Parse(document)?["versions"] is JsonArray versions ? versions.Select(TextOf) : [];
            return [.. texts.Select(text => NuGetVersion.TryParse(text, out var version) ? version : null)
                .OfType<NuGetVersion>().Order()];
        }
        catch (Exception e) when (e is JsonException or XmlException or InvalidOperationException or ArgumentException)
        {
            return [];
        }
    }

    static XDocument ReadXml(byte[] document)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
        using var reader = XmlReader.Create(new MemoryStream(document), settings);
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
    }

    static bool IsXml(byte[] document)
    {
        var text = document.AsSpan();
        if (text.StartsWith(Encoding.UTF8.Preamble))
            text = text[Encoding.UTF8.Preamble.Length..];
        return text.TrimStart(" \t\r\n"u8).StartsWith("<"u8);
    }

    static string? TextOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    static string WithSlash(string address) => address.EndsWith('/') ? address : address + "/";
}
