namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Debian and Ubuntu packages, <c>epoch:upstream-revision</c>.
/// See: https://www.debian.org/doc/debian-policy/ch-controlfields.html#version.
/// </summary>
public sealed class DebianVersionOrder : IVersionOrder
{
    const int TildeRank = 1;
    const int RunEndRank = 2;
    const int NonLetterRank = 0x80;

    /// <summary>The one instance.</summary>
    public static readonly DebianVersionOrder Instance = new();

    DebianVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version) || version.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return null;
        var colon = version.IndexOf(':', StringComparison.Ordinal);
        var epoch = colon < 0 ? "0" : version[..colon];
        var rest = version.AsSpan(colon + 1);
        if (!epoch.IsNumber() || rest.IsEmpty)
            return null;
        var hyphen = rest.LastIndexOf('-');
        var upstream = hyphen < 0 ? rest : rest[..hyphen];
        var revision = hyphen < 0 ? [] : rest[(hyphen + 1)..];

        var key = new SortKeyWriter().Number(epoch);
        WritePart(key, upstream);
        WritePart(key, revision);
        return key.ToKey();
    }

    /// <summary>
    /// Writes turns of (other characters, number). A number that is missing counts as zero, and so does a part
    /// that is missing: 1.0 is 1.0-0.
    /// </summary>
    static void WritePart(SortKeyWriter key, ReadOnlySpan<char> rest)
    {
        do
        {
            var run = rest.NonDigitRun();
            foreach (var character in rest[..run])
                key.Rank(RankOf(character));
            key.Rank(RunEndRank);
            rest = rest[run..];

            var digits = rest.DigitRun();
            key.Number(rest[..digits]);
            rest = rest[digits..];
        }
        while (!rest.IsEmpty);
        // Between the tilde and every other character that could have followed.
        key.Rank(RunEndRank);
    }

    static int RankOf(char character) => character switch
    {
        '~' => TildeRank,
        _ when char.IsAsciiLetter(character) => character,
        _ => NonLetterRank + character,
    };
}
