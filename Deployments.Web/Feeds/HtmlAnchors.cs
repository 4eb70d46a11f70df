using System.Net;
using System.Text;

namespace Deployments.Web.Feeds;

/// <summary>
/// Finds the addresses in the anchors of an index page, in one pass: however the page is damaged, no letter of it is
/// looked at more than a few times.
/// </summary>
static class HtmlAnchors
{
    /// <summary>The page with the addresses of its anchors replaced; everything else letter for letter.</summary>
    /// <param name="html">The page.</param>
    /// <param name="replacement">
    /// What to put in place of an address, which is decoded; null leaves it as it is. Addresses without quotes are
    /// left: no index of this kind writes them so.
    /// </param>
    public static string Replace(string html, Func<string, string?> replacement)
    {
        var result = new StringBuilder(html.Length);
        var copied = 0;
        for (var at = NextAnchor(html, 0); at >= 0; at = NextAnchor(html, at))
        {
            if (HrefIn(html, ref at) is not var (start, end))
                continue;
            if (replacement(WebUtility.HtmlDecode(html[start..end])) is { } address)
            {
                result.Append(html, copied, start - 1 - copied).Append('"').Append(WebUtility.HtmlEncode(address))
                    .Append('"');
                copied = end + 1;
            }
        }

        return result.Append(html, copied, html.Length - copied).ToString();
    }

    // Behind "<a" and a blank; -1 when there is no further one.
    static int NextAnchor(string html, int from)
    {
        while ((from = html.IndexOf("<a", from, StringComparison.OrdinalIgnoreCase)) >= 0)
        {
            from += 2;
            if (from < html.Length && char.IsWhiteSpace(html[from]))
                return from;
        }

        return -1;
    }

    /// <summary>Walks over the attributes of a tag, to its end or the end of the first href.</summary>
    /// <param name="html">The page.</param>
    /// <param name="at">In the tag; moves on in any case.</param>
    /// <returns>Where the value is, without its quotes; null when the tag has none.</returns>
    static (int Start, int End)? HrefIn(string html, ref int at)
    {
        var name = (Start: at, End: at); // of the attribute that an equals sign would belong to
        while (at < html.Length && html[at] != '>')
        {
            var letter = html[at];
            if (letter is '"' or '\'')
            {
                var (start, end) = (at + 1, html.IndexOf(letter, at + 1));
                at = end < 0 ? html.Length : end + 1;
                if (end < 0)
                    return null;
                if (IsHref(html, name) && IsAssigned(html, name.End, start - 1))
                    return (start, end);
                name = (at, at);
                continue;
            }

            at++;
            if (char.IsWhiteSpace(letter) || letter is '=' or '/')
                continue;
            // A further letter of the name, or the first one of the next.
            name = name.End == at - 1 && name.End > name.Start ? (name.Start, at) : (at - 1, at);
        }

        return null;
    }

    static bool IsHref(string html, (int Start, int End) name) =>
        html.AsSpan(name.Start, name.End - name.Start).Equals("href", StringComparison.OrdinalIgnoreCase);

    static bool IsAssigned(string html, int from, int to) => html.AsSpan(from, to - from).Trim() is "=";
}
