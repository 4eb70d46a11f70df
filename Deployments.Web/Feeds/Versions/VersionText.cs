namespace Deployments.Web.Feeds.Versions;

/// <summary>The few scanning steps all version grammars share. Only ASCII counts as digit or letter.</summary>
static class VersionText
{
    /// <summary>How many digits the text begins with.</summary>
    public static int DigitRun(this ReadOnlySpan<char> text) => Run(text.IndexOfAnyExceptInRange('0', '9'), text);

    /// <summary>How many letters the text begins with.</summary>
    public static int LetterRun(this ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && char.IsAsciiLetter(text[length]))
            length++;
        return length;
    }

    /// <summary>How many characters stand before the first digit.</summary>
    public static int NonDigitRun(this ReadOnlySpan<char> text) => Run(text.IndexOfAnyInRange('0', '9'), text);

    /// <summary>Whether the text is a number: digits and nothing else.</summary>
    public static bool IsNumber(this string text) => text.Length > 0 && DigitRun(text) == text.Length;

    /// <summary>Whether the text is a number equal to zero.</summary>
    public static bool IsZero(this string text) => text.Length > 0 && text.AsSpan().TrimStart('0').IsEmpty;

    /// <summary>
    /// Cuts a text into its runs of digits and runs of ASCII letters; whatever stands between only separates.
    /// </summary>
    public static List<string> DigitAndLetterRuns(string text)
    {
        var runs = new List<string>();
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var length = Math.Max(rest.DigitRun(), rest.LetterRun());
            if (length > 0)
                runs.Add(rest[..length].ToString());
            rest = rest[Math.Max(length, 1)..];
        }
        return runs;
    }

    static int Run(int index, ReadOnlySpan<char> text) => index < 0 ? text.Length : index;
}
