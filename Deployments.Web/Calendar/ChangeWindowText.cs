using System.Globalization;
using System.Text.RegularExpressions;
using Deployments.Data.Calendar;

namespace Deployments.Web.Calendar;

/// <summary>Windows and freezes as people write them, a line for each. Pure.</summary>
/// <remarks>
/// <c>production: Mon-Fri 07:00-17:00</c>, <c>production: closed 2026-12-20 to 2027-01-06 Christmas</c>; a star in the
/// place of a group stands for every target.
/// </remarks>
public static partial class ChangeWindowText
{
    const int ReasonLengthMax = 200;

    /// <summary>All, one on a line.</summary>
    public static string Write(IEnumerable<ChangeWindow> windows) => string.Join('\n', windows);

    /// <summary>What was written, or what is wrong with it: a sentence for each line.</summary>
    /// <param name="text">The lines; blank ones do not count.</param>
    /// <param name="groups">The groups that there are.</param>
    public static (IReadOnlyList<ChangeWindow> Windows, IReadOnlyList<string> Problems) Read(
        string? text, IReadOnlyCollection<string> groups)
    {
        var windows = new List<ChangeWindow>();
        var problems = new List<string>();
        foreach (var line in (text ?? "").Split(
            '\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var shown = line.Length > 60 ? line[..60] + "…" : line;
            var at = line.IndexOf(": ", StringComparison.Ordinal);
            var name = at < 0 ? "" : line[..at].Trim();
            var group = groups.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (name != "*" && group is null)
                problems.Add($"The line “{shown}” does not begin with the name of a group, or a star, and a colon.");
            else if (ReadOne(name == "*" ? null : group, line[(at + 2)..].Trim()) is { } window)
                windows.Add(window);
            else
                problems.Add($"The line “{shown}” is neither a window nor a freeze.");
        }

        if (windows.Count > ChangeWindow.CountMax)
            problems.Add($"There are at most {ChangeWindow.CountMax} windows and freezes.");
        return (windows, problems);
    }

    static ChangeWindow? ReadOne(string? group, string text)
    {
        if (Freeze().Match(text) is { Success: true } freeze)
        {
            var reason = freeze.Groups["reason"].Value.Trim();
            return Day(freeze.Groups["first"].Value) is { } first && Day(freeze.Groups["last"].Value) is { } last
                && first <= last && reason.Length <= ReasonLengthMax && !reason.Any(char.IsControl)
                    ? new ChangeWindow(group, 0, 0, 0, first, last, reason)
                    : null;
        }

        return Window().Match(text) is { Success: true } window && Mask(window.Groups["days"].Value) is var days and > 0
            && Minute(window.Groups["opens"].Value) is var opens and >= 0
            && Minute(window.Groups["closes"].Value) is var closes && closes > opens
                ? new ChangeWindow(group, days, opens, closes, null, null)
                : null;
    }

    // Mon-Fri,Sun; 0 when it is no such thing.
    static int Mask(string text)
    {
        var mask = 0;
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-').Select(ChangeWindow.DayOf).ToArray();
            if (ends.Length > 2 || ends.Any(end => end < 0) || ends[0] > ends[^1])
                return 0;
            for (var day = ends[0]; day <= ends[^1]; day++)
                mask |= 1 << day;
        }

        return mask;
    }

    static int Minute(string text)
    {
        var (hour, minute) = (int.Parse(text[..2], CultureInfo.InvariantCulture),
            int.Parse(text[3..], CultureInfo.InvariantCulture));
        return minute < 60 && (hour < 24 || (hour, minute) == (24, 0)) ? (hour * 60) + minute : -1;
    }

    static DateOnly? Day(string text) => DateOnly.TryParseExact(
        text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    [GeneratedRegex(
        "^closed (?<first>[0-9]{4}-[0-9]{2}-[0-9]{2}) to (?<last>[0-9]{4}-[0-9]{2}-[0-9]{2})( (?<reason>.*))?$")]
    private static partial Regex Freeze();

    [GeneratedRegex("^(?<days>[A-Za-z,-]{3,60}) (?<opens>[0-9]{2}:[0-9]{2})-(?<closes>[0-9]{2}:[0-9]{2})$")]
    private static partial Regex Window();
}
