using System.Text.RegularExpressions;
using Deployments.Web.Feeds;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// What an advisory's ecosystem means here: which packages it names and how their versions are ordered.
/// </summary>
sealed partial record OsvEcosystem
{
    // For ecosystems without a feed type: their advisories are kept, and match once such packages are recorded.
    static readonly Dictionary<string, OsvEcosystem> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["NuGet"] = Of("nuget", NuGetVersionOrder.Instance, name => ("", name.ToLowerInvariant())),
        ["npm"] = Of("npm", SemVerVersionOrder.Instance, name =>
            name is ['@', ..] ? Cut(name, '/') : ("", name)),
        ["Maven"] = Of("maven", MavenVersionOrder.Instance, name => Cut(name, ':')),
        ["PyPI"] = Of("pypi", PythonVersionOrder.Instance, name =>
            ("", PythonSeparators().Replace(name, "-").ToLowerInvariant())),
        ["RubyGems"] = Of("gem", RubyGemsVersionOrder.Instance, name => ("", name)),
        ["crates.io"] = Of("cargo", SemVerVersionOrder.Instance, name => ("", name)),
        ["Go"] = Of("golang", SemVerVersionOrder.Instance, name => CutLast(name, '/')),
        ["Packagist"] = Of("composer", ComposerVersionOrder.Instance, name => Cut(name.ToLowerInvariant(), '/')),
        ["Pub"] = Of("pub", PubVersionOrder.Instance, name => ("", name)),
        ["Hex"] = Of("hex", SemVerVersionOrder.Instance, name => ("", name.ToLowerInvariant())),
        ["CRAN"] = Of("cran", CranVersionOrder.Instance, name => ("", name)),
    };

    readonly Func<string, (string Group, string Name)> keys;

    OsvEcosystem(string type, IVersionOrder order, Func<string, (string Group, string Name)> keys) =>
        (Type, Order, this.keys) = (type, order, keys);

    /// <summary>Package URL type.</summary>
    public string Type { get; }

    /// <summary>Whether its advisories name source packages, from which others are built.</summary>
    public bool NamesSource { get; init; }

    /// <summary>The order of its versions.</summary>
    public IVersionOrder Order { get; }

    /// <summary>
    /// The ecosystem without its release (<c>Debian:12</c> is <c>Debian</c>); null when versions of it cannot be
    /// compared here.
    /// </summary>
    /// <param name="name">As advisories write it; letter case does not matter.</param>
    /// <param name="types">A feed type that names the ecosystem decides before the table here.</param>
    public static OsvEcosystem? FindOrNull(string name, FeedTypeCatalog types)
    {
        if (Distributions.FamilyOrNull(name) is { } family)
        {
            var ecosystem = Of(family.PackageType, family.Order,
                package => ("", family.PackageType == "rpm" ? package : package.ToLowerInvariant()));
            return ecosystem with { NamesSource = family.NamesSource };
        }

        var type = types.All.FirstOrDefault(type =>
            string.Equals(type.OsvEcosystem, name, StringComparison.OrdinalIgnoreCase));
        return type is not null ? Of(type) : Known.GetValueOrDefault(name);
    }

    /// <summary>Cuts off the release or repository: everything behind the first colon.</summary>
    public static (string Name, string Release) Split(string ecosystem) => Cut(ecosystem, ':') is { Item1: "" } bare
        ? (bare.Item2, "")
        : Cut(ecosystem, ':');

    /// <summary>The keys under which packages of the name are recorded.</summary>
    public (string Group, string Name) KeysOf(string name) => keys(name);

    static OsvEcosystem Of(IFeedType type) => new(type.PackageType, type.VersionOrder, name =>
    {
        var found = type.Normalize(type.FromNames("", name, ""));
        return (found.Group, found.Name);
    });

    static OsvEcosystem Of(string type, IVersionOrder order, Func<string, (string Group, string Name)> keys) =>
        new(type, order, keys);

    // What is before the mark is the group; without one there is no group.
    static (string, string) Cut(string text, char mark) =>
        text.IndexOf(mark, StringComparison.Ordinal) is > 0 and var at ? (text[..at], text[(at + 1)..]) : ("", text);

    static (string, string) CutLast(string text, char mark) =>
        text.LastIndexOf(mark) is > 0 and var at ? (text[..at], text[(at + 1)..]) : ("", text);

    [GeneratedRegex("[-_.]+")]
    private static partial Regex PythonSeparators();
}
