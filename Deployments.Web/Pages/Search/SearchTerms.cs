using System.Globalization;
using Deployments.Data.Search;
using Deployments.Web.Feeds;

namespace Deployments.Web.Pages.Search;

/// <summary>What was typed into the search box, read in every way it may be meant. Pure.</summary>
/// <param name="Text">As typed, without blanks at the ends; at most 200 characters.</param>
public sealed record SearchTerms(string Text)
{
    /// <summary>Longer texts are cut: no name is longer.</summary>
    public const int LengthMax = 200;

    /// <summary>Of which name: the whole text, or what stands before a version.</summary>
    public string Name { get; private init; } = Text;

    /// <summary>A version; null when nothing in the text looks like one.</summary>
    public string? Version { get; private init; }

    /// <summary>The package URL's type and coordinates; null when the text is none.</summary>
    public (string Type, PackageCoordinates Package)? Purl { get; private init; }

    /// <summary>The number of a record; null when the text is no number.</summary>
    public long? Id => long.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>Whether the text names a package beside the version.</summary>
    public bool HasNameAndVersion => Version is not null && Name != Text;

    /// <summary>
    /// The name for the search among packages, whose groups may be written before <c>:</c> or <c>/</c>.
    /// </summary>
    public SearchPattern PackagePattern => SearchPattern.Of(Name
        .Replace(" / ", "/", StringComparison.Ordinal).Replace(':', '/'));

    /// <summary>Reads what was typed.</summary>
    public static SearchTerms Read(string? typed)
    {
        var text = string.Join(' ', (typed ?? "").Replace('\0', ' ').Split(
            (char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        if (text.Length > LengthMax)
            text = text[..(char.IsHighSurrogate(text[LengthMax - 1]) ? LengthMax - 1 : LengthMax)].Trim();
        if (ReadPurlOrNull(text) is { } purl)
        {
            return new SearchTerms(text)
            {
                Purl = purl,
                Name = purl.Package.Name,
                Version = purl.Package.Version.Length > 0 ? purl.Package.Version : null,
            };
        }

        // "billing 1.4" and "@acme/web@2.0.1".
        var split = Math.Max(text.LastIndexOf(' '), text.LastIndexOf('@'));
        if (split > 0 && LooksLikeVersion(text[(split + 1)..]))
            return new SearchTerms(text) { Name = text[..split], Version = text[(split + 1)..] };
        return new SearchTerms(text) { Version = LooksLikeVersion(text) ? text : null };
    }

    static bool LooksLikeVersion(string text) =>
        text.Length > 0 && !text.Contains(' ', StringComparison.Ordinal)
        && (char.IsAsciiDigit(text[0]) || (text.Length > 1 && text[0] is 'v' or 'V' && char.IsAsciiDigit(text[1])));

    // pkg:type/namespace/name@version?qualifiers#subpath
    static (string Type, PackageCoordinates Package)? ReadPurlOrNull(string text)
    {
        if (!text.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase))
            return null;
        var rest = text[4..].TrimStart('/').Split('#')[0].Split('?')[0];
        var at = rest.LastIndexOf('@');
        var version = at > 0 ? rest[(at + 1)..] : "";
        var parts = (at > 0 ? rest[..at] : rest).Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2)
            return null;
        var group = string.Join('/', parts[1..^1].Select(Uri.UnescapeDataString));
        return (parts[0].ToLowerInvariant(), new PackageCoordinates(
            Clean(group), Clean(Uri.UnescapeDataString(parts[^1])), Clean(Uri.UnescapeDataString(version))));
    }

    static string Clean(string text) => text.Replace("\0", "", StringComparison.Ordinal);
}
