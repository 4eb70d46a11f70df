using System.Text;

namespace Deployments.Web.Feeds;

/// <summary>Strict percent-decoding (RFC 3986, section 2.1) of UTF-8 text.</summary>
public static class PercentEncoding
{
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// One path segment, encoded no more than RFC 3986, section 3.3 demands (<c>@</c>, <c>+</c>, <c>:</c> and the like
    /// stay), which is how package managers write their own addresses.
    /// </summary>
    public static string EncodeSegment(string segment) => new StringBuilder(Uri.EscapeDataString(segment))
        .Replace("%40", "@").Replace("%3A", ":").Replace("%2B", "+").Replace("%21", "!").Replace("%24", "$")
        .Replace("%26", "&").Replace("%27", "'").Replace("%28", "(").Replace("%29", ")").Replace("%2A", "*")
        .Replace("%2C", ",").Replace("%3B", ";").Replace("%3D", "=").ToString();

    /// <summary>
    /// The decoded text, or null when a <c>%</c> is not followed by two hex digits or the bytes are not UTF-8.
    /// </summary>
    public static string? TryDecode(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
            return text;

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                // Surrogate pairs must be encoded together.
                var width = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
                length += Encoding.UTF8.GetBytes(text, i, width, bytes, length);
                i += width - 1;
                continue;
            }

            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                return null;
            bytes[length++] = Convert.FromHexString(text.AsSpan(i + 1, 2))[0];
            i += 2;
        }

        try
        {
            return StrictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
