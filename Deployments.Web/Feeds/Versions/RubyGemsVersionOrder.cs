using System.Text.RegularExpressions;

namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Ruby gems: numbers and words between dots; a word makes a prerelease and sorts before everything else,
/// missing parts count as zero. See: https://docs.ruby-lang.org/en/master/Gem/Version.html.
/// </summary>
public sealed partial class RubyGemsVersionOrder : IVersionOrder
{
    /// <summary>The one instance.</summary>
    public static readonly RubyGemsVersionOrder Instance = new();

    RubyGemsVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version) || !Shape().IsMatch(version))
            return null;
        // A hyphen is a shorthand for a prerelease.
        var parts = VersionText.DigitAndLetterRuns(version.Replace("-", ".pre.", StringComparison.Ordinal));
        var key = new SortKeyWriter();
        var zeros = 0;
        var wordSeen = false;
        foreach (var part in parts)
        {
            if (part.IsZero())
            {
                zeros++;
                continue;
            }
            if (part.IsNumber())
            {
                key.AboveZero(zeros).Number(part);
            }
            else
            {
                // Zeros that end the numeric front say nothing: 1.0.a and 1.a are equal.
                key.BelowZero(wordSeen ? zeros : 0).Text(part);
                wordSeen = true;
            }
            zeros = 0;
        }
        return key.ZerosForEver().ToKey();
    }

    [GeneratedRegex(
        @"\A[0-9][0-9a-zA-Z]*(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
