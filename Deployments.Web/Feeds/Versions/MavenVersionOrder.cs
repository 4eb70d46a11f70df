namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Maven artifacts. See: https://maven.apache.org/pom.html#version-order-specification.
/// </summary>
/// <remarks>
/// The order of Maven 3.9 and later: since then a word means the same after a dot as after a hyphen. Before, the
/// order had cycles (1.0 before 1.0-1 before 1.0.RC1 before 1.0), which no sort can follow.
/// Any text is a version. Dots, hyphens and changes between digits and letters separate tokens; tokens that mean
/// nothing (0, ga, final, release) vanish in front of a hyphen and at the end. A token that vanished counts as
/// present when the other version still has one there: that is what the rank of the end stands for.
/// </remarks>
public sealed class MavenVersionOrder : IVersionOrder
{
    const int EndRank = 6;
    const int EmptyRank = 7;
    const int ServicePackRank = 8;
    const int WordRank = 9;
    const int HyphenNumberRank = 10;
    const int DotNumberRank = 11;

    /// <summary>The one instance.</summary>
    public static readonly MavenVersionOrder Instance = new();

    MavenVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version))
            return null;
        var key = new SortKeyWriter();
        foreach (var token in Trimmed(Tokens(version.ToLowerInvariant())))
            Write(key, token);
        return key.Rank(EndRank).ToKey();
    }

    static void Write(SortKeyWriter key, Token token)
    {
        if (token.IsNumber)
        {
            key.Rank(token.AfterDot ? DotNumberRank : HyphenNumberRank).Number(token.Text);
            return;
        }
        var rank = WordRankOf(token.Text);
        key.Rank(rank);
        if (rank == WordRank)
            key.Text(token.Text);
    }

    static int WordRankOf(string word) => word switch
    {
        "alpha" => 1,
        "beta" => 2,
        "milestone" => 3,
        "rc" => 4,
        "snapshot" => 5,
        "" => EmptyRank,
        "sp" => ServicePackRank,
        _ => WordRank,
    };

    static IEnumerable<Token> Tokens(string text)
    {
        var afterDot = true;
        for (var at = 0; ;)
        {
            var start = at;
            var digits = at < text.Length && char.IsAsciiDigit(text[at]);
            while (at < text.Length && text[at] is not ('.' or '-') && char.IsAsciiDigit(text[at]) == digits)
                at++;
            var beforeDigit = at < text.Length && char.IsAsciiDigit(text[at]);
            yield return TokenOf(text[start..at], afterDot, beforeDigit);
            if (at == text.Length)
                yield break;
            afterDot = text[at] == '.';
            if (text[at] is '.' or '-')
                at++;
        }
    }

    static Token TokenOf(string text, bool afterDot, bool beforeDigit)
    {
        if (text.Length == 0 || char.IsAsciiDigit(text[0]))
            return new Token(text, afterDot, IsNumber: true);
        var word = text switch
        {
            "a" when beforeDigit => "alpha",
            "b" when beforeDigit => "beta",
            "m" when beforeDigit => "milestone",
            "cr" => "rc",
            "ga" or "final" or "release" => "",
            _ => text,
        };
        // A word reads the same after a dot as after a hyphen.
        return new Token(word, AfterDot: false, IsNumber: false);
    }

    static List<Token> Trimmed(IEnumerable<Token> tokens)
    {
        var kept = new List<Token>();
        foreach (var token in tokens)
        {
            if (!token.AfterDot)
                DropTrailingNothing(kept);
            kept.Add(token);
        }
        DropTrailingNothing(kept);
        return kept;
    }

    static void DropTrailingNothing(List<Token> tokens)
    {
        while (tokens.Count > 0 && tokens[^1].MeansNothing)
            tokens.RemoveAt(tokens.Count - 1);
    }

    readonly record struct Token(string Text, bool AfterDot, bool IsNumber)
    {
        public bool MeansNothing => IsNumber ? Text.AsSpan().TrimStart('0').IsEmpty : Text.Length == 0;
    }
}
