using System.Globalization;
using Deployments.Data.Accounts;

namespace Deployments.Data.Groups;

/// <summary>
/// What groups make of some callers: which feeds only groups may use, and what each caller's groups may do. Read at
/// once for all of them, so that callers of the same groups share what is kept.
/// </summary>
public sealed class FeedGrants
{
    static readonly Dictionary<int, AccessLevel> Nothing = [];

    readonly IReadOnlyList<int> limited;
    readonly ILookup<(bool IsKey, int Id), int> groups;
    readonly ILookup<int, (int FeedId, AccessLevel Level)> grants;
    readonly Dictionary<string, Dictionary<int, AccessLevel>> byGroups = new(StringComparer.Ordinal);
    readonly Dictionary<(object Granted, Permissions Own, Permissions Within), FeedRights> rights = [];

    internal FeedGrants(
        IEnumerable<int> limited, IEnumerable<(bool IsKey, int Id, int GroupId)> members,
        IEnumerable<(int GroupId, int FeedId, AccessLevel Level)> grants)
    {
        this.limited = [.. limited];
        groups = members.ToLookup(member => (member.IsKey, member.Id), member => member.GroupId);
        this.grants = grants.ToLookup(grant => grant.GroupId, grant => (grant.FeedId, grant.Level));
    }

    /// <summary>What an account may do, whose role allows something.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="own">What its role allows on every feed that is not limited to groups.</param>
    /// <param name="within">No more than this: what a personal key was given.</param>
    public FeedRights OfAccount(int accountId, Permissions own, Permissions within = Permissions.All) =>
        Of((false, accountId), own, within);

    /// <summary>What a key may do that is nobody's own.</summary>
    /// <param name="apiKeyId">The key.</param>
    /// <param name="own">What it was given, on every feed that is not limited to groups.</param>
    /// <param name="madeFor">The feed that it was made for, where it counts as limited as that is; null: none.</param>
    public FeedRights OfKey(int apiKeyId, Permissions own, int? madeFor)
    {
        var all = Of((true, apiKeyId), own, Permissions.All);
        return madeFor is { } feedId ? all.With(feedId, own) : all;
    }

    FeedRights Of((bool IsKey, int Id) caller, Permissions own, Permissions within)
    {
        if (own.HasFlag(Permissions.Manage))
            return FeedRights.None; // administrators may everything
        var granted = GrantedTo(groups[caller]);
        if (!rights.TryGetValue((granted, own, within), out var found))
            rights[(granted, own, within)] = found = FeedRights.Make(limited, granted, own, within);
        return found;
    }

    Dictionary<int, AccessLevel> GrantedTo(IEnumerable<int> groupIds)
    {
        var ids = groupIds.Distinct().Order().ToList();
        if (ids.Count == 0)
            return Nothing;
        var key = string.Join(' ', ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        if (byGroups.TryGetValue(key, out var found))
            return found;
        found = ids.SelectMany(id => grants[id]).GroupBy(grant => grant.FeedId)
            .ToDictionary(feed => feed.Key, feed => feed.Max(grant => grant.Level));
        return byGroups[key] = found;
    }
}

/// <summary>The feeds on which a caller may something else than on all others.</summary>
public sealed class FeedRights
{
    readonly Dictionary<int, Permissions> byFeed;

    FeedRights(Dictionary<int, Permissions> byFeed) => this.byFeed = byFeed;

    /// <summary>The same on every feed.</summary>
    public static FeedRights None { get; } = new([]);

    /// <summary>What may be done on a feed, whoever may do <paramref name="own"/> on the others.</summary>
    public Permissions On(int feedId, Permissions own) => byFeed.GetValueOrDefault(feedId, own);

    /// <summary>Whether there is a feed among them where it may be done.</summary>
    public bool Any(Permissions permission) => byFeed.Values.Any(may => may.HasFlag(permission));

    /// <summary>Whether it may be done on all of them.</summary>
    public bool All(Permissions permission) => byFeed.Values.All(may => may.HasFlag(permission));

    /// <summary>Those of them where it may be done.</summary>
    public int[] FeedsWith(Permissions permission) =>
        [.. byFeed.Where(feed => feed.Value.HasFlag(permission)).Select(feed => feed.Key)];

    // Whoever manages feeds goes on managing those that are limited to groups, without seeing into them.
    internal static FeedRights Make(
        IEnumerable<int> limited, IReadOnlyDictionary<int, AccessLevel> granted, Permissions own, Permissions within)
    {
        var byFeed = limited.ToDictionary(feedId => feedId, _ => own & within & Permissions.Feeds);
        foreach (var (feedId, level) in granted)
        {
            var may = (byFeed.ContainsKey(feedId) ? own & Permissions.Feeds : own) | level.ToPermissions();
            byFeed[feedId] = may & within;
        }

        return byFeed.Count == 0 ? None : new FeedRights(byFeed);
    }

    internal FeedRights With(int feedId, Permissions own)
    {
        var may = own | byFeed.GetValueOrDefault(feedId, own);
        return new FeedRights(new Dictionary<int, Permissions>(byFeed) { [feedId] = may });
    }
}
