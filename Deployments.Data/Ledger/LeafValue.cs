using System.Globalization;
using System.Net;

namespace Deployments.Data.Ledger;

/// <summary>Values as the texts that leaves hold: the same before they are stored and when they are read.</summary>
static class LeafValue
{
    /// <summary>The time as PostgreSQL keeps it: to the microsecond.</summary>
    public static DateTimeOffset Stored(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    public static string Of(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    public static string Of(long number) => number.ToString(CultureInfo.InvariantCulture);

    // Of the bytes alone: the scope of a link-local address is not stored.
    public static string Of(IPAddress address) => new IPAddress(address.GetAddressBytes()).ToString();

    /// <summary>A value as it comes from the database.</summary>
    public static string? OfColumn(object value) => value switch
    {
        DBNull => null,
        string text => text,
        DateTime time => Of(new DateTimeOffset(time, TimeSpan.Zero)),
        IPAddress address => Of(address),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new InvalidOperationException($"A leaf holds no {value.GetType()}."),
    };
}
