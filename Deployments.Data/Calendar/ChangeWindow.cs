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

    /// <summary>Whether it is a freeze.</summary>
    public bool IsFreeze => First is not null;

    /// <summary>Tells one list from another, for whoever wants to change the one that was looked at.</summary>
    public static string RevisionOf(IEnumerable<ChangeWindow> all) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(all.ToArray())))[..16];
}
