namespace Deployments.Web.Accounts;

/// <summary>
/// Counts wrong passwords by address and name, in bounded memory. Each node counts for itself: that only lets an
/// attacker try so many times more.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class AttemptLimiter(TimeProvider time)
{
    /// <summary>So many wrong passwords are allowed ...</summary>
    public const int FailuresMax = 10;

    /// <summary>... in this time, counted from the first one.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    const int EntriesMax = 10_000; // a megabyte or so

    readonly Lock gate = new();
    readonly Dictionary<(string Address, string Name), (int Failures, DateTimeOffset Until)> entries = [];

    /// <summary>
    /// Counts an attempt, before its password is checked, since attempts made at the same moment must not all slip
    /// through.
    /// </summary>
    /// <returns>Null when it may be made; else how long to wait.</returns>
    public TimeSpan? BeginOrWait(string? address, string name)
    {
        var now = time.GetUtcNow();
        var key = Key(address, name);
        lock (gate)
        {
            if (entries.TryGetValue(key, out var entry) && entry.Until > now)
            {
                if (entry.Failures >= FailuresMax)
                    return entry.Until - now;
                entries[key] = (entry.Failures + 1, entry.Until);
                return null;
            }

            if (entries.Count >= EntriesMax)
                MakeRoom(now);
            entries[key] = (1, now + Window);
            return null;
        }
    }

    /// <summary>The password was right: forgets the attempts.</summary>
    public void Succeed(string? address, string name)
    {
        lock (gate)
            entries.Remove(Key(address, name));
    }

    /// <summary>The password could not be checked: this attempt does not count.</summary>
    public void TakeBack(string? address, string name)
    {
        lock (gate)
        {
            if (entries.TryGetValue(Key(address, name), out var entry))
                entries[Key(address, name)] = (entry.Failures - 1, entry.Until);
        }
    }

    static (string, string) Key(string? address, string name) =>
        (address ?? "", name.Length > 100 ? name[..100].ToUpperInvariant() : name.ToUpperInvariant());

    void MakeRoom(DateTimeOffset now)
    {
        foreach (var (key, _) in entries.Where(pair => pair.Value.Until <= now).ToList())
            entries.Remove(key);
        // Names with the fewest failures go first, so that a flood of invented names does not free a name under attack.
        foreach (var (key, _) in entries.OrderBy(pair => pair.Value.Failures).Take(entries.Count - (EntriesMax / 2))
            .ToList())
            entries.Remove(key);
    }
}
