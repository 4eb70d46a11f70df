using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// The distributions that advisories are about, by the names that OSV gives them:
/// https://ossf.github.io/osv-schema/#defined-ecosystems. Fedora, Amazon and Oracle have none.
/// </summary>
public static partial class Distributions
{
    /// <summary>What a feed says whose packages are of no distribution.</summary>
    public const string None = "none";

    const int CountMax = 40;

    static readonly DistributionFamily[] Families =
    [
        new("Debian", "deb", DebianVersionOrder.Instance, true, Number(), "Debian:12"),
        new("Ubuntu", "deb", DebianVersionOrder.Instance, true, UbuntuRelease(), "Ubuntu:22.04:LTS"),
        new("Alpine", "apk", AlpineVersionOrder.Instance, true, AlpineRelease(), "Alpine:v3.19"),
        new("Wolfi", "apk", AlpineVersionOrder.Instance, false, null, "Wolfi"),
        new("Chainguard", "apk", AlpineVersionOrder.Instance, false, null, "Chainguard"),
        new("Rocky Linux", "rpm", RpmVersionOrder.Instance, true, Number(), "Rocky Linux:9"),
        new("AlmaLinux", "rpm", RpmVersionOrder.Instance, false, Number(), "AlmaLinux:9"),
        new("Red Hat", "rpm", RpmVersionOrder.Instance, false, RedHatRelease(), "Red Hat:enterprise_linux:9"),
        new("SUSE", "rpm", RpmVersionOrder.Instance, true, Words(), "SUSE:Linux Enterprise Server 15 SP5"),
        new("openSUSE", "rpm", RpmVersionOrder.Instance, true, Words(), "openSUSE:Leap 15.6"),
        new("Mageia", "rpm", RpmVersionOrder.Instance, true, Number(), "Mageia:9"),
        new("openEuler", "rpm", RpmVersionOrder.Instance, true, Words(), "openEuler:24.03-LTS"),
    ];

    /// <summary>The distribution of that name without its release; null when there is none.</summary>
    public static DistributionFamily? FamilyOrNull(string name) =>
        Array.Find(Families, family => family.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>One of each distribution that has packages of this type; empty for types that none has.</summary>
    /// <param name="packageType">Package URL type.</param>
    public static IReadOnlyList<string> Examples(string packageType) =>
        [.. Families.Where(family => family.PackageType == packageType).Select(family => family.Example)];

    /// <summary>
    /// The names as OSV writes them, perhaps each with the part of the feed in front that it is about
    /// (<c>bookworm=Debian:12</c>); what is none stays as it is, for <see cref="ProblemOrNull"/>.
    /// </summary>
    public static IReadOnlyList<string> Read(IEnumerable<string> entries) =>
        [.. entries.Select(entry => SplitOrNull(entry) is var (place, name) && CanonicalOrNull(name) is { } canonical
            ? place.Length > 0 ? $"{place}={canonical}" : canonical
            : entry).Distinct(StringComparer.Ordinal)];

    /// <summary>The distributions without the parts of the feed that they are about.</summary>
    public static IReadOnlyList<string> NamesOf(IReadOnlyList<string> entries) =>
        [.. entries.Select(entry => entry[(entry.IndexOf('=', StringComparison.Ordinal) + 1)..])
            .Distinct(StringComparer.Ordinal)];

    /// <summary>The parts of the feed that have distributions of their own.</summary>
    public static IReadOnlyList<string> PlacesOf(IReadOnlyList<string> entries) =>
        [.. entries.Where(entry => entry.Contains('=', StringComparison.Ordinal)).Select(entry => entry.Split('=')[0])
            .Distinct(StringComparer.Ordinal)];

    /// <summary>Why a feed cannot serve these, or null.</summary>
    /// <param name="type">The feed's type.</param>
    /// <param name="names">What <see cref="Read"/> made of them.</param>
    public static string? ProblemOrNull(IFeedType type, IReadOnlyList<string> names)
    {
        var examples = Examples(type.PackageType);
        if (names.Count > 0 && examples.Count == 0)
            return $"are a matter of Debian, RPM and Alpine feeds, not of {type.DisplayName}";
        if (names.Count > CountMax || (names.Count > 1 && names.Contains(None)))
            return $"are at most {CountMax}, or none alone";
        var unknown = names.FirstOrDefault(entry => SplitOrNull(entry) is not var (_, name)
            || (name != None && (CanonicalOrNull(name) is null
                || FamilyOrNull(name.Split(':')[0])?.PackageType != type.PackageType)));
        return unknown is null ? null
            : $"name none that has advisories: {unknown}; known are, of every release, "
                + string.Join(", ", examples) + $", or {None}; with a suite or folder in front: x={examples[0]}";
    }

    // A part of a feed is a suite or a folder: bookworm, v3.19, 9/BaseOS.
    static (string Place, string Name)? SplitOrNull(string entry)
    {
        var at = entry.IndexOf('=', StringComparison.Ordinal);
        if (at < 0)
            return ("", entry.Trim());
        var place = entry[..at].Trim().Trim('/');
        return PlacePattern().IsMatch(place) ? (place, entry[(at + 1)..].Trim()) : null;
    }

    static string? CanonicalOrNull(string name)
    {
        var text = name.Trim();
        if (text.Equals(None, StringComparison.OrdinalIgnoreCase))
            return None;
        var at = text.IndexOf(':', StringComparison.Ordinal);
        var release = at < 0 ? "" : text[(at + 1)..].Trim();
        if (FamilyOrNull(at < 0 ? text : text[..at].TrimEnd()) is not { } family)
            return null;
        if (family.Release is not { } pattern)
            return at < 0 ? family.Name : null;
        if (!pattern.IsMatch(release))
            return null;
        // Every second April's is one of long support, and OSV says so in its name.
        var isLongSupport = family.Name == "Ubuntu" && LongSupport().IsMatch(release);
        return $"{family.Name}:{release}{(isLongSupport ? ":LTS" : "")}";
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}(/[A-Za-z0-9._+~-]{1,100}){0,9}\z")]
    private static partial Regex PlacePattern();

    [GeneratedRegex(@"\A[1-9][0-9]{0,2}\z")]
    private static partial Regex Number();

    [GeneratedRegex(@"\A(Pro:)?([A-Za-z-]{1,40}:)?[0-9]{2}\.(04|10)(:LTS)?\z")]
    private static partial Regex UbuntuRelease();

    [GeneratedRegex(@"[02468]\.04\z")]
    private static partial Regex LongSupport();

    [GeneratedRegex(@"\Av[1-9]\.[0-9]{1,3}\z")]
    private static partial Regex AlpineRelease();

    [GeneratedRegex(@"\A[a-z0-9_]{1,60}(:[a-z0-9_.-]{0,60}){1,3}\z")]
    private static partial Regex RedHatRelease();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9 ._-]{0,98}[A-Za-z0-9]\z")]
    private static partial Regex Words();
}

/// <summary>A distribution.</summary>
/// <param name="Name">OSV's name, without a release.</param>
/// <param name="PackageType">Package URL type of its packages.</param>
/// <param name="Order">The order of its versions.</param>
/// <param name="NamesSource">Whether its advisories name source packages.</param>
/// <param name="Release">What its releases look like; null: it has none.</param>
/// <param name="Example">One of its releases.</param>
public sealed record DistributionFamily(
    string Name, string PackageType, IVersionOrder Order, bool NamesSource, Regex? Release, string Example);
