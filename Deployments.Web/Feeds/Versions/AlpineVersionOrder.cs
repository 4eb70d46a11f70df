namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Alpine packages: <c>1.2.3b_rc1-r4</c>.
/// See: https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/master/doc/apk-package.5.scd, "version".
/// </summary>
/// <remarks>
/// At every place the kinds of token have an order of their own, the constants below. What cannot be read as a
/// token ends the version, and sorts right below a version that ended properly.
/// </remarks>
public sealed class AlpineVersionOrder : IVersionOrder
{
    const int AlphaRank = 1;
    const int BetaRank = 2;
    const int PreRank = 3;
    const int CandidateRank = 4;
    const int UnreadableRank = 5;
    const int MissingNumberRank = 6;
    const int EndRank = 7;
    const int RevisionRank = 8;
    const int CommitRank = 9;
    const int SuffixNumberRank = 10;
    const int CvsRank = 11;
    const int SvnRank = 12;
    const int GitRank = 13;
    const int HgRank = 14;
    const int PatchRank = 15;
    const int LetterRank = 16;
    const int ZeroLedNumberRank = 17;
    const int NumberRank = 18;

    /// <summary>The one instance.</summary>
    public static readonly AlpineVersionOrder Instance = new();

    AlpineVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version))
            return null;
        var key = new SortKeyWriter();
        var rest = WriteNumbers(key, version);
        rest = WriteSuffixes(key, rest);
        rest = WriteCommit(key, rest);
        return key.Rank(WriteRevision(key, rest) ? EndRank : UnreadableRank).ToKey();
    }

    /// <summary>Writes <c>1.2.3b</c>. Some packages number the letter as well: <c>6.6.2p1</c>.</summary>
    static ReadOnlySpan<char> WriteNumbers(SortKeyWriter key, ReadOnlySpan<char> rest)
    {
        var first = rest.DigitRun();
        if (first > 0)
            key.Rank(NumberRank).Number(rest[..first]);
        else
            key.Rank(MissingNumberRank);
        rest = rest[first..];
        while (!rest.IsEmpty)
        {
            if (rest[0] == '.')
            {
                rest = WriteNumber(key, rest[1..]);
            }
            else if (char.IsAsciiLetterLower(rest[0]))
            {
                key.Rank(LetterRank).Rank(rest[0]);
                rest = rest[1..];
                if (rest.DigitRun() == 0)
                    break;
                rest = WriteNumber(key, rest);
            }
            else
            {
                break;
            }
        }
        return rest;
    }

    /// <summary>
    /// Writes a number behind a dot. One that begins with a zero is read like the digits of a fraction.
    /// </summary>
    static ReadOnlySpan<char> WriteNumber(SortKeyWriter key, ReadOnlySpan<char> rest)
    {
        var length = rest.DigitRun();
        var digits = rest[..length];
        if (digits.IsEmpty)
            key.Rank(MissingNumberRank);
        else if (digits[0] == '0')
            key.Rank(ZeroLedNumberRank).Text(digits);
        else
            key.Rank(NumberRank).Number(digits);
        return rest[length..];
    }

    static ReadOnlySpan<char> WriteSuffixes(SortKeyWriter key, ReadOnlySpan<char> rest)
    {
        while (rest is ['_', .. var afterUnderscore])
        {
            var letters = afterUnderscore.LetterRun();
            if (SuffixRankOrNull(afterUnderscore[..letters]) is not { } rank)
                break;
            key.Rank(rank);
            rest = afterUnderscore[letters..];
            var digits = rest.DigitRun();
            if (digits > 0)
                key.Rank(SuffixNumberRank).Number(rest[..digits]);
            rest = rest[digits..];
        }
        return rest;
    }

    static int? SuffixRankOrNull(ReadOnlySpan<char> suffix) => suffix switch
    {
        "alpha" => AlphaRank,
        "beta" => BetaRank,
        "pre" => PreRank,
        "rc" => CandidateRank,
        "cvs" => CvsRank,
        "svn" => SvnRank,
        "git" => GitRank,
        "hg" => HgRank,
        "p" => PatchRank,
        _ => null,
    };

    static ReadOnlySpan<char> WriteCommit(SortKeyWriter key, ReadOnlySpan<char> rest)
    {
        if (rest is not ['~', .. var hash])
            return rest;
        var after = hash.TrimStart("0123456789abcdef");
        if (after.Length == hash.Length)
            return rest;
        key.Rank(CommitRank).Text(hash[..^after.Length]);
        return after;
    }

    /// <summary>Writes a package revision, which must be the last thing; returns whether all is read.</summary>
    static bool WriteRevision(SortKeyWriter key, ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty)
            return true;
        if (rest is not ['-', 'r', .. var digits] || digits.DigitRun() != digits.Length)
            return false;
        key.Rank(RevisionRank).Number(digits);
        return true;
    }
}
