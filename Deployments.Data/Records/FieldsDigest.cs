using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Deployments.Data.Records;

/// <summary>What tells whether the same was said twice: a hash of every field.</summary>
static class FieldsDigest
{
    /// <summary>The first 16 bytes of a SHA-256 over the fields. Stored: never change how it comes about.</summary>
    public static Guid Of(ReadOnlySpan<string> texts, ReadOnlySpan<long> numbers)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bigEndian = stackalloc byte[8];
        foreach (var text in texts)
        {
            // Length first: ("ab", "c") and ("a", "bc") are different.
            var bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt64BigEndian(bigEndian, bytes.Length);
            hash.AppendData(bigEndian);
            hash.AppendData(bytes);
        }

        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteInt64BigEndian(bigEndian, number);
            hash.AppendData(bigEndian);
        }

        return new Guid(hash.GetHashAndReset().AsSpan(0, 16), bigEndian: true);
    }
}
