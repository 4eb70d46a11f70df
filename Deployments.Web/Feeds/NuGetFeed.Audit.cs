using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

// "dotnet restore" reads the resource VulnerabilityInfo: a list of pages, here one, which has every package of which
// something is known. "dotnet list package --vulnerable" reads the registration of each package instead, where no
// audit source is configured. See the NuGet server API, "Vulnerability info" and "Package metadata".
public sealed partial class NuGetFeed
{
    static readonly string[] VulnerabilityTypes = ["VulnerabilityInfo/6.7.0", "VulnerabilityInfo/Versioned"];

    /// <inheritdoc/>
    public ValueTask<ClientAudit?> ReadAuditAsync(FeedRequest request, PackageTree tree, CancellationToken ct) =>
        ValueTask.FromResult<ClientAudit?>(request.Method is "GET" or "HEAD" ? request.Segments switch
        {
            ["v3", "vulnerabilities", "index.json"] => new Audit(request, tree, isIndex: true),
            ["v3", "vulnerabilities", "all.json"] => new Audit(request, tree, isIndex: false),
            _ => null,
        } : null);

    /// <inheritdoc/>
    public IReadOnlyList<PackageKeys>? PackagesTold(FeedRequest request) => RouteOf(request) switch
    {
        { Part: Part.ServiceIndex } => [],
        { Part: Part.Registration } route => [Normalize(new PackageCoordinates("", route.Id, ""))],
        _ => null,
    };

    /// <summary>Adds to a package's metadata what is known of the version.</summary>
    /// <param name="catalogEntry">The metadata, with what an upstream knows.</param>
    /// <param name="id">The package.</param>
    /// <param name="version">The version.</param>
    /// <param name="request">Who asks, with what is known here.</param>
    internal static void AddVulnerabilities(
        JsonObject catalogEntry, string id, string version, FeedRequest request)
    {
        if (request.Known is not { } known)
            return;
        var keys = new PackageKeys("", IdKey(id), "");
        var all = known.Told
            .Where(item => item.Keys == keys && item.Concerns(version, NuGetVersionOrder.Instance))
            .Select(item => new JsonObject
            {
                ["@type"] = "Vulnerability",
                ["advisoryUrl"] = item.Url(request.FeedUrl),
                ["severity"] = SeverityOf(item).ToString(CultureInfo.InvariantCulture),
            })
            .Concat(known.Without(keys, catalogEntry["vulnerabilities"],
                entry => [KnownVulnerability.IdInUrl(entry["advisoryUrl"])])).ToArray<JsonNode>();
        if (all.Length > 0)
            catalogEntry["vulnerabilities"] = new JsonArray(all);
        else
            catalogEntry.Remove("vulnerabilities");
    }

    // Every catalogEntry of a registration index, page or leaf of an upstream.
    static void AddVulnerabilities(JsonNode? node, FeedRequest request)
    {
        if (node is JsonObject json && json["catalogEntry"] is JsonObject entry
            && TextOf(entry["id"]) is { } id && TextOf(entry["version"]) is { } version)
        {
            AddVulnerabilities(entry, id, version, request);
            return;
        }

        foreach (var item in (node as JsonObject)?["items"] as JsonArray ?? [])
            AddVulnerabilities(item, request);
    }

    // The protocol has four numbers and none for "unknown": what says nothing is better looked at.
    static int SeverityOf(KnownVulnerability item) => item.Severity is 0 ? 2 : item.Severity - 1;

    sealed class Audit(FeedRequest request, PackageTree tree, bool isIndex) : ClientAudit
    {
        public override IReadOnlyList<PackageKeys>? Packages => isIndex ? [] : null;

        public override bool IsAnsweredByNothing => true; // no page at all

        public override UpstreamQuestion? Upstream(Uri connector, JsonElement? index) =>
            index is { } services
            && VulnerabilityTypes.SelectMany(name => AddressesOf(services, name)).FirstOrDefault() is { } address
            && AddressOrNull(connector, address) is { } url
                ? new UpstreamQuestion(url)
                : null;

        public override IReadOnlyList<Uri> Further(JsonNode answer) => isIndex
            ? []
            : [.. (answer as JsonArray ?? []).OfType<JsonObject>().Select(page => TextOf(page["@id"])).OfType<string>()
                .Select(address => AddressOrNull(request.FeedUrl, address)).OfType<Uri>()];

        public override LocalAnswer? Answer(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream) =>
            isIndex ? Index(known, upstream) : Page(known, upstream);

        // The client keeps a page as long as the time stays.
        LocalAnswer.Document Index(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream)
        {
            var times = upstream.OfType<JsonArray>().SelectMany(pages => pages).OfType<JsonObject>()
                .Select(page => DateTimeOffset.TryParse(TextOf(page["@updated"]), CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal, out var time) ? time : (DateTimeOffset?)null)
                .Append(known.ChangedAt).Max();
            return Document(times is not { } updated ? new JsonArray() : new JsonArray(new JsonObject
            {
                ["@name"] = "all",
                ["@id"] = request.UrlOf("v3", "vulnerabilities", "all.json").AbsoluteUri,
                ["@updated"] = updated.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'",
                    CultureInfo.InvariantCulture),
                ["comment"] = "Every package of which a vulnerability is known.",
            }));
        }

        LocalAnswer.Document Page(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream)
        {
            var byId = new SortedDictionary<string, JsonArray>(StringComparer.Ordinal);
            foreach (var item in known.Told)
            {
                foreach (var range in RangesOf(item))
                {
                    Add(item.Keys.Name, new JsonObject
                    {
                        ["url"] = item.Url(request.FeedUrl),
                        ["severity"] = SeverityOf(item),
                        ["versions"] = range,
                    });
                }
            }

            var ofPackage = known.Items.ToLookup(item => item.Keys.Name, StringComparer.Ordinal);
            foreach (var (id, entries) in upstream.OfType<JsonObject>().SelectMany(page => page))
            {
                var key = IdKey(id);
                if (!IsId(id) || VersionsOf(tree, id).Count > 0)
                    continue; // what is ours is nobody else's to say something about
                var own = known with { Items = [.. ofPackage[key]] };
                foreach (var entry in own.Without(new PackageKeys("", key, ""), entries,
                    entry => [KnownVulnerability.IdInUrl(entry["url"])]))
                    Add(key, entry);
            }

            return Document(new JsonObject(byId.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))));

            void Add(string id, JsonObject entry)
            {
                if (!byId.TryGetValue(id, out var list))
                    byId[id] = list = [];
                list.Add(entry);
            }
        }

        static Uri? AddressOrNull(Uri page, string address) =>
            Uri.TryCreate(page, address, out var url) && url.Scheme is "http" or "https" ? url : null;

        static IEnumerable<string> RangesOf(KnownVulnerability item) => item.Ranges
            .Select(range => (range.Introduced is { } low ? $"[{low}, " : "(, ")
                + (range.Fixed is { } high ? $"{high})" : range.LastAffected is { } last ? $"{last}]" : ")"))
            .Concat(item.Versions.Select(version => $"[{version}]"));
    }
}
