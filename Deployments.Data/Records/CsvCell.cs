using System.Buffers;

namespace Deployments.Data.Records;

/// <summary>One cell of a CSV file. The function <c>csv_cell</c> of the database keeps the same rule.</summary>
public static class CsvCell
{
    // What may stand before a formula and does not show: blanks, controls, joiners, direction marks.
    static readonly SearchValues<char> Unseen = SearchValues.Create(
        "\u0085\u00a0\u1680\u180e\u3000\ufeff" + Range('\u0001', '\u0020') + Range('\u2000', '\u200f')
        + Range('\u2028', '\u202f') + Range('\u205f', '\u206f'));

    // Spreadsheets in East Asian languages take the wide forms for the narrow ones.
    static readonly SearchValues<char> Signs =
        SearchValues.Create("=+-@\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20");

    /// <summary>The text, quoted where RFC 4180 asks for it, and never a formula.</summary>
    public static string Write(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // A spreadsheet takes a cell that begins so for a formula, whatever its quotes.
        var safe = IsFormula(text) ? "'" + text : text;
        return safe.AsSpan().IndexOfAny("\",\r\n") < 0 && safe.Trim().Length == safe.Length
            ? safe
            : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>A line of cells with its end.</summary>
    public static string Line(IEnumerable<string> cells) => string.Join(',', cells.Select(Write)) + "\r\n";

    /// <summary>Whether a spreadsheet may take the text for a formula, or swallow its beginning.</summary>
    public static bool IsFormula(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0 || char.IsAsciiLetterOrDigit(text[0]))
            return false;
        if (text[0] is '\t' or '\r' or '\n')
            return true;
        var seen = text.AsSpan().IndexOfAnyExcept(Unseen);
        return seen >= 0 && Signs.Contains(text[seen]);
    }

    static string Range(char first, char last) =>
        string.Concat(Enumerable.Range(first, last - first + 1).Select(code => (char)code));
}
