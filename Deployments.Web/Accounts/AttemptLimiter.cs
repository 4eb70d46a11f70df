using System.Net;
using System.Net.Sockets;

namespace Deployments.Web.Accounts;

/// <summary>
/// Counts wrong passwords by where they come from and for which name, and by where they come from alone, in bounded
/// memory. Each node counts for itself: that only lets an attacker try so many times more.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class AttemptLimiter(TimeProvider time)
{
    /// <summary>So many wrong passwords are allowed for one name ...</summary>
    public const int FailuresMax = 10;

    /// <summary>
    /// ... so many for all names together, since each costs its check, whether or not there is the name ...
    /// </summary>
    public const int SourceFailuresMax = 100;

    /// <summary>... in this time, counted from the first one.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    const int EntriesMax = 10_000; // a megabyte or so
    const int NameLengthMax = 100;
    const int NetworkBytes = 8; // of IPv6: whoever has one address has these 64 bits full of them

    readonly Lock gate = new();
    readonly Dictionary<(string Source, string? Name), (int Failures, DateTimeOffset Until)> entries = [];

    /// <summary>
    /// Counts an attempt, before its password is checked, since attempts made at the same moment must not all slip
    /// through.
    /// </summary>
    /// <param name="source">A network address, or what <see cref="KnownDevices"/> knows; null: unknown.</param>
    /// <param name="name">The name tried.</param>
    /// <returns>Null when it may be made; else how long to wait.</returns>
    public TimeSpan? BeginOrWait(string? source, string name)
    {
        var now = time.GetUtcNow();
        var (forName, forAll) = Keys(source, name);
        lock (gate)
        {
            if ((WaitOrNull(forName, FailuresMax, now) ?? WaitOrNull(forAll, SourceFailuresMax, now)) is { } wait)
                return wait;
            if (entries.Count >= EntriesMax)
                MakeRoom(now);
            Count(forName, now);
            Count(forAll, now);
            return null;
        }
    }

    /// <summary>The password was right: forgets the attempts for this name.</summary>
    public void Succeed(string? source, string name)
    {
        var (forName, forAll) = Keys(source, name);
        lock (gate)
        {
            entries.Remove(forName);
            Forget(forAll);
        }
    }

    /// <summary>The password could not be checked: this attempt does not count.</summary>
    public void TakeBack(string? source, string name)
    {
        var (forName, forAll) = Keys(source, name);
        lock (gate)
        {
            Forget(forName);
            Forget(forAll);
        }
    }

    TimeSpan? WaitOrNull((string, string?) key, int failuresMax, DateTimeOffset now) =>
        entries.TryGetValue(key, out var entry) && entry.Until > now && entry.Failures >= failuresMax
            ? entry.Until - now
            : null;

    void Count((string, string?) key, DateTimeOffset now) =>
        entries[key] = entries.TryGetValue(key, out var entry) && entry.Until > now
            ? (entry.Failures + 1, entry.Until)
            : (1, now + Window);

    void Forget((string, string?) key)
    {
        if (entries.TryGetValue(key, out var entry))
            entries[key] = (entry.Failures - 1, entry.Until);
    }

    static ((string, string?) ForName, (string, string?) ForAll) Keys(string? source, string name)
    {
        var place = PlaceOf(source ?? "");
        var known = name.Length > NameLengthMax ? name[..NameLengthMax] : name;
        return ((place, known.ToUpperInvariant()), (place, null));
    }

    static string PlaceOf(string source)
    {
        if (!IPAddress.TryParse(source, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6
            || address.IsIPv4MappedToIPv6)
            return source;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes).ToString();
    }

    void MakeRoom(DateTimeOffset now)
    {
        foreach (var (key, _) in entries.Where(pair => pair.Value.Until <= now).ToList())
            entries.Remove(key);
        // Those with the fewest failures go first: a flood of invented names must not free one under attack.
        foreach (var (key, _) in entries.OrderBy(pair => pair.Value.Failures).Take(entries.Count - (EntriesMax / 2))
            .ToList())
            entries.Remove(key);
    }
}
