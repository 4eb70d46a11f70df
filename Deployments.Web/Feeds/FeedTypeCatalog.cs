using System.Collections.Frozen;

namespace Deployments.Web.Feeds;

/// <summary>
/// The feed types this program knows: every <see cref="IFeedType"/> of this assembly, found once at start.
/// </summary>
public sealed class FeedTypeCatalog
{
    readonly FrozenDictionary<string, IFeedType> byKey;
    readonly FrozenDictionary<string, IFeedType> byName;

    /// <exception cref="InvalidOperationException">Two types claim the same key or alias.</exception>
    public FeedTypeCatalog()
    {
        All = [.. typeof(IFeedType).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IFeedType)))
            .Select(type => (IFeedType)Activator.CreateInstance(type)!)
            .OrderBy(type => type.DisplayName, StringComparer.Ordinal)];
        byKey = All.ToFrozenDictionary(type => type.Key, StringComparer.Ordinal);

        var names = All.SelectMany(type => type.Aliases.Append(type.Key).Append(type.DisplayName)
            .Distinct(StringComparer.OrdinalIgnoreCase).Select(name => (name, type))).ToList();
        var groups = names.GroupBy(pair => pair.name, StringComparer.OrdinalIgnoreCase);
        if (groups.FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new InvalidOperationException($"Two feed types are called '{twice.Key}'.");
        byName = names.ToFrozenDictionary(pair => pair.name, pair => pair.type, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Every type, by display name.</summary>
    public IReadOnlyList<IFeedType> All { get; }

    /// <summary>The type stored under <paramref name="key"/>.</summary>
    /// <exception cref="KeyNotFoundException">No such type: the database was written by a newer version.</exception>
    public IFeedType this[string key] => byKey[key];

    /// <summary>
    /// The type that tools or people call <paramref name="name"/>, in any case; null when there is none.
    /// </summary>
    public IFeedType? FindOrNull(string name) => byName.GetValueOrDefault(name.Trim());
}
