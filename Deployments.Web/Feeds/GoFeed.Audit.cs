using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

// "govulncheck -db {feed}": a vulnerability database of static files, which the client asks for packed (.json.gz). See
// "Go Vulnerability Database", section "API". The files lie beside the modules, none of which can be called so.
public sealed partial class GoFeed
{
    const string Extension = ".json";

    /// <inheritdoc/>
    public override ValueTask<ClientAudit?> ReadAuditAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Method is not ("GET" or "HEAD") || request.Segments is not ["index" or "ID", var file])
            return ValueTask.FromResult<ClientAudit?>(null);
        var isPacked = file.EndsWith(".gz", StringComparison.Ordinal);
        var name = isPacked ? file[..^3] : file;
        if (!name.EndsWith(Extension, StringComparison.Ordinal))
            return ValueTask.FromResult<ClientAudit?>(null);
        name = name[..^Extension.Length];
        return ValueTask.FromResult<ClientAudit?>(request.Segments[0] == "ID"
            ? new EntryAudit(request, name, isPacked)
            : name is "db" or "modules" or "vulns" ? new IndexAudit(request, name, isPacked) : null);
    }

    static string Time(DateTimeOffset time) => time.UtcDateTime.ToString(
        "yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    abstract class DatabaseAudit(FeedRequest request, bool isPacked) : ClientAudit
    {
        protected FeedRequest Request => request;

        /// <summary>The id by which the client's users know it: that of the Go team where there is one.</summary>
        protected static string IdOf(KnownVulnerability item) =>
            item.Names.FirstOrDefault(name => name.StartsWith("GO-", StringComparison.Ordinal)) ?? item.Id;

        // An upstream of the same kind has the same files, unpacked too; a mere proxy has none.
        public override UpstreamQuestion? Upstream(Uri connector, JsonElement? index) => new(Below(
            connector, isPacked ? request.RawPath[..^3] : request.RawPath));

        protected LocalAnswer.Document Packed(JsonNode json)
        {
            var document = Document(json);
            if (!isPacked)
                return document;
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                gzip.Write(document.Content);
            return new LocalAnswer.Document(packed.ToArray(), "application/gzip");
        }
    }

    /// <summary>One of the three lists.</summary>
    sealed class IndexAudit(FeedRequest request, string name, bool isPacked) : DatabaseAudit(request, isPacked)
    {
        public override IReadOnlyList<PackageKeys>? Packages => name == "db" ? [] : null;

        public override LocalAnswer? Answer(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream) =>
            known.ChangedAt is null && upstream.Count == 0 ? null : Packed(name switch
            {
                "db" => new JsonObject { ["modified"] = Modified(known, upstream) },
                "modules" => Modules(known, upstream),
                _ => Vulnerabilities(known, upstream),
            });

        static string Modified(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream) =>
            upstream.OfType<JsonObject>().Select(db => KnownVulnerability.TextOf(db["modified"])).OfType<string>()
                .Append(known.ChangedAt is { } time ? Time(time) : "").Max(StringComparer.Ordinal)!;

        static JsonArray Modules(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream)
        {
            var modules = new SortedDictionary<string, JsonArray>(StringComparer.Ordinal);
            foreach (var item in known.Told)
            {
                var entry = new JsonObject { ["id"] = IdOf(item), ["modified"] = Time(item.ModifiedAt) };
                // The last fix, where everything is fixed: the client passes by what is newer.
                if (item.Versions.Count == 0 && item.Ranges.Count > 0
                    && item.Ranges.All(range => range.Fixed is not null))
                    entry["fixed"] = item.Ranges.MaxBy(range => range.HighKey, SemVerSyntax.KeyOrder)!.Fixed;
                ListOf(item.Package).Add(entry);
            }

            foreach (var module in upstream.OfType<JsonArray>().SelectMany(list => list).OfType<JsonObject>())
            {
                if (KnownVulnerability.TextOf(module["path"]) is not { } path)
                    continue;
                foreach (var entry in known.Without(new PackageKeys("", path, ""), module["vulns"],
                    entry => [KnownVulnerability.TextOf(entry["id"])]))
                    ListOf(path).Add(entry);
            }

            return new JsonArray([.. modules.Where(pair => pair.Value.Count > 0).Select(pair =>
                new JsonObject { ["path"] = pair.Key, ["vulns"] = pair.Value })]);

            JsonArray ListOf(string path) =>
                modules.TryGetValue(path, out var list) ? list : modules[path] = [];
        }

        static JsonArray Vulnerabilities(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream)
        {
            var names = known.Items.SelectMany(item => item.Names).ToHashSet(StringComparer.OrdinalIgnoreCase);
            var own = known.Told.DistinctBy(IdOf).Select(item => new JsonObject
            {
                ["id"] = IdOf(item),
                ["modified"] = Time(item.ModifiedAt),
                ["aliases"] = Strings(item.Names.Where(name => name != IdOf(item))),
            });
            var others = upstream.OfType<JsonArray>().SelectMany(list => list).OfType<JsonObject>()
                .Where(entry => KnownVulnerability.TextOf(entry["id"]) is { } id && !names.Contains(id))
                .Select(entry => (JsonObject)entry.DeepClone());
            return new JsonArray([.. own.Concat(others)]);
        }
    }

    /// <summary>One vulnerability in the OSV format.</summary>
    sealed class EntryAudit(FeedRequest request, string id, bool isPacked) : DatabaseAudit(request, isPacked)
    {
        public override string? Id => id;

        public override bool WantsDetails => true;

        public override LocalAnswer? Answer(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream)
        {
            if (known.Items.Count == 0)
                return upstream.OfType<JsonObject>().FirstOrDefault() is { } other ? Packed(other.DeepClone()) : null;
            var told = known.Told.ToList();
            return told.Count == 0 ? null : Packed(EntryOf(told[0], told));
        }

        JsonObject EntryOf(KnownVulnerability one, List<KnownVulnerability> modules) => new()
        {
            ["schema_version"] = "1.3.1",
            ["id"] = IdOf(one),
            ["modified"] = Time(one.ModifiedAt),
            ["published"] = Time(one.PublishedAt ?? one.ModifiedAt),
            ["aliases"] = Strings(one.Names.Where(name => name != IdOf(one))),
            ["summary"] = one.Summary,
            ["details"] = one.Details,
            ["affected"] = new JsonArray([.. modules.Select(AffectedOf)]),
            ["references"] = new JsonArray([.. one.References.Select(url =>
                new JsonObject { ["type"] = "WEB", ["url"] = url })]),
            ["database_specific"] = new JsonObject { ["url"] = one.Url(Request.FeedUrl) },
        };

        static JsonObject AffectedOf(KnownVulnerability item) => new()
        {
            ["package"] = new JsonObject { ["name"] = item.Package, ["ecosystem"] = "Go" },
            ["ranges"] = new JsonArray(new JsonObject
            {
                ["type"] = "SEMVER",
                ["events"] = new JsonArray([.. item.Ranges.SelectMany(EventsOf)]),
            }),
            ["ecosystem_specific"] = item.Imports is { } imports
                ? new JsonObject { ["imports"] = JsonNode.Parse(imports) }
                : new JsonObject(),
        };

        // The client knows no other end of a range than a fix.
        static IEnumerable<JsonNode> EventsOf(KnownRange range)
        {
            yield return new JsonObject { ["introduced"] = range.Introduced ?? "0" };
            if (range.Fixed is { } high)
                yield return new JsonObject { ["fixed"] = high };
        }
    }
}
