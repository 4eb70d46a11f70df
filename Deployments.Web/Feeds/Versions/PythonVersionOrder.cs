using System.Text.RegularExpressions;

namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Python packages. See: https://peps.python.org/pep-0440/, appendix B for the accepted spellings.
/// </summary>
/// <remarks>
/// The index still lists releases from before that rule (<c>trunk</c>, <c>2.0.1rc2-git</c>). They sort below all
/// others, among themselves in the order setuptools gave them at the time: any text is a version.
/// </remarks>
public sealed partial class PythonVersionOrder : IVersionOrder
{
    const int LegacyRank = 1;
    const int StandardRank = 2;

    /// <summary>The one instance.</summary>
    public static readonly PythonVersionOrder Instance = new();

    PythonVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version))
            return null;
        var text = version.Trim().ToLowerInvariant();
        var match = Standard().Match(text);
        return match.Success ? StandardKey(match.Groups) : LegacyKey(text);
    }

    static byte[] StandardKey(GroupCollection parts)
    {
        var key = new SortKeyWriter().Rank(StandardRank);
        key.Number(parts["epoch"].ValueSpan).Release(parts["release"].Value.Split('.'));
        WritePrerelease(key, parts);
        // A post release follows its release; a development release precedes whatever it leads to.
        if (parts["post"].Success)
            key.Rank(2).Number(parts["postNumber"].ValueSpan);
        else
            key.Rank(1);
        if (parts["dev"].Success)
            key.Rank(1).Number(parts["devNumber"].ValueSpan);
        else
            key.Rank(2);
        WriteLocal(key, parts["local"].Value);
        return key.ToKey();
    }

    static void WritePrerelease(SortKeyWriter key, GroupCollection parts)
    {
        if (parts["pre"].Success)
        {
            var rank = parts["pre"].Value switch { "a" or "alpha" => 2, "b" or "beta" => 3, _ => 4 };
            key.Rank(rank).Number(parts["preNumber"].ValueSpan);
            return;
        }
        // 1.0.dev1 leads to 1.0a1, the first thing that could follow; 1.0.post1.dev1 leads to the post release.
        var leadsToFirstPrerelease = parts["dev"].Success && !parts["post"].Success;
        key.Rank(leadsToFirstPrerelease ? 1 : 5);
    }

    static void WriteLocal(SortKeyWriter key, string local)
    {
        foreach (var segment in local.Split(['.', '-', '_'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment.IsNumber())
                key.Rank(2).Number(segment);
            else
                key.Rank(1).Text(segment);
        }
        key.End();
    }

    static byte[] LegacyKey(string text)
    {
        var parts = new List<string>();
        foreach (Match match in LegacyPart().Matches(text))
        {
            var part = LegacyWord(match.Value);
            if (!char.IsAsciiDigit(part[0]))
            {
                // A dash says "after the final release", unless a prerelease word follows; zeros before a word
                // say nothing.
                if (string.CompareOrdinal(part, "final") < 0)
                    DropTrailing(parts, last => last == "final-");
                DropTrailing(parts, VersionText.IsZero);
            }
            parts.Add(part);
        }
        DropTrailing(parts, VersionText.IsZero);
        parts.Add("final");

        var key = new SortKeyWriter().Rank(LegacyRank);
        foreach (var part in parts)
        {
            if (part.IsNumber())
                key.Rank(2).Number(part);
            else
                key.Rank(1).Text(part);
        }
        return key.End().ToKey();
    }

    static string LegacyWord(string part) => part switch
    {
        "pre" or "preview" or "rc" => "c",
        "-" => "final-",
        "dev" => "@",
        _ => part,
    };

    static void DropTrailing(List<string> parts, Func<string, bool> useless)
    {
        while (parts.Count > 0 && useless(parts[^1]))
            parts.RemoveAt(parts.Count - 1);
    }

    [GeneratedRegex("""
        \A v? (?: (?<epoch>[0-9]+) ! )?
        (?<release> [0-9]+ (?: \. [0-9]+ )* )
        (?: [-_.]? (?<pre> alpha | a | beta | b | preview | pre | c | rc ) [-_.]? (?<preNumber>[0-9]*) )?
        (?<post> - (?<postNumber>[0-9]+) | [-_.]? (?: post | rev | r ) [-_.]? (?<postNumber>[0-9]*) )?
        (?<dev> [-_.]? dev [-_.]? (?<devNumber>[0-9]*) )?
        (?: \+ (?<local> [a-z0-9]+ (?: [-_.] [a-z0-9]+ )* ) )? \z
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Standard();

    [GeneratedRegex("[0-9]+|[a-z]+|-|[^0-9a-z.-]+", RegexOptions.CultureInvariant)]
    private static partial Regex LegacyPart();
}
