namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// PHP packages: the order of PHP's <c>version_compare</c>, over versions made comparable the way Composer does:
/// case, a leading <c>v</c>, missing numbers and build metadata do not count.
/// See: https://getcomposer.org/doc/04-schema.md#version and https://www.php.net/manual/function.version-compare.php.
/// </summary>
public sealed class ComposerVersionOrder : IVersionOrder
{
    const int UnknownWordRank = 1;
    const int DevelopmentRank = 2;
    const int AlphaRank = 3;
    const int BetaRank = 4;
    const int CandidateRank = 5;
    const int EndRank = 6;
    const int NumberRank = 7;
    const int PatchRank = 8;

    /// <summary>What Composer reads for the <c>x</c> of a development branch such as 2.1.x-dev.</summary>
    const string BranchNumber = "9999999";

    /// <summary>The one instance.</summary>
    public static readonly ComposerVersionOrder Instance = new();

    ComposerVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version))
            return null;
        var text = SemVerVersionOrder.WithoutLeadingV(version.ToLowerInvariant());
        var tokens = VersionText.DigitAndLetterRuns(text.Split('+')[0]);
        if (tokens.Count == 0)
            return null;

        var numbers = tokens.TakeWhile(t => t.IsNumber() || t == "x").ToList();
        var key = new SortKeyWriter().Release(numbers.ConvertAll(n => n == "x" ? BranchNumber : n));
        foreach (var token in tokens.Skip(numbers.Count).Where(t => t != "stable"))
            Write(key, token);
        return key.Rank(EndRank).ToKey();
    }

    static void Write(SortKeyWriter key, string token)
    {
        if (token.IsNumber())
        {
            key.Rank(NumberRank).Number(token);
            return;
        }
        var (rank, alias) = WordOf(token);
        key.Rank(rank).Text(alias ?? token);
    }

    /// <summary>
    /// The place of a word, and the spelling shared by its aliases. PHP looks only at how a word begins; the
    /// rest is kept apart here, because dev-main and dev-fix are different versions, if none is the newer one.
    /// </summary>
    static (int Rank, string? Alias) WordOf(string word) => word switch
    {
        "a" or "alpha" => (AlphaRank, ""),
        "b" or "beta" => (BetaRank, ""),
        "p" or "pl" or "patch" => (PatchRank, ""),
        ['d', 'e', 'v', ..] => (DevelopmentRank, null),
        ['a', ..] => (AlphaRank, null),
        ['b', ..] => (BetaRank, null),
        ['r', 'c', ..] => (CandidateRank, null),
        ['p', ..] => (PatchRank, null),
        _ => (UnknownWordRank, null),
    };
}
