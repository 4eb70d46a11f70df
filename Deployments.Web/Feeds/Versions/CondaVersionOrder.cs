using System.Text.RegularExpressions;

namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Conda packages, <c>epoch!version+local</c>.
/// See: https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html#version-ordering.
/// </summary>
/// <remarks>
/// A version is a list of components, and each component a list of numbers and words; missing entries of either
/// list count as zero. Words sort below numbers, <c>dev</c> below other words, <c>post</c> above all.
/// </remarks>
public sealed partial class CondaVersionOrder : IVersionOrder
{
    /// <summary>The one instance.</summary>
    public static readonly CondaVersionOrder Instance = new();

    CondaVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version))
            return null;
        var match = Shape().Match(version.ToLowerInvariant());
        if (!match.Success || (version.Contains('-', StringComparison.Ordinal)
            && version.Contains('_', StringComparison.Ordinal)))
            return null;

        var key = new SortKeyWriter().Number(match.Groups["epoch"].ValueSpan);
        WriteComponents(key, match.Groups["version"].Value);
        WriteComponents(key, match.Groups["local"].Value);
        return key.ToKey();
    }

    static void WriteComponents(SortKeyWriter key, string text)
    {
        var zeros = 0;
        foreach (var component in Components(text))
        {
            var parts = Part().Matches(component).Select(m => m.Value).ToList();
            // A component that begins with a word counts as if a zero stood before it.
            if (!char.IsAsciiDigit(component[0]))
                parts.Insert(0, "0");
            var firstSignificant = parts.Find(p => !p.IsZero());
            if (firstSignificant is null)
            {
                zeros++;
                continue;
            }
            if (IsAboveZero(firstSignificant))
                key.AboveZero(zeros);
            else
                key.BelowZero(zeros);
            WriteParts(key, parts);
            zeros = 0;
        }
        key.ZerosForEver();
    }

    /// <summary>
    /// Underscores and hyphens separate like dots; but one at the very end belongs to the last component, which
    /// makes it a prerelease (1.1_ precedes 1.1).
    /// </summary>
    static string[] Components(string text)
    {
        if (text.Length == 0)
            return [];
        var endsOpen = text[^1] is '_' or '-';
        var components = (endsOpen ? text[..^1] : text).Split('.', '_', '-');
        if (endsOpen)
            components[^1] += "_";
        return components;
    }

    static void WriteParts(SortKeyWriter key, List<string> parts)
    {
        var zeros = 0;
        foreach (var part in parts)
        {
            if (part.IsZero())
            {
                zeros++;
                continue;
            }
            if (part == "post")
                key.AboveZero(zeros).Infinity();
            else if (part.IsNumber())
                key.AboveZero(zeros).Number(part);
            else
                // Upper case puts it below all other words.
                key.BelowZero(zeros).Text(part == "dev" ? "DEV" : part);
            zeros = 0;
        }
        key.ZerosForEver();
    }

    static bool IsAboveZero(string part) => part == "post" || part.IsNumber();

    [GeneratedRegex("""
        \A (?: (?<epoch>[0-9]+) ! )?
        (?<version> [0-9a-z*]+ (?: [._-] [0-9a-z*]+ )* [_-]? )
        (?: \+ (?<local> [0-9a-z*]+ (?: [._-] [0-9a-z*]+ )* ) )? \z
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Shape();

    [GeneratedRegex("[0-9]+|[*]+|[^0-9*]+", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
