using System.Security.Cryptography;
using Deployments.Data.Evidence;
using Deployments.Data.Feeds;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.DataProtection;

namespace Deployments.Web.Ledger;

/// <summary>
/// Signs tree heads with a key that all nodes share. It lies in the database, encrypted by the key ring: who has the
/// database alone cannot sign.
/// </summary>
/// <param name="keys">Where it is.</param>
/// <param name="protection">The key ring.</param>
/// <param name="settings">Where this server is reached.</param>
public sealed class LedgerSigner(
    ServerKeyStore keys, IDataProtectionProvider protection, DeploymentsSettings settings)
{
    const int KeyBytes = 32;

    /// <summary>What the ledger is called in its notes.</summary>
    public string Name => $"{settings.PublicUrl?.Authority ?? "deployments"}/ledger";

    /// <summary>A signed note of a tree head.</summary>
    /// <exception cref="CryptographicException">The key cannot be read any more, because keys were lost.</exception>
    public async Task<string> SignAsync(LedgerHead head, CancellationToken ct) =>
        SignedNote.Sign(Name, await KeyAsync(ct), head);

    /// <summary>What others check the notes with.</summary>
    /// <exception cref="CryptographicException">The key cannot be read any more, because keys were lost.</exception>
    public async Task<string> VerifierKeyAsync(CancellationToken ct) =>
        SignedNote.VerifierKey(Name, await KeyAsync(ct));

    async Task<byte[]> KeyAsync(CancellationToken ct)
    {
        var protector = protection.CreateProtector("ledger signing");
        var candidate = protector.Protect(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)));
        return Convert.FromBase64String(
            protector.Unprotect(await keys.GetOrAddAsync("ledger-signing", candidate, ct)));
    }
}
