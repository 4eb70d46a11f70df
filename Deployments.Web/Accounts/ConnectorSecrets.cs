using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Deployments.Web.Accounts;

/// <summary>Encrypts the passwords of connectors with the key ring that all nodes share.</summary>
/// <param name="protection">The key ring.</param>
public sealed class ConnectorSecrets(IDataProtectionProvider protection)
{
    readonly IDataProtector protector = protection.CreateProtector("connector password");

    /// <summary>The form in which a password is stored.</summary>
    public string Protect(string password) => protector.Protect(password);

    /// <summary>The password itself.</summary>
    /// <exception cref="CryptographicException">Encrypted with keys that are lost; it must be typed
    /// in again.</exception>
    public string Unprotect(string passwordEncrypted) => protector.Unprotect(passwordEncrypted);
}
