namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// RPM packages, <c>epoch:version-release</c>.
/// See: the manual page rpm-version(7) of https://rpm.org.
/// </summary>
/// <remarks>
/// Runs of digits and of letters count; other characters only separate them. A tilde sorts before the end of the
/// version, a caret right after it.
/// </remarks>
public sealed class RpmVersionOrder : IVersionOrder
{
    const int TildeRank = 1;
    const int EndRank = 2;
    const int CaretRank = 3;
    const int WordRank = 4;
    const int NumberRank = 5;

    /// <summary>The one instance.</summary>
    public static readonly RpmVersionOrder Instance = new();

    RpmVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version))
            return null;
        var colon = version.IndexOf(':', StringComparison.Ordinal);
        var rest = version.AsSpan(colon + 1);
        var hyphen = rest.LastIndexOf('-');

        var key = new SortKeyWriter();
        WritePart(key, colon < 0 ? "0" : version.AsSpan(0, colon));
        WritePart(key, hyphen < 0 ? rest : rest[..hyphen]);
        WritePart(key, hyphen < 0 ? [] : rest[(hyphen + 1)..]);
        return key.ToKey();
    }

    static void WritePart(SortKeyWriter key, ReadOnlySpan<char> rest)
    {
        while (!rest.IsEmpty)
        {
            var digits = rest.DigitRun();
            var letters = rest.LetterRun();
            if (digits > 0)
                key.Rank(NumberRank).Number(rest[..digits]);
            else if (letters > 0)
                key.Rank(WordRank).Text(rest[..letters]);
            else if (rest[0] == '~')
                key.Rank(TildeRank);
            else if (rest[0] == '^')
                key.Rank(CaretRank);
            rest = rest[Math.Max(1, Math.Max(digits, letters))..];
        }
        key.Rank(EndRank);
    }
}
