using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

// "npm audit": POST /-/npm/v1/security/advisories/bulk with {name: [version]}; older clients, yarn 1 and pnpm send
// their tree of dependencies to /-/npm/v1/security/audits or …/audits/quick. Upstreams are asked in the first form.
public sealed partial class NpmFeed
{
    /// <inheritdoc/>
    public async ValueTask<ClientAudit?> ReadAuditAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Method != "POST" || RouteOf(request).Part != Part.Audit)
            return null;
        return request.Segments.Skip(4).ToArray() switch
        {
            ["advisories", "bulk"] => new Audit(
                this, request, tree, Audit.Read(await ClientAudit.ReadBodyAsync(request, ct))),
            ["audits"] or ["audits", "quick"] => new TreeAudit(
                this, request, tree, Dependencies.Read(await ClientAudit.ReadBodyAsync(request, ct))),
            _ => null,
        };
    }

    /// <summary>The question in its newer form.</summary>
    class Audit : ClientAudit
    {
        const int NamesMax = 50_000;

        readonly NpmFeed type;
        readonly FeedRequest request;
        readonly HashSet<string> own = new(StringComparer.Ordinal);

        public Audit(
            NpmFeed type, FeedRequest request, PackageTree tree,
            IEnumerable<(string Name, IEnumerable<string> Versions)> wanted)
        {
            (this.type, this.request) = (type, request);
            foreach (var (name, versions) in wanted)
            {
                if (NameIn(name.Split('/'), Part.Packument) is not { Rest: [] } route)
                    continue;
                Wanted[name] = [.. versions.Distinct(StringComparer.Ordinal)];
                if (tree.Directories([.. NameOf(route), "versions"]).Count > 0)
                    own.Add(name);
            }

            if (Wanted.Count > NamesMax)
                throw new FormatException($"The question is about more than {NamesMax} packages.");
        }

        public static IEnumerable<(string Name, IEnumerable<string> Versions)> Read(byte[] question) =>
            ParseObject(question).Select(pair =>
                (pair.Key, (pair.Value as JsonArray ?? []).Select(TextOf).OfType<string>()));

        protected Dictionary<string, string[]> Wanted { get; } = new(StringComparer.Ordinal);

        public override IReadOnlyList<PackageKeys> Packages => [.. Wanted.Keys.Select(KeysOf)];

        // What is ours is nobody else's: neither to know of, nor to say something about.
        public override UpstreamQuestion? Upstream(Uri connector, JsonElement? index)
        {
            var question = new JsonObject(Wanted.Where(pair => !own.Contains(pair.Key))
                .Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Strings(pair.Value))));
            return question.Count == 0 ? null : new UpstreamQuestion(
                new Uri($"{connector.AbsoluteUri.TrimEnd('/')}/-/npm/v1/security/advisories/bulk"),
                JsonSerializer.SerializeToUtf8Bytes(question));
        }

        public override LocalAnswer? Answer(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream) =>
            Document(new JsonObject(Entries(known, upstream).Select(pair =>
                KeyValuePair.Create(pair.Name, (JsonNode?)new JsonArray([.. pair.Entries])))));

        /// <summary>What is told of each package of which there is anything to tell.</summary>
        protected IEnumerable<(string Name, List<JsonObject> Entries)> Entries(
            KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream)
        {
            var told = known.Told.ToLookup(item => (item.Keys.Group, item.Keys.Name));
            foreach (var (name, versions) in Wanted)
            {
                var keys = KeysOf(name);
                var entries = told[(keys.Group, keys.Name)]
                    .Where(item => versions.Any(version => item.Concerns(version, type.VersionOrder)))
                    .Select(EntryOf).ToList();
                if (!own.Contains(name))
                {
                    entries.AddRange(upstream.SelectMany(answer =>
                        known.Without(keys, (answer as JsonObject)?[name], NamesIn)));
                }

                if (entries.Count > 0)
                    yield return (name, entries);
            }
        }

        protected bool Concerns(JsonObject entry, string version) =>
            NpmRange.Contains(TextOf(entry["vulnerable_versions"]) ?? "*", version, type.VersionOrder);

        PackageKeys KeysOf(string name) => type.Normalize(type.FromNames("", name, ""));

        static IEnumerable<string?> NamesIn(JsonObject entry) =>
            new[] { KnownVulnerability.IdInUrl(entry["url"]), TextOf(entry["github_advisory_id"]) }
                .Concat((entry["cves"] as JsonArray ?? []).Select(TextOf));

        JsonObject EntryOf(KnownVulnerability item) => new()
        {
            ["id"] = item.Id,
            ["url"] = item.Url(request.FeedUrl),
            ["title"] = item.Title,
            ["severity"] = SeverityOf(item),
            ["vulnerable_versions"] = NpmRange.Of(item),
            ["cwe"] = new JsonArray(),
            ["cvss"] = new JsonObject { ["score"] = item.Score ?? 0, ["vectorString"] = item.Vector },
        };

        // The client has no word for "unknown", and takes what says nothing for high.
        static string SeverityOf(KnownVulnerability item) => item.Severity switch
        {
            1 => "low",
            2 => "moderate",
            4 => "critical",
            _ => "high",
        };
    }

    /// <summary>The tree of the older form: of each version the paths that lead to it.</summary>
    sealed class Dependencies
    {
        const int PathsMax = 20; // of one version; a tree may have millions

        public Dictionary<(string Name, string Version), List<string>> Paths { get; } = [];

        public int Count { get; private set; }

        public IEnumerable<(string Name, IEnumerable<string> Versions)> Versions =>
            Paths.Keys.GroupBy(key => key.Name, key => key.Version, StringComparer.Ordinal)
                .Select(group => (group.Key, (IEnumerable<string>)group));

        public static Dependencies Read(byte[] question)
        {
            var read = new Dependencies();
            var waiting = new Stack<(JsonObject Node, string Path)>([(ClientAudit.ParseObject(question), "")]);
            while (waiting.TryPop(out var parent))
            {
                foreach (var (name, value) in parent.Node["dependencies"] as JsonObject ?? [])
                {
                    if (value is not JsonObject node || TextOf(node["version"]) is not { } version)
                        continue;
                    read.Count++;
                    var path = parent.Path.Length > 0 ? $"{parent.Path}>{name}" : name;
                    if (!read.Paths.TryGetValue((name, version), out var known))
                        read.Paths[(name, version)] = known = [];
                    if (known.Count < PathsMax)
                        known.Add(path);
                    waiting.Push((node, path));
                }
            }

            return read;
        }
    }

    /// <summary>The question in its older form, which wants to hear of paths through the tree.</summary>
    sealed class TreeAudit(NpmFeed type, FeedRequest request, PackageTree tree, Dependencies dependencies)
        : Audit(type, request, tree, dependencies.Versions)
    {
        static readonly string[] Severities = ["info", "low", "moderate", "high", "critical"];

        public override LocalAnswer? Answer(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream)
        {
            var advisories = new JsonObject();
            var actions = new JsonArray();
            var counts = Severities.ToDictionary(word => word, _ => 0, StringComparer.Ordinal);
            foreach (var (name, entries) in Entries(known, upstream))
            {
                foreach (var entry in entries)
                {
                    var found = Wanted[name].Where(version => Concerns(entry, version)).ToList();
                    var id = entry["id"]?.ToString() ?? name;
                    var severity = TextOf(entry["severity"]) ?? "high";
                    if (found.Count == 0 || !counts.ContainsKey(severity))
                        continue;
                    counts[severity] += found.Sum(version => dependencies.Paths[(name, version)].Count);
                    advisories[id] = AdvisoryOf(name, entry, found);
                    actions.Add(new JsonObject
                    {
                        ["action"] = "review",
                        ["module"] = name,
                        ["resolves"] = new JsonArray([.. found
                            .SelectMany(version => dependencies.Paths[(name, version)])
                            .Select(path => ResolvesOf(entry, path))]),
                    });
                }
            }

            return Document(new JsonObject
            {
                ["actions"] = actions,
                ["advisories"] = advisories,
                ["muted"] = new JsonArray(),
                ["metadata"] = new JsonObject
                {
                    ["vulnerabilities"] = new JsonObject(Severities.Select(word =>
                        KeyValuePair.Create(word, (JsonNode?)counts[word]))),
                    ["dependencies"] = dependencies.Count,
                    ["devDependencies"] = 0,
                    ["optionalDependencies"] = 0,
                    ["totalDependencies"] = dependencies.Count,
                },
            });
        }

        JsonObject AdvisoryOf(string name, JsonObject entry, List<string> found)
        {
            var advisory = (JsonObject)entry.DeepClone();
            advisory["module_name"] = name;
            advisory["findings"] = new JsonArray([.. found.Select(version => new JsonObject
            {
                ["version"] = version,
                ["paths"] = Strings(dependencies.Paths[(name, version)]),
            })]);
            advisory["patched_versions"] ??= NpmRange.Behind(TextOf(entry["vulnerable_versions"]) ?? "*");
            advisory["overview"] ??= TextOf(entry["title"]);
            advisory["recommendation"] ??= "";
            advisory["references"] ??= TextOf(entry["url"]);
            advisory["access"] ??= "public";
            advisory["cves"] ??= new JsonArray();
            return advisory;
        }

        static JsonObject ResolvesOf(JsonObject entry, string path) => new()
        {
            ["id"] = entry["id"]?.DeepClone(),
            ["path"] = path,
            ["dev"] = false,
            ["optional"] = false,
            ["bundled"] = false,
        };
    }

    /// <summary>Ranges as npm's advisories write them: <c>&gt;=1.0.0 &lt;1.2.3 || =2.0.0</c>.</summary>
    static partial class NpmRange
    {
        public static string Of(KnownVulnerability item)
        {
            var parts = item.Ranges.Select(range => string.Join(' ', new[]
            {
                range.Introduced is { } low ? $">={low}" : "",
                range.Fixed is { } high ? $"<{high}" : range.LastAffected is { } last ? $"<={last}" : "",
            }.Where(part => part.Length > 0))).Select(part => part.Length > 0 ? part : "*")
                .Concat(item.Versions.Select(version => $"={version}"));
            return string.Join(" || ", parts);
        }

        /// <summary>What comes after all of a range; <c>&lt;0.0.0</c> where nothing is known to.</summary>
        public static string Behind(string range) => range.Split("||")[^1].Trim().Split(' ')[^1] switch
        {
            ['<', '=', .. var last] => $">{last}",
            ['<', .. var high] => $">={high}",
            _ => "<0.0.0",
        };

        /// <summary>Whether a version lies within; one that cannot be compared does.</summary>
        public static bool Contains(string range, string version, IVersionOrder order) =>
            order.SortKey(version) is not { } key || range.Split("||").Any(part =>
                ComparatorPattern().Matches(part).All(match => Holds(match, key, order)));

        static bool Holds(Match comparator, byte[] key, IVersionOrder order)
        {
            if (order.SortKey(comparator.Groups["version"].Value) is not { } other)
                return true;
            var sign = key.AsSpan().SequenceCompareTo(other);
            return comparator.Groups["sign"].Value switch
            {
                ">=" => sign >= 0,
                ">" => sign > 0,
                "<=" => sign <= 0,
                "<" => sign < 0,
                _ => sign == 0,
            };
        }

        [GeneratedRegex(@"(?<sign>[<>]?=?)\s*v?(?<version>[0-9]\S*)", RegexOptions.NonBacktracking)]
        private static partial Regex ComparatorPattern();
    }
}
