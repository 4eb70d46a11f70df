using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Deployments.Data.Evidence;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace Deployments.Web.Ledger;

/// <summary>
/// Tree heads in the form that transparency logs share: a checkpoint of C2SP's <c>tlog-checkpoint</c>, signed with
/// Ed25519 as its <c>signed-note</c> says. Tools that know the form check them.
/// </summary>
static class SignedNote
{
    const byte Ed25519 = 1;
    const int KeyIdBytes = 4;
    const int KeyBytes = 32;

    /// <summary>Signs a tree head.</summary>
    /// <param name="name">Of the ledger and of its key: no blank, no plus sign.</param>
    /// <param name="key">The private key, 32 bytes.</param>
    /// <param name="head">What is signed.</param>
    public static string Sign(string name, byte[] key, LedgerHead head)
    {
        var text = Text(name, head.Size, head.Root);
        var @private = new Ed25519PrivateKeyParameters(key);
        var signer = new Ed25519Signer();
        signer.Init(true, @private);
        var bytes = Encoding.UTF8.GetBytes(text);
        signer.BlockUpdate(bytes, 0, bytes.Length);
        byte[] signature =
            [.. KeyId(name, @private.GeneratePublicKey().GetEncoded()), .. signer.GenerateSignature()];
        return $"{text}\n\u2014 {name} {Convert.ToBase64String(signature)}\n";
    }

    /// <summary>The public key in the form in which tools take it: <c>name+id+key</c>.</summary>
    public static string VerifierKey(string name, byte[] key)
    {
        var @public = new Ed25519PrivateKeyParameters(key).GeneratePublicKey().GetEncoded();
        return $"{name}+{Convert.ToHexStringLower(KeyId(name, @public))}+"
            + Convert.ToBase64String([Ed25519, .. @public]);
    }

    /// <summary>The tree head of a note that was signed with a key; null when it was not.</summary>
    /// <param name="note">The note.</param>
    /// <param name="verifierKey">As of <see cref="VerifierKey"/>.</param>
    public static (long Size, byte[] Root)? HeadOrNull(string note, string verifierKey)
    {
        var parts = verifierKey.Split('+', 3);
        var end = note.IndexOf("\n\n", StringComparison.Ordinal);
        if (parts.Length < 3 || end < 0)
            return null;
        var (text, key) = (note[..(end + 1)], Convert.FromBase64String(parts[2]));
        var isSigned = key.Length == KeyBytes + 1 && note[(end + 2)..].Split('\n').Any(line =>
            line.StartsWith($"\u2014 {parts[0]} ", StringComparison.Ordinal)
            && IsSignature(line[(line.LastIndexOf(' ') + 1)..], text, parts[0], key[1..]));
        var lines = text.Split('\n');
        return isSigned && lines.Length >= 4 && lines[0] == parts[0] && long.TryParse(lines[1], out var size)
            && Base64.IsValid(lines[2])
            ? (size, Convert.FromBase64String(lines[2]))
            : null;
    }

    static bool IsSignature(string base64, string text, string name, byte[] key)
    {
        if (!Base64.IsValid(base64))
            return false;
        var signature = Convert.FromBase64String(base64);
        if (!signature.AsSpan().StartsWith(KeyId(name, key)))
            return false;
        var verifier = new Ed25519Signer();
        verifier.Init(false, new Ed25519PublicKeyParameters(key));
        var bytes = Encoding.UTF8.GetBytes(text);
        verifier.BlockUpdate(bytes, 0, bytes.Length);
        return verifier.VerifySignature(signature[KeyIdBytes..]);
    }

    static string Text(string name, long size, byte[] root) =>
        string.Create(null, $"{name}\n{size}\n{Convert.ToBase64String(root)}\n");

    static byte[] KeyId(string name, byte[] key) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519, .. key])[..KeyIdBytes];
}
