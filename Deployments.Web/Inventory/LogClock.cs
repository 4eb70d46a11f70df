using System.Globalization;

namespace Deployments.Web.Inventory;

/// <summary>
/// Reads the local times of one log in their order. An hour that comes twice, when summer time ends, is the first one
/// until the log goes back.
/// </summary>
/// <param name="zone">Where the machine is.</param>
sealed class LogClock(TimeZoneInfo zone)
{
    DateTime last;
    bool isSecondPass;

    /// <summary>The time zone called so, by its IANA name; null when there is none.</summary>
    public static TimeZoneInfo? ZoneOrNull(string name)
    {
        // Names of zones are names of files to some systems.
        if (name.Length > 64 || name.StartsWith('/')
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || "/_+-".Contains(c, StringComparison.Ordinal)))
            return null;
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;
    }

    /// <summary>The instant of <c>2026-03-29 02:30:00</c>; null when the text is no such time.</summary>
    public DateTimeOffset? Read(string text)
    {
        if (!DateTime.TryParseExact(text.Trim(), "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture,
            DateTimeStyles.AllowInnerWhite, out var local) || local.Year is < 2 or > 9998)
            return null;
        var isAmbiguous = zone.IsAmbiguousTime(local);
        isSecondPass = isAmbiguous && (isSecondPass || zone.IsAmbiguousTime(last) && local < last);
        last = local;
        var offset = !isAmbiguous ? zone.GetUtcOffset(local)
            : isSecondPass ? zone.GetAmbiguousTimeOffsets(local).Min()
            : zone.GetAmbiguousTimeOffsets(local).Max();
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }
}
