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
/// <param name="time">The clock.</param>
sealed class PullSessions(TimeProvider time)
{
    const int SessionsMax = 100_000;

    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    readonly ConcurrentDictionary<(int Feed, string Client, string Package, string Version),
        (string Tag, DateTimeOffset Until)> expected = new();

    DateTimeOffset sweptAt;

    /// <summary>
    /// The package as the client thinks of it: with the tag that it resolved a moment ago. Null when this is part of a
    /// download that was counted already.
    /// </summary>
    public PackageCoordinates? ResolveOrNull(Feed feed, Caller caller, HttpContext context, PackageCoordinates package)
    {
        if (!expected.TryGetValue(KeyOf(feed, caller, context, package, package.Version), out var known)
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

    /// <summary>The client was given a file that names these parts, and will ask for some of them.</summary>
    public void ExpectParts(
        Feed feed, Caller caller, HttpContext context, PackageCoordinates package, IEnumerable<string> versions)
    {
        foreach (var version in versions)
            Add(KeyOf(feed, caller, context, package, version), "");
    }

    void Add((int, string, string, string) key, string tag)
    {
        var now = time.GetUtcNow();
        if (expected.Count > SessionsMax || now - sweptAt > Lifetime)
        {
            sweptAt = now;
            foreach (var (old, known) in expected)
            {
                if (known.Until < now || expected.Count > SessionsMax)
                    expected.TryRemove(old, out _);
            }
        }

        expected[key] = (tag, now + Lifetime);
    }

    static (int, string, string, string) KeyOf(
        Feed feed, Caller caller, HttpContext context, PackageCoordinates package, string version) =>
        (feed.FeedId, $"{Caller.ClientAddress(context)} {caller.Name}", package.Name, version);
}
