using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Deployments.Web.Octopus;

/// <summary>Encrypts what lets us into Octopus servers, and them into us, with the key ring of all nodes.</summary>
/// <param name="protection">The key ring.</param>
public sealed class OctopusSecrets(IDataProtectionProvider protection)
{
    readonly IDataProtector keys = protection.CreateProtector("octopus api key");
    readonly IDataProtector secrets = protection.CreateProtector("octopus subscription secret");

    /// <summary>A new secret for subscriptions: 256 random bits.</summary>
    public static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>The form in which an API key is stored.</summary>
    public string ProtectKey(string key) => keys.Protect(key);

    /// <summary>The API key itself.</summary>
    /// <exception cref="OctopusException">It was encrypted with keys that are lost.</exception>
    public string Key(string encrypted)
    {
        try
        {
            return keys.Unprotect(encrypted);
        }
        catch (CryptographicException)
        {
            throw new OctopusException(
                "The stored API key cannot be read any more; make the connection again.", isAboutServer: true);
        }
    }

    /// <summary>The form in which a secret is stored.</summary>
    public string ProtectSecret(string secret) => secrets.Protect(secret);

    /// <summary>The secret itself; null when it was encrypted with keys that are lost.</summary>
    public string? SecretOrNull(string encrypted)
    {
        try
        {
            return secrets.Unprotect(encrypted);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Whether a text is the secret; takes the same time however much of it is right.</summary>
    public bool IsSecret(string? given, string encrypted) =>
        given is not null && SecretOrNull(encrypted) is { } secret
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(secret));
}
