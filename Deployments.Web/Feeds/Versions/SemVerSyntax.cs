using System.Text.RegularExpressions;

namespace Deployments.Web.Feeds.Versions;

/// <summary>How Semantic Versioning 2.0.0 writes versions.</summary>
public static partial class SemVerSyntax
{
    const int LengthMax = 200;

    /// <summary>Compares the keys of an <see cref="IVersionOrder"/>; no key sorts first.</summary>
    public static readonly Comparer<byte[]?> KeyOrder =
        Comparer<byte[]?>.Create((x, y) => x.AsSpan().SequenceCompareTo(y));

    /// <summary>Whether the text is a version: three numbers, then perhaps a pre-release and a build part.</summary>
    public static bool IsVersion(string text) => text.Length <= LengthMax && VersionPattern().IsMatch(text);

    /// <summary>The version without its build part, which is no part of its identity.</summary>
    public static string WithoutBuild(string version) =>
        version.IndexOf('+', StringComparison.Ordinal) is >= 0 and var plus ? version[..plus] : version;

    /// <summary>Whether the version has a pre-release part.</summary>
    public static bool IsPrerelease(string version) => WithoutBuild(version).Contains('-', StringComparison.Ordinal);

    /// <summary>The highest version that is no pre-release, else the highest of all; null when there is none.</summary>
    public static string? Newest(IEnumerable<string> versions)
    {
        var all = versions.Where(IsVersion).ToList();
        return (all.All(IsPrerelease) ? all : all.Where(version => !IsPrerelease(version)))
            .MaxBy(SemVerVersionOrder.Instance.SortKey, KeyOrder);
    }

    [GeneratedRegex(
        @"\A(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
        + @"(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex VersionPattern();
}
