using Deployments.Data.Records;

namespace Deployments.Data.Search;

/// <summary>What a name is compared with: the whole, its beginning, and (from three characters on) a part.</summary>
/// <param name="Exact">The text as it is, in lower case.</param>
/// <param name="Prefix">For <c>like</c>.</param>
/// <param name="Part">
/// For <c>like</c>; blanks stand for anything. Null: too short for an index of trigrams.
/// </param>
public sealed record SearchPattern(string Exact, string Prefix, string? Part)
{
    /// <summary>From how many characters on parts of names are found.</summary>
    public const int PartLengthMin = 3;

    /// <summary>The pattern of a text. <c>%</c>, <c>_</c> and <c>\</c> in it mean themselves.</summary>
    public static SearchPattern Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var exact = Nfc.Of(text).ToLowerInvariant();
        var words = exact.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var isLong = words.Length > 0 && words.Max(word => word.Length) >= PartLengthMin;
        return new SearchPattern(
            exact, Escape(exact) + "%", isLong ? $"%{string.Join('%', words.Select(Escape))}%" : null);
    }

    static string Escape(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal);
}
