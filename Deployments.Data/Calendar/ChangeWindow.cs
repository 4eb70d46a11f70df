using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Deployments.Data.Calendar;

/// <summary>When changes are meant to happen (a window), or are not (a freeze); in UTC.</summary>
/// <param name="Group">The group of targets it is for; null: every target.</param>
/// <param name="Weekdays">Of a window: bit 0 is Monday; 0 for a freeze.</param>
/// <param name="Opens">Of a window: since which minute of the day.</param>
/// <param name="Closes">Of a window: until before which minute, at most 1440.</param>
/// <param name="First">Of a freeze: its first day; null for a window.</param>
/// <param name="Last">Of a freeze: its last day.</param>
/// <param name="Reason">Why; may be empty.</param>
public sealed record ChangeWindow(
    string? Group, int Weekdays, int Opens, int Closes, DateOnly? First, DateOnly? Last, string Reason = "")
{
    /// <summary>How many there may be: each is compared with each deployment of a day that is counted.</summary>
    public const int CountMax = 200;

    static readonly string[] Days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

    /// <summary>Whether it is a freeze.</summary>
    public bool IsFreeze => First is not null;

    /// <summary>The day of the week that a line names, 0 for <c>Mon</c>, in any case; -1 for none.</summary>
    public static int DayOf(string name) =>
        Array.FindIndex(Days, day => day.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Tells one list from another, for whoever wants to change the one that was looked at.</summary>
    public static string RevisionOf(IEnumerable<ChangeWindow> all) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(all.ToArray())))[..16];

    /// <summary>
    /// The line that people write and the audit log shows: <c>production: Mon-Fri 07:00-17:00</c>,
    /// <c>*: closed 2026-12-20 to 2027-01-06 Holidays</c>.
    /// </summary>
    public override string ToString() => (Group ?? "*") + ": " + (IsFreeze
        ? string.Create(CultureInfo.InvariantCulture, $"closed {First:yyyy-MM-dd} to {Last:yyyy-MM-dd} {Reason}")
            .TrimEnd()
        : $"{Names(Weekdays)} {Time(Opens)}-{Time(Closes)}");

    static string Names(int mask)
    {
        var parts = new List<string>();
        for (var day = 0; day < Days.Length; day++)
        {
            var from = day;
            while (day < Days.Length && (mask & (1 << day)) != 0)
                day++;
            if (day > from)
                parts.Add(day - from == 1 ? Days[from] : $"{Days[from]}-{Days[day - 1]}");
        }

        return string.Join(',', parts);
    }

    static string Time(int minute) => string.Create(CultureInfo.InvariantCulture, $"{minute / 60:00}:{minute % 60:00}");
}
