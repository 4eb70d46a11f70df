using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Feeds;

// "composer audit": packages.json says where to send packages[]=vendor/name. See Composer's "Repositories", section
// "security-advisories".
public sealed partial class ComposerFeed
{
    static readonly string[] AdvisoriesPath = ["api", "security-advisories"];

    /// <inheritdoc/>
    public override FeedAccess RequiredAccess(FeedRequest request) =>
        request.Segments.SequenceEqual(AdvisoriesPath) && request.Method == "POST"
            ? FeedAccess.Download
            : base.RequiredAccess(request);

    /// <inheritdoc/>
    public override IReadOnlyList<PackageKeys>? PackagesTold(FeedRequest request) =>
        request.Segments is ["packages.json"] ? [] : null;

    /// <inheritdoc/>
    public override async ValueTask<ClientAudit?> ReadAuditAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (!request.Segments.SequenceEqual(AdvisoriesPath) || request.Method is not ("GET" or "HEAD" or "POST"))
            return null;
        var form = request.Method == "POST"
            ? Encoding.UTF8.GetString(await ClientAudit.ReadBodyAsync(request, ct))
            : request.RawQuery;
        return new Audit(this, request, tree, QueryHelpers.ParseQuery(form)
            .Where(pair => pair.Key == "packages" || pair.Key.StartsWith("packages[", StringComparison.Ordinal))
            .SelectMany(pair => pair.Value).OfType<string>());
    }

    static JsonObject? AdvisoriesOf(FeedRequest request) => request.Known?.CanTell == true
        ? new JsonObject { ["metadata"] = false, ["api-url"] = request.UrlOf(AdvisoriesPath).AbsoluteUri }
        : null;

    sealed class Audit : ClientAudit
    {
        const int NamesMax = 20_000;

        readonly FeedRequest request;
        readonly Dictionary<string, PackageKeys> wanted = new(StringComparer.Ordinal);
        readonly HashSet<string> own = new(StringComparer.Ordinal);

        public Audit(ComposerFeed type, FeedRequest request, PackageTree tree, IEnumerable<string> names)
        {
            this.request = request;
            foreach (var name in names)
            {
                // Without a vendor it is PHP, or an extension of it.
                if (name.ToLowerInvariant().Split('/') is not [var vendor, var project]
                    || !IsName(vendor) || !IsName(project))
                    continue;
                wanted[name] = type.Normalize(new PackageCoordinates(vendor, project, ""));
                if (HasFiles(tree, "dist", vendor, project))
                    own.Add(name);
            }

            if (wanted.Count > NamesMax)
                throw new FormatException($"The question is about more than {NamesMax} packages.");
        }

        public override bool IsAnsweredByNothing => true; // the client fails for whatever is no answer

        public override IReadOnlyList<PackageKeys> Packages => [.. wanted.Values];

        public override UpstreamQuestion? Upstream(Uri connector, JsonElement? index)
        {
            var names = wanted.Keys.Where(name => !own.Contains(name)).ToList();
            return names.Count > 0 && index is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("security-advisories", out var advisories)
                && advisories.ValueKind == JsonValueKind.Object
                && advisories.TryGetProperty("api-url", out var address) && address.ValueKind == JsonValueKind.String
                && Uri.TryCreate(connector, address.GetString(), out var url) && url.Scheme is "http" or "https"
                ? new UpstreamQuestion(url, Encoding.UTF8.GetBytes(string.Join('&', names.Select(name =>
                    $"packages[]={Uri.EscapeDataString(name)}"))), "application/x-www-form-urlencoded")
                : null;
        }

        public override LocalAnswer? Answer(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream)
        {
            var told = known.Told.ToLookup(item => item.Keys with { Version = "" });
            var advisories = new JsonObject();
            foreach (var (name, keys) in wanted)
            {
                var entries = told[keys with { Version = "" }].Select(item => EntryOf(name, item)).ToList();
                if (!own.Contains(name))
                {
                    entries.AddRange(upstream.SelectMany(answer =>
                        known.Without(keys, ((answer as JsonObject)?["advisories"] as JsonObject)?[name], NamesIn)));
                }

                if (entries.Count > 0)
                    advisories[name] = new JsonArray([.. entries]);
            }

            return Document(new JsonObject { ["advisories"] = advisories });
        }

        static IEnumerable<string?> NamesIn(JsonObject entry) =>
            new[] { TextOf(entry["advisoryId"]), TextOf(entry["cve"]), TextOf(entry["remoteId"]) }
                .Concat((entry["sources"] as JsonArray ?? []).OfType<JsonObject>()
                    .Select(source => TextOf(source["remoteId"])));

        JsonObject EntryOf(string name, KnownVulnerability item) => new()
        {
            ["advisoryId"] = item.Id,
            ["packageName"] = name,
            ["affectedVersions"] = RangesOf(item),
            ["title"] = item.Title,
            ["cve"] = item.Cve,
            ["link"] = item.Url(request.FeedUrl),
            ["reportedAt"] = (item.PublishedAt ?? item.ModifiedAt).UtcDateTime.ToString(
                "yyyy-MM-dd'T'HH:mm:ss'+00:00'", System.Globalization.CultureInfo.InvariantCulture),
            ["sources"] = new JsonArray(new JsonObject { ["name"] = "Deployments", ["remoteId"] = item.Id }),
            ["severity"] = item.Severity switch { 1 => "low", 2 => "medium", 3 => "high", 4 => "critical", _ => null },
        };

        static string RangesOf(KnownVulnerability item) => string.Join('|', item.Ranges
            .Select(range => string.Join(',', new[]
            {
                range.Introduced is { } low ? $">={low}" : "",
                range.Fixed is { } high ? $"<{high}" : range.LastAffected is { } last ? $"<={last}" : "",
            }.Where(part => part.Length > 0)))
            .Select(part => part.Length > 0 ? part : "*")
            .Concat(item.Versions.Select(version => $"={version}")));
    }
}
