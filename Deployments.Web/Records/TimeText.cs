using System.Globalization;

namespace Deployments.Web.Records;

/// <summary>Times as addresses and exports have them: ISO 8601, UTC where no offset is named.</summary>
static class TimeText
{
    static readonly string[] Days = ["yyyy-MM-dd", "yyyyMMdd"];

    /// <summary>What a time that cannot be read is told.</summary>
    public const string Problem = "is not an ISO 8601 date such as 2026-01-31 or 2026-01-31T08:15:00Z";

    /// <summary>
    /// The type of the field in which a filter shows a time: <c>date</c>, the browser's calendar, unless a time of the
    /// day was asked for, which that could not show.
    /// </summary>
    /// <param name="text">What was asked for; null or empty for nothing.</param>
    public static string FieldType(string? text) =>
        string.IsNullOrEmpty(text)
        || DateOnly.TryParseExact(text, Days[0], CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            ? "date"
            : "text";

    /// <summary>The time in UTC; null when the text is none.</summary>
    public static DateTimeOffset? TryParse(string text)
    {
        var trimmed = text.Trim();
        // A plus sign that was not escaped reaches us as a blank.
        return IsoDate.TryParse(trimmed) ?? IsoDate.TryParse(trimmed.Replace(' ', '+'));
    }

    /// <summary>
    /// The time in UTC; of a date alone its end, the next day's beginning: everywhere "to the 31st" includes the 31st,
    /// and what expires on it is good on it. Null when the text is none.
    /// </summary>
    public static DateTimeOffset? TryParseEnd(string text) =>
        DateOnly.TryParseExact(
            text.Trim(), Days, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        && day < DateOnly.MaxValue
            ? new DateTimeOffset(day.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)
            : TryParse(text);

    /// <summary>The time in UTC with as many fractions of a second as it has: <c>2026-01-31T08:15:00Z</c>.</summary>
    public static string Write(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
