using System.Text;
using System.Text.Json.Nodes;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>Real advisories, and made-up ones.</summary>
static class Osv
{
    public static readonly OsvReader Reader = new(new FeedTypeCatalog());

    public static string FixturePath { get; } =
        Path.Combine(AppContext.BaseDirectory, "Fixtures", "Osv", "advisories.ndjson");

    /// <summary>The fixtures as they are written, by id.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Raw { get; } = File.ReadLines(FixturePath)
        .Select(line => JsonNode.Parse(line)!.AsObject()).ToDictionary(advisory => (string)advisory["id"]!);

    public static NewAdvisory Read(string id) => Read(Raw[id]);

    public static NewAdvisory Read(JsonNode advisory) => Reader.Read(Encoding.UTF8.GetBytes(advisory.ToJsonString()));

    /// <summary>An advisory about one package whose versions from the first up to the second are affected.</summary>
    public static JsonObject Advisory(
        string id, string name, string introduced, string? fixedIn, string ecosystem = "NuGet",
        string modified = "2026-01-01T00:00:00Z") => new()
        {
            ["id"] = id,
            ["modified"] = modified,
            ["published"] = "2026-01-01T00:00:00Z",
            ["summary"] = $"Summary of {id}",
            ["details"] = "Some **details**.",
            ["severity"] = new JsonArray(new JsonObject
            {
                ["type"] = "CVSS_V3",
                ["score"] = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
            }),
            ["affected"] = new JsonArray(Affected(name, introduced, fixedIn, ecosystem)),
        };

    public static JsonObject Affected(string name, string introduced, string? fixedIn, string ecosystem = "NuGet")
    {
        var events = new JsonArray(new JsonObject { ["introduced"] = introduced });
        if (fixedIn is not null)
            events.Add(new JsonObject { ["fixed"] = fixedIn });
        return new JsonObject
        {
            ["package"] = new JsonObject { ["ecosystem"] = ecosystem, ["name"] = name },
            ["ranges"] = new JsonArray(new JsonObject { ["type"] = "ECOSYSTEM", ["events"] = events }),
        };
    }

    /// <summary>What the advisory says of a version, as the database will decide it.</summary>
    public static (bool Affected, string? Fixed) Decide(
        NewAdvisory advisory, string ecosystem, string name, string version, bool useLists = true)
    {
        var (baseName, release) = OsvEcosystem.Split(ecosystem);
        var known = OsvEcosystem.FindOrNull(baseName, new FeedTypeCatalog())!;
        var keys = known.KeysOf(name);
        var key = known.Order.SortKey(version);
        var entries = advisory.Packages.Where(package =>
            package.Type == known.Type && package.GroupKey == keys.Group && package.NameKey == keys.Name
            && (package.Release.Length == 0 || package.Release == release)).ToList();
        var inside = entries.SelectMany(entry => entry.Ranges).Where(range =>
            key is not null && range.LowKey is not null
            && range.LowKey.AsSpan().SequenceCompareTo(key) <= 0
            && (range.HighKey is null || range.HighKey.AsSpan().SequenceCompareTo(key) > 0)).ToList();
        var isListed = useLists && entries.SelectMany(entry => entry.Versions).Any(listed => listed.Version == version
            || (key is not null && listed.SortKey is not null && listed.SortKey.AsSpan().SequenceEqual(key)));
        return (inside.Count > 0 || isListed,
            inside.Where(range => range.Fixed is not null)
                .OrderBy(range => range.HighKey, Comparer<byte[]?>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)))
                .FirstOrDefault()?.Fixed);
    }
}
