namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// A version of the shape <c>1.2.3-pre.1+build.7</c>, cut into its identifiers.
/// See: https://semver.org/spec/v2.0.0.html, items 2, 9, 10 and 11.
/// </summary>
/// <remarks>
/// Reads a little more than the specification writes, because advisories and charts do too: any count of
/// numbers, and leading zeros.
/// </remarks>
sealed record SemVerText(string[] Numbers, string[] Prerelease, string[] Build)
{
    const int ReleaseRank = 2;
    const int PrereleaseRank = 1;
    const int NumericRank = 1;
    const int WordRank = 2;

    /// <summary>The parts, or null when the text has another shape.</summary>
    public static SemVerText? ParseOrNull(string text)
    {
        if (!SortKeyWriter.Accepts(text))
            return null;
        // The build comes off first: it may contain hyphens, while a prerelease cannot contain a plus.
        var (front, build) = Cut(text, '+');
        var (release, prerelease) = Cut(front, '-');
        var parts = new SemVerText(release.Split('.'), prerelease?.Split('.') ?? [], build?.Split('.') ?? []);
        var valid = parts.Numbers.All(VersionText.IsNumber)
            && parts.Prerelease.All(IsIdentifier)
            && parts.Build.All(IsIdentifier);
        return valid ? parts : null;
    }

    /// <summary>Writes the numbers, then the prerelease, which sorts before the release it leads to.</summary>
    public SortKeyWriter WriteTo(SortKeyWriter key)
    {
        key.Release(Numbers);
        return Prerelease.Length == 0
            ? key.Rank(ReleaseRank)
            : WriteIdentifiers(key.Rank(PrereleaseRank), Prerelease);
    }

    /// <summary>
    /// Writes dot-separated identifiers: numbers below words, and a shorter list below its continuation.
    /// </summary>
    public static SortKeyWriter WriteIdentifiers(SortKeyWriter key, string[] identifiers)
    {
        foreach (var identifier in identifiers)
        {
            if (identifier.IsNumber())
                key.Rank(NumericRank).Number(identifier);
            else
                key.Rank(WordRank).Text(identifier);
        }
        return key.End();
    }

    static (string Front, string? Back) Cut(string text, char at)
    {
        var index = text.IndexOf(at, StringComparison.Ordinal);
        return index < 0 ? (text, null) : (text[..index], text[(index + 1)..]);
    }

    static bool IsIdentifier(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
