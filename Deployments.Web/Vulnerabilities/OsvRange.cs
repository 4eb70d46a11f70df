using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// Turns the events of a range into stretches of sort keys. See: https://ossf.github.io/osv-schema/#evaluation.
/// </summary>
static class OsvRange
{
    /// <summary>
    /// The stretches of versions that the events say are affected; a single one without keys when an event names
    /// no version of the ecosystem, so that nothing can be said by comparing.
    /// </summary>
    /// <param name="events">In any order: <c>introduced</c>, <c>fixed</c>, <c>last_affected</c>, <c>limit</c>.</param>
    /// <param name="order">The ecosystem's order.</param>
    public static IReadOnlyList<AffectedRange> Read(
        IReadOnlyList<(string Kind, string Version)> events, IVersionOrder order)
    {
        var read = events.Where(e => e is not { Kind: "limit", Version: "*" }).Select(e => new Event(
            e.Kind, e.Version, e.Version == "0" && e.Kind == "introduced" ? [] : order.SortKey(e.Version))).ToList();
        if (read.Count == 0)
            return [];
        if (read.Exists(e => e.Key is null))
            return [new AffectedRange(null, null, Text("introduced"), Text("fixed"), Text("last_affected"))];

        // Below at least one limit is below the highest; a limit of * is none at all.
        var limit = events.Contains(("limit", "*")) ? null
            : read.Where(e => e.Kind == "limit").Select(e => e.Key).Max(SemVerSyntax.KeyOrder);
        return [.. Stretches(read).Select(range => Below(range, limit))
            .Where(range => range.HighKey is null || SemVerSyntax.KeyOrder.Compare(range.LowKey, range.HighKey) < 0)];

        string? Text(string kind) => read.Find(e => e.Kind == kind)?.Version;
    }

    static IEnumerable<AffectedRange> Stretches(IEnumerable<Event> events)
    {
        Event? from = null;
        foreach (var e in events.OrderBy(e => e.Key, SemVerSyntax.KeyOrder).ThenBy(e => e.Rank))
        {
            if (e.Kind == "introduced")
            {
                from ??= e;
            }
            else if (from is not null && e.Kind != "limit")
            {
                yield return e.Kind == "fixed"
                    ? new AffectedRange(from.Key, e.Key, from.Version, e.Version, null)
                    : new AffectedRange(from.Key, Successor(e.Key!), from.Version, null, e.Version);
                from = null;
            }
        }

        if (from is not null)
            yield return new AffectedRange(from.Key, null, from.Version, null, null);
    }

    static AffectedRange Below(AffectedRange range, byte[]? limit) =>
        limit is not null && (range.HighKey is null || SemVerSyntax.KeyOrder.Compare(limit, range.HighKey) < 0)
            ? range with { HighKey = limit, Fixed = null, LastAffected = null }
            : range;

    // No key lies between a key and the same key with a zero byte behind it.
    static byte[] Successor(byte[] key) => [.. key, 0];

    sealed record Event(string Kind, string Version, byte[]? Key)
    {
        // At the same version: begins, includes, ends.
        public int Rank => Kind switch { "introduced" => 0, "last_affected" => 1, _ => 2 };
    }
}
