using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Deployments.Data.Accounts;
using Deployments.Web.Embedded;
using Deployments.Web.Settings;

namespace Deployments.Web.Accounts;

/// <summary>
/// The file whose keys encrypt the key ring in the database, which in turn encrypts passwords: whoever has the database
/// or a dump of it, and not this file, has none of them. Each line is a key, 32 bytes in Base64; the first encrypts,
/// all of them decrypt. So a new line on top, and a start of each node, changes the key.
/// </summary>
sealed class KeyFile
{
    const int KeyBytes = 32; // AES-256
    const int NonceBytes = 12;
    const int TagBytes = 16;

    // Programs that know nothing of it pass over an element of this name, and say so in their log.
    const string SealedName = "sealed";

    readonly string path;
    readonly bool isMade; // where there is none
    byte[][] keys;

    KeyFile(string path, bool isMade, byte[][] keys) => (this.path, this.isMade, this.keys) = (path, isMade, keys);

    /// <summary>
    /// The named file; else the one in the data directory, which is made for a private PostgreSQL. For a database that
    /// other nodes may share none is made, since they could not read it.
    /// </summary>
    /// <exception cref="CannotStartException">The file is missing, open to others or holds no keys.</exception>
    public static KeyFile Choose(DeploymentsSettings settings, bool isDatabasePrivate)
    {
        var own = Path.Combine(settings.DataDirectory!, "key-ring.keys");
        if (settings.KeyFile is { } named)
            return new(named, isMade: false, Read(named));
        return new(own, isDatabasePrivate, File.Exists(own) ? Read(own) : []);
    }

    /// <summary>
    /// Encrypts what lies in clear or was encrypted by a later line. One node at a time, before the ring is used.
    /// </summary>
    /// <exception cref="CannotStartException">Something was encrypted by a key that is not in the file.</exception>
    public void Protect(KeyRingStore store, ILogger logger)
    {
        var rows = store.All();
        if (keys.Length == 0 && isMade && !rows.Any(row => SealOrNull(row.Xml) is not null))
        {
            keys = [RandomNumberGenerator.GetBytes(KeyBytes)];
            DataDirectory.WriteSecret(path, Convert.ToBase64String(keys[0]) + "\n");
        }

        foreach (var row in rows)
        {
            string xml;
            try
            {
                xml = Open(row.Xml);
            }
            catch (CryptographicException exception)
            {
                throw new CannotStartException(
                    $"The keys in the database cannot be read: {exception.Message}. Give this node the key file of "
                    + "the other nodes, or of the backup, by Deployments__KeyFile.", exception);
            }

            if (keys.Length > 0 && SealOrNull(row.Xml)?.Attribute("by")?.Value != Name(keys[0]))
                store.Put(row.FriendlyName, Seal(xml));
        }

        if (keys.Length == 0)
            logger.LogWarning("Keys that open passwords lie in clear in the database; Deployments__KeyFile names a "
                + "file that encrypts them");
    }

    /// <summary>Encrypts an element; without a file it stays as it is.</summary>
    public string Seal(string xml)
    {
        if (keys.Length == 0)
            return xml;
        var plain = Encoding.UTF8.GetBytes(xml);
        var box = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(keys[0], TagBytes);
        cipher.Encrypt(
            box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes, plain.Length), box.AsSpan(^TagBytes..));
        return new XElement(SealedName, new XAttribute("by", Name(keys[0])), Convert.ToBase64String(box))
            .ToString(SaveOptions.DisableFormatting);
    }

    /// <summary>Decrypts an element; one in clear is given back as it is.</summary>
    /// <exception cref="CryptographicException">Its key is not here, or it was changed since.</exception>
    public string Open(string xml)
    {
        if (SealOrNull(xml) is not { } element)
            return xml;
        var by = element.Attribute("by")?.Value;
        var key = keys.FirstOrDefault(key => Name(key) == by) ?? throw new CryptographicException(
            $"{(keys.Length == 0 ? $"there is no key file {path}" : $"key {by} is not in {path}")}");
        try
        {
            var box = Convert.FromBase64String(element.Value);
            if (box.Length < NonceBytes + TagBytes)
                throw new CryptographicException("an entry is cut short");
            var plain = new byte[box.Length - NonceBytes - TagBytes];
            using var cipher = new AesGcm(key, TagBytes);
            cipher.Decrypt(
                box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes, plain.Length), box.AsSpan(^TagBytes..), plain);
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception exception) when (exception is FormatException or AuthenticationTagMismatchException)
        {
            throw new CryptographicException("an entry was changed", exception);
        }
    }

    // Tells keys apart and says nothing of them: they are random, so nobody can try them all.
    static string Name(byte[] key) => Convert.ToHexStringLower(SHA256.HashData(key).AsSpan(0, 4));

    static XElement? SealOrNull(string xml)
    {
        try
        {
            return XElement.Parse(xml) is { Name.LocalName: SealedName } element ? element : null;
        }
        catch (XmlException)
        {
            return null; // no key at all; told by who reads it
        }
    }

    static byte[][] Read(string path)
    {
        string[] lines;
        try
        {
            if (!OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
                throw Refusal(path, $"every user may read or write it: 'chmod o-rw {path}'");
            lines = File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refusal(path, "it must be a file that can be read, such as 'openssl rand -base64 32' makes");
        }

        var keys = lines.Where(line => !string.IsNullOrWhiteSpace(line)).Select(KeyOrNull).ToList();
        return keys.Count > 0 && !keys.Contains(null)
            ? [.. keys.OfType<byte[]>()]
            : throw Refusal(path, "each of its lines must be 32 bytes in Base64, such as 'openssl rand -base64 32'");
    }

    static byte[]? KeyOrNull(string line)
    {
        var key = new byte[KeyBytes + 1];
        return Convert.TryFromBase64String(line.Trim(), key, out var length) && length == KeyBytes
            ? key[..KeyBytes]
            : null;
    }

    static CannotStartException Refusal(string path, string allowed) =>
        new(SettingsCheck.Sentence(nameof(DeploymentsSettings.KeyFile), path, allowed));
}
