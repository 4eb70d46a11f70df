using System.Collections.Concurrent;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;

namespace Deployments.Web.Gateway;

/// <summary>
/// What clients are in the middle of, where one download takes several requests: a tag that was resolved with HEAD and
/// is fetched by its digest, and the manifests of an index's platforms that are fetched after it. Kept in memory for
/// some minutes; a client that changes to another node meanwhile is recorded by digest, or twice.
/// </summary>
/// <remarks>
/// Two generations: the younger takes what is new, and when it is full or old it becomes the older one, whose entries
/// go all at once. So nothing is ever searched for what may go.
/// </remarks>
/// <param name="time">The clock.</param>
sealed class PullSessions(TimeProvider time)
{
    /// <summary>How many entries are remembered at most: some 30 MB.</summary>
    public const int EntriesMax = 100_000;

    /// <summary>How many parts of one index are remembered: the largest have some dozens.</summary>
    public const int PartsMax = 500;

    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    readonly Lock changing = new();
    volatile Generation younger = new(time.GetUtcNow());
    volatile Generation older = new(default);

    /// <summary>How many entries there are now, those that have expired among them.</summary>
    internal int Count => younger.Expected.Count + older.Expected.Count;

    /// <summary>
    /// The package as the client thinks of it: with the tag that it resolved a moment ago. Null when this is part of a
    /// download that was counted already.
    /// </summary>
    public PackageCoordinates? ResolveOrNull(Feed feed, Caller caller, HttpContext context, PackageCoordinates package)
    {
        var key = KeyOf(feed, caller, context, package, package.Version);
        // The younger first: what becomes older meanwhile is found there then.
        if ((!younger.Expected.TryGetValue(key, out var known) && !older.Expected.TryGetValue(key, out known))
            || known.Until < time.GetUtcNow())
            return package;
        return known.Tag.Length == 0
            ? null
            : package with
            {
                Version = known.Tag,
                Qualifier = PackageCoordinates.QualifierOf(("digest", package.Version)),
            };
    }

    /// <summary>The client learned which digest a tag stands for, and will ask for that.</summary>
    public void ExpectDigest(Feed feed, Caller caller, HttpContext context, PackageCoordinates package)
    {
        if (package.QualifierValue("digest") is { Length: > 0 } digest)
            Add(KeyOf(feed, caller, context, package, digest), package.Version);
    }

    /// <summary>
    /// The client was given a file that names these parts, and will ask for some of them. Of more than
    /// <see cref="PartsMax"/> the rest is downloads of its own.
    /// </summary>
    public void ExpectParts(
        Feed feed, Caller caller, HttpContext context, PackageCoordinates package, IEnumerable<string> versions)
    {
        foreach (var version in versions.Take(PartsMax))
            Add(KeyOf(feed, caller, context, package, version), "");
    }

    void Add((int, string, string, string) key, string tag)
    {
        var now = time.GetUtcNow();
        if (IsOver(younger, now))
        {
            lock (changing)
            {
                if (IsOver(younger, now))
                {
                    older = younger;
                    younger = new Generation(now);
                }
            }
        }

        younger.Expected[key] = (tag, now + Lifetime);
    }

    static bool IsOver(Generation generation, DateTimeOffset now) =>
        now - generation.Since > Lifetime || generation.Expected.Count >= EntriesMax / 2;

    static (int, string, string, string) KeyOf(
        Feed feed, Caller caller, HttpContext context, PackageCoordinates package, string version) =>
        (feed.FeedId, $"{Caller.ClientAddress(context)} {caller.Name}", package.Name, version);

    sealed class Generation(DateTimeOffset since)
    {
        public DateTimeOffset Since => since;

        public ConcurrentDictionary<(int Feed, string Client, string Package, string Version),
            (string Tag, DateTimeOffset Until)> Expected
        { get; } = new();
    }
}
