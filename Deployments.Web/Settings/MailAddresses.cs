using MimeKit;

namespace Deployments.Web.Settings;

/// <summary>Mail addresses as people type them.</summary>
static class MailAddresses
{
    const int LengthMax = 254; // RFC 5321, 4.5.3.1.3

    /// <summary>Whether a text is one address, without a name.</summary>
    public static bool IsAddress(string? text) =>
        text is { Length: > 2 and <= LengthMax } && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
        && MailboxAddress.TryParse(text, out var address) && address.Address == text
        && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < text.Length - 1;

    /// <summary>The addresses in a list that is parted by commas, semicolons or white space.</summary>
    public static string[] Split(string? text) =>
        [.. (text ?? "").Split([',', ';', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Distinct(StringComparer.OrdinalIgnoreCase)];
}
