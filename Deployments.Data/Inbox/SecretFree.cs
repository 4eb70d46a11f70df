using System.Text.RegularExpressions;

namespace Deployments.Data.Inbox;

/// <summary>
/// Addresses as they may be stored, shown and logged. What a client sends as <c>?key=</c> never gets that far; this is
/// for other programs' words for a credential, and for what an earlier version wrote down. Pure.
/// </summary>
public static partial class SecretFree
{
    /// <summary>The address with <c>…</c> in place of whatever its query gives as a credential.</summary>
    public static string Address(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Contains('?', StringComparison.Ordinal) ? Secret().Replace(address, "$1…") : address;
    }

    // A name with an encoded letter is one that somebody hides. Migration 0030 has the same words.
    [GeneratedRegex(
        "([?&](?:key|sig|pass|pwd|auth"
        + "|[^=&#]*(?:api[_-]?key|token|secret|password|passwd|credential|signature|authorization)[^=&#]*"
        + "|[^=&#]*%(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])[^=&#]*)=)[^&#]+",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Secret();
}
