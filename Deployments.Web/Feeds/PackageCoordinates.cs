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
public sealed record PackageCoordinates(string Group, string Name, string Version, string Qualifier = "");

/// <summary>The keys under which a package and a version are unique within their package type. Never null.</summary>
/// <param name="Group">Normalised group; empty when there is none.</param>
/// <param name="Name">Normalised name.</param>
/// <param name="Version">Normalised version.</param>
public sealed record PackageKeys(string Group, string Name, string Version);
