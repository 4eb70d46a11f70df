namespace Deployments.Web.Feeds;

/// <summary>
/// One package version in the spelling its user sees. No member is null; an empty one means "has none".
/// </summary>
/// <param name="Group">
/// npm scope with its <c>@</c>, Maven groupId, universal group; empty for types without groups.
/// </param>
/// <param name="Name">The package's name.</param>
/// <param name="Version">The version; empty only while the server has yet to choose the newest.</param>
/// <param name="Qualifier">
/// What else tells two files of a version apart: <c>key=value</c> pairs sorted by key, joined by <c>&amp;</c>, values
/// URI-escaped (as ProGet writes them), for instance <c>classifier=dist&amp;ext=tar.gz</c>.
/// </param>
public sealed record PackageCoordinates(string Group, string Name, string Version, string Qualifier = "")
{
    /// <summary>What the qualifier of a package says whose file could not be told from its path.</summary>
    public const string UnresolvedQualifier = "unresolved=path";

    /// <summary>
    /// A package file that nobody can name: its path stands for the name, there is no version, and the qualifier says
    /// why. A deployment of it is better recorded so than lost.
    /// </summary>
    /// <param name="path">The decoded segments of its path.</param>
    public static PackageCoordinates Unresolved(IEnumerable<string> path) =>
        new("", string.Join('/', path), "", UnresolvedQualifier);

    /// <summary>
    /// The source package that a distribution built it from, as Debian writes it: <c>openssl (3.0.11-1)</c>; empty when
    /// not known, or of the same name and version.
    /// </summary>
    public string Source { get; init; } = "";

    /// <summary>The value of one of the qualifier's keys, unescaped; "" when it is not there.</summary>
    public string QualifierValue(string key) => Qualifier.Split('&')
        .Where(pair => pair.StartsWith(key + "=", StringComparison.Ordinal))
        .Select(pair => Uri.UnescapeDataString(pair[(key.Length + 1)..])).FirstOrDefault("");

    /// <summary>A qualifier of these pairs; those with an empty value are left out.</summary>
    public static string QualifierOf(params IEnumerable<(string Key, string Value)> pairs) => string.Join('&', pairs
        .Where(pair => pair.Value.Length > 0).OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
}

/// <summary>The keys under which a package and a version are unique within their package type. Never null.</summary>
/// <param name="Group">Normalised group; empty when there is none.</param>
/// <param name="Name">Normalised name.</param>
/// <param name="Version">Normalised version.</param>
public sealed record PackageKeys(string Group, string Name, string Version);
