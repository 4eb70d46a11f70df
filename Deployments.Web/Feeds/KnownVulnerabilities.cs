using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>What this server's own advisories say of the packages that a request is about.</summary>
/// <param name="ChangedAt">
/// When they changed last; null where there are none of the feed's type, and so nothing can be said.
/// </param>
/// <param name="Items">One for each vulnerability of each package, those that must not be told included.</param>
public sealed record KnownVulnerabilities(DateTimeOffset? ChangedAt, IReadOnlyList<KnownVulnerability> Items)
{
    /// <summary>Whether one of the feed's connectors may know more.</summary>
    public bool HasConnectors { get; init; }

    /// <summary>Whether there is anybody to ask about vulnerabilities.</summary>
    public bool CanTell => ChangedAt is not null || HasConnectors;

    /// <summary>Those that are told.</summary>
    public IEnumerable<KnownVulnerability> Told => Items.Where(item => !item.IsSilent);

    /// <summary>
    /// What upstreams say beside that: nothing of what is known here under any of its ids, for what is said here
    /// counts, be it that there is nothing to say.
    /// </summary>
    /// <param name="keys">The package's normalised group and name; its version does not matter.</param>
    /// <param name="entries">An upstream's entries about the package, in its protocol's form.</param>
    /// <param name="names">The ids in an entry; one that has none is kept.</param>
    public IEnumerable<JsonObject> Without(
        PackageKeys keys, JsonNode? entries, Func<JsonObject, IEnumerable<string?>> names)
    {
        var known = Items.Where(item => (item.Keys.Group, item.Keys.Name) == (keys.Group, keys.Name))
            .SelectMany(item => item.Names).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return (entries as JsonArray ?? []).OfType<JsonObject>()
            .Where(entry => !names(entry).Any(name => name is not null && known.Contains(name)))
            .Select(entry => (JsonObject)entry.DeepClone());
    }
}

/// <summary>One vulnerability of one package.</summary>
public sealed record KnownVulnerability
{
    /// <summary>Its leading id, such as <c>GHSA-…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>All its ids.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The package's keys, without a version.</summary>
    public required PackageKeys Keys { get; init; }

    /// <summary>The package as advisories write it.</summary>
    public required string Package { get; init; }

    /// <summary>
    /// Whether it must not be told: the advisory was taken back, or somebody decided that the package is not affected.
    /// </summary>
    public bool IsSilent { get; init; }

    /// <summary>One line; may be empty.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Markdown; may be empty.</summary>
    public string Details { get; init; } = "";

    /// <summary>How bad it is: 0 unknown, 1 low, 2 medium, 3 high, 4 critical.</summary>
    public int Severity { get; init; }

    /// <summary>CVSS base score, 0 to 10; null when there is none.</summary>
    public double? Score { get; init; }

    /// <summary>The CVSS vector; null when there is none.</summary>
    public string? Vector { get; init; }

    /// <summary>When published; null when it does not say.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>When changed last.</summary>
    public DateTimeOffset ModifiedAt { get; init; }

    /// <summary>http and https addresses.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Stretches of affected versions, in ascending order.</summary>
    public IReadOnlyList<KnownRange> Ranges { get; init; } = [];

    /// <summary>Affected versions that no stretch covers.</summary>
    public IReadOnlyList<string> Versions { get; init; } = [];

    /// <summary>JSON: the affected packages of a Go module; null where no advisory names any.</summary>
    public string? Imports { get; init; }

    /// <summary>One line for people; never empty.</summary>
    public string Title => Summary.Length > 0 ? Summary : $"{Id} concerns {Package}";

    /// <summary>The CVE id; null when there is none.</summary>
    public string? Cve => Names.FirstOrDefault(name => name.StartsWith("CVE-", StringComparison.Ordinal));

    /// <summary>The versions that fix it, in ascending order.</summary>
    public IEnumerable<string> FixedVersions => Ranges.Select(range => range.Fixed).OfType<string>().Distinct();

    /// <summary>
    /// The address by which tools know it, where they do (they leave out what people tell them to by that); else its
    /// page here.
    /// </summary>
    /// <param name="feed">The address of the feed.</param>
    public string Url(Uri feed) =>
        Names.Prepend(Id).FirstOrDefault(name => name.StartsWith("GHSA-", StringComparison.Ordinal)) is { } id
            ? $"https://github.com/advisories/{id}"
            : new Uri(feed, $"/vulnerabilities/{Uri.EscapeDataString(Id)}").AbsoluteUri;

    /// <summary>Whether a version is affected.</summary>
    /// <param name="version">The version, in any spelling.</param>
    /// <param name="order">The order of its type.</param>
    public bool Concerns(string version, IVersionOrder order)
    {
        var key = order.SortKey(version);
        return Versions.Contains(version, StringComparer.Ordinal)
            || (key is not null && (Ranges.Any(range => range.Contains(key))
                || Versions.Any(listed => order.SortKey(listed) is { } other && key.AsSpan().SequenceEqual(other))));
    }

    /// <summary>The last segment of an address, which is the id in those of advisories; null when it is none.</summary>
    public static string? IdInUrl(JsonNode? address) =>
        TextOf(address) is { } text && Uri.TryCreate(text, UriKind.Absolute, out var url)
            ? url.Segments[^1].Trim('/')
            : null;

    /// <summary>A string of a document; null for anything else.</summary>
    public static string? TextOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}

/// <summary>A stretch of affected versions.</summary>
/// <param name="Introduced">The first affected version; null: from the beginning.</param>
/// <param name="Fixed">The first version that is affected no more; null when none is known.</param>
/// <param name="LastAffected">The last affected version, where only that is known.</param>
/// <param name="LowKey">The key of the beginning.</param>
/// <param name="HighKey">The first key behind the end; null: there is no end.</param>
public sealed record KnownRange(
    string? Introduced, string? Fixed, string? LastAffected, byte[] LowKey, byte[]? HighKey)
{
    /// <summary>Whether a key of the same order lies within.</summary>
    public bool Contains(byte[] key) => LowKey.AsSpan().SequenceCompareTo(key) <= 0
        && (HighKey is null || HighKey.AsSpan().SequenceCompareTo(key) > 0);
}
