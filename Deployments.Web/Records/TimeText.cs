using System.Globalization;

namespace Deployments.Web.Records;

/// <summary>Times as this program writes and reads them in queries: ISO 8601, UTC where no offset is named.</summary>
static class TimeText
{
    static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>The time in UTC; null when the text is none.</summary>
    public static DateTimeOffset? TryParse(string text) =>
        // A plus sign that was not escaped reaches us as a blank.
        DateTimeOffset.TryParseExact(text.Trim().Replace(' ', '+'), Formats, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : null;

    /// <summary>The time in UTC with as many fractions of a second as it has: <c>2026-01-31T08:15:00Z</c>.</summary>
    public static string Write(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
