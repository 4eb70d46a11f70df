using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Deployments.Data.Feeds;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Gateway;

/// <summary>
/// Seals upstream addresses into path segments and opens them again. A sealed address is signed, so that a client
/// cannot make the gateway fetch one of its own choosing, and always the same for the same address, because lock
/// files keep it.
/// </summary>
sealed class SealedAddresses(ServerKeyStore keys, IDataProtectionProvider protection)
{
    const int TagLength = 16; // bytes of HMAC-SHA-256
    const int HeadLength = TagLength + sizeof(int);

    byte[] key = [];

    /// <summary>Loads the key that all nodes share, or makes it. Called once, before the first request.</summary>
    public async Task LoadKeyAsync(CancellationToken ct)
    {
        var protector = protection.CreateProtector("sealed addresses");
        var candidate = protector.Protect(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        key = Convert.FromBase64String(
            protector.Unprotect(await keys.GetOrAddAsync("sealed-addresses", candidate, ct)));
    }

    /// <summary>An address that a connector's metadata names, as one path segment.</summary>
    public string Seal(int connectorId, Uri address)
    {
        var url = Encoding.UTF8.GetBytes(address.AbsoluteUri);
        var token = new byte[HeadLength + url.Length];
        BinaryPrimitives.WriteInt32BigEndian(token.AsSpan(TagLength), connectorId);
        url.CopyTo(token, HeadLength);
        Sign(token).CopyTo(token, 0);
        return WebEncoders.Base64UrlEncode(token);
    }

    /// <summary>The connector and the address, or null when this server did not seal them.</summary>
    public (int ConnectorId, Uri Address)? OpenOrNull(string sealedAddress)
    {
        try
        {
            var token = WebEncoders.Base64UrlDecode(sealedAddress);
            if (token.Length <= HeadLength
                || !CryptographicOperations.FixedTimeEquals(Sign(token), token.AsSpan(0, TagLength)))
                return null;
            return (BinaryPrimitives.ReadInt32BigEndian(token.AsSpan(TagLength)),
                new Uri(Encoding.UTF8.GetString(token.AsSpan(HeadLength))));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    byte[] Sign(byte[] token) => HMACSHA256.HashData(key, token.AsSpan(TagLength))[..TagLength];
}
