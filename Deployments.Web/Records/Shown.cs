using System.Globalization;
using System.Text;

namespace Deployments.Web.Records;

/// <summary>
/// Text that clients sent, as people see it: characters that cannot be seen, but move, hide or split what is around
/// them, stand as <c>⟨U+202E⟩</c>, so that no server looks like another. For pages and mail; data (CSV, JSON, values of
/// form fields) stays what it is. Pure.
/// </summary>
public static class Shown
{
    const int Arabic = 0x600; // from here on scripts and emoji need joiners and variation selectors to be written

    /// <summary>The text to show; empty for null.</summary>
    public static string Of(string? text)
    {
        if (text is null || Ascii.IsValid(text) && !text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text ?? "";
        StringBuilder? shown = null;
        var (at, before) = (0, 0);
        while (at < text.Length)
        {
            // Half a surrogate pair reads as U+FFFD, which can be seen.
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            if (IsHidden(rune.Value, before, After(text, at + length)))
            {
                shown ??= new StringBuilder(text, 0, at, text.Length + 16);
                shown.Append(CultureInfo.InvariantCulture, $"⟨U+{rune.Value:X4}⟩");
            }
            else
            {
                shown?.Append(text, at, length);
            }

            (at, before) = (at + length, rune.Value);
        }

        return shown?.ToString() ?? text;
    }

    static int After(string text, int at) => Rune.TryGetRuneAt(text, at < text.Length ? at : 0, out var rune)
        && at < text.Length ? rune.Value : 0;

    static bool IsHidden(int rune, int before, int after) => rune switch
    {
        '\t' or '\n' or '\r' => false,
        0x200c or 0x200d => before < Arabic || after < Arabic, // joiners, as in Persian and in emoji
        >= 0xfe00 and <= 0xfe0f or >= 0xe0100 and <= 0xe01ef => // variation selectors, as after © and digits
            before < Arabic && (!Rune.TryCreate(before, out var letter) || Rune.IsLetter(letter) || before == 0),
        0x115f or 0x1160 or 0x3164 or 0xffa0 or 0x2800 or 0x034f or 0x17b4 or 0x17b5 => true, // blank, but no space
        _ => Rune.GetUnicodeCategory(new Rune(rune)) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
    };
}
