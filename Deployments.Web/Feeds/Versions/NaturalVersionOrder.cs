namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// The order for package types without a rule of their own (container tags, assets): what a reader expects.
/// Numbers compare as numbers, well-known prerelease words sort before the release, other words after it.
/// </summary>
/// <remarks>Two texts have equal keys only when they are the same text: no rule says otherwise.</remarks>
public sealed class NaturalVersionOrder : IVersionOrder
{
    const int EndRank = 5;
    const int WordRank = 6;
    const int NumberRank = 7;

    /// <summary>The one instance.</summary>
    public static readonly NaturalVersionOrder Instance = new();

    NaturalVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version))
            return null;
        var text = SemVerVersionOrder.WithoutLeadingV(version);
        // The v of v2 means nothing, the one of vista does.
        if (text.Length == 0 || !char.IsAsciiDigit(text[0]))
            text = version;
        var key = new SortKeyWriter();
        foreach (var run in VersionText.DigitAndLetterRuns(text.ToLowerInvariant()))
            Write(key, run);
        return key.Rank(EndRank).Text(version).ToKey();
    }

    static void Write(SortKeyWriter key, string run)
    {
        if (run.IsNumber())
        {
            key.Rank(NumberRank).Number(run);
            return;
        }
        var rank = WordRankOf(run);
        key.Rank(rank);
        if (rank == WordRank)
            key.Text(run);
    }

    static int WordRankOf(string word) => word switch
    {
        "dev" or "nightly" or "snapshot" => 1,
        "alpha" => 2,
        "beta" => 3,
        "pre" or "preview" or "rc" => 4,
        _ => WordRank,
    };
}
