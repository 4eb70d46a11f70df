using Deployments.Data.Audit;

namespace Deployments.Web.Accounts;

/// <summary>What accounts may be called. Pure.</summary>
static class AccountNames
{
    /// <summary>The longest name, in characters.</summary>
    public const int LengthMax = 100;

    const int CandidatesMax = 20;

    // "api" stands before a key in Basic credentials; the others are names that records and the log use themselves.
    static readonly string[] Reserved = ["api", Caller.AnonymousName, Actor.Program.Name];

    /// <summary>
    /// Whether an account may be called so: without colon, since a name and a password are written with one between
    /// them, and without quotation marks, with which keys are called.
    /// </summary>
    public static bool CanBe(string? name) =>
        name is { Length: >= 1 and <= LengthMax } && name == name.Trim() && !name.Any(IsForbidden);

    /// <summary>Whether the program itself is called so.</summary>
    public static bool IsReserved(string? name) => Reserved.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// What the account of a person may be called whom a provider calls something: that, as far as it may be; where
    /// others have the name, with the provider's behind it.
    /// </summary>
    public static IReadOnlyList<string> For(string? name, string provider)
    {
        var clean = new string([.. (name ?? "").Select(
            letter => IsForbidden(letter) || char.IsSurrogate(letter) ? '-' : letter)]).Trim();
        var suffixes = Enumerable.Range(1, CandidatesMax)
            .Select(n => n == 1 ? $" ({provider})" : $" ({provider} {n})").ToList();
        var room = LengthMax - suffixes[^1].Length;
        if (clean.Length > room)
            clean = clean[..room].TrimEnd();
        if (clean.Length == 0)
            clean = "user";
        return [.. suffixes.Select(suffix => clean + suffix).Prepend(clean).Where(candidate => !IsReserved(candidate))];
    }

    static bool IsForbidden(char letter) => char.IsControl(letter) || letter is ':' or '"';
}
