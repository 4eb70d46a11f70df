using Deployments.Data.Accounts;
using Microsoft.AspNetCore.Identity;

namespace Deployments.Web.Accounts;

/// <summary>Hashes and checks passwords with ASP.NET Core's hasher (PBKDF2, salted).</summary>
public sealed class Passwords
{
    /// <summary>The shortest password, in characters.</summary>
    public const int LengthMin = 8;

    /// <summary>The longest password, in characters: hashing must not be made expensive.</summary>
    public const int LengthMax = 200;

    static readonly PasswordHasher<Account> Hasher = new();
    // Against which the passwords of unknown names are checked.
    static readonly Lazy<string> NobodysHash = new(() => Hasher.HashPassword(null!, Guid.NewGuid().ToString()));

    /// <summary>A hash to keep.</summary>
    public string Hash(string password) => Hasher.HashPassword(null!, password);

    /// <summary>
    /// Whether the password is the account's. Takes the same time when there is no such account, or it has none.
    /// </summary>
    public bool Check(Account? account, string password)
    {
        var result = Hasher.VerifyHashedPassword(
            account!, account is { HasPassword: true } ? account.PasswordHash : NobodysHash.Value,
            password.Length > LengthMax ? "" : password);
        return account is { Active: true, HasPassword: true }
            && result != PasswordVerificationResult.Failed && password.Length > 0;
    }
}
