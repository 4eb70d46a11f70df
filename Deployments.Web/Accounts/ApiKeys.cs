using System.Security.Cryptography;
using System.Text;

namespace Deployments.Web.Accounts;

/// <summary>What an API key is.</summary>
static class ApiKeys
{
    /// <summary>The shortest key that an administrator may choose, in characters.</summary>
    public const int LengthMin = 8;

    /// <summary>The longest, in characters.</summary>
    public const int LengthMax = 200;

    /// <summary>A new key: 256 random bits as 43 letters, digits, <c>-</c> and <c>_</c>.</summary>
    public static string Make() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is kept of a key.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>
    /// Whether a text can be a key: visible ASCII, and no colon, since <c>user:password</c> may stand where a key does.
    /// </summary>
    public static bool CanBe(string text) =>
        text.Length is >= LengthMin and <= LengthMax && text.All(c => c is > ' ' and <= '~' and not ':');
}
