using System.Security.Cryptography;

namespace Deployments.Web.Feeds;

/// <summary>Size, hashes and origin of one stored file.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Md5">Lower-case hex, as the three below.</param>
/// <param name="Sha1">For npm's <c>shasum</c>, Maven and ProGet.</param>
/// <param name="Sha256">For most others.</param>
/// <param name="Sha512">For npm's <c>integrity</c> and NuGet's <c>packageHash</c>.</param>
/// <param name="UploadedAt">UTC.</param>
/// <param name="UploadedBy">Account or key; empty when the file was dropped in by hand.</param>
public sealed record StoredFile(
    long Size, string Md5, string Sha1, string Sha256, string Sha512, DateTimeOffset UploadedAt, string UploadedBy)
{
    /// <summary>Copies <paramref name="source"/> to <paramref name="destination"/>, hashing on the way.</summary>
    public static async ValueTask<StoredFile> HashAsync(
        Stream source, Stream destination, DateTimeOffset uploadedAt, string uploadedBy, CancellationToken ct)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        IncrementalHash[] hashes = [md5, sha1, sha256, sha512];

        var buffer = new byte[1 << 16];
        long size = 0;
        int read;
        while ((read = await source.ReadAsync(buffer, ct)) > 0)
        {
            foreach (var hash in hashes)
                hash.AppendData(buffer, 0, read);
            await destination.WriteAsync(buffer.AsMemory(0, read), ct);
            size += read;
        }

        return new StoredFile(size, Hex(md5), Hex(sha1), Hex(sha256), Hex(sha512), uploadedAt, uploadedBy);
    }

    static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
}
