using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Deployments.Web.Bodies;
using Deployments.Web.Gateway;

namespace Deployments.Web.Api;

/// <summary>What a machine uploads, packed or not: kept in a file that deletes itself.</summary>
static class InventoryBody
{
    /// <summary>Largest upload, in bytes as they are sent.</summary>
    public const long BytesMax = 50L << 20;

    /// <summary>Largest upload, in bytes, unpacked.</summary>
    public const long UnpackedBytesMax = 256L << 20;

    /// <summary>Keeps the body, unpacked, in a file.</summary>
    /// <exception cref="ApiRefusal">It is too large, or packed in a way that cannot be undone.</exception>
    /// <returns>Its SHA-256.</returns>
    public static async Task<byte[]> KeepAsync(HttpContext context, FileStream file)
    {
        UploadLimits.Lift(context, BytesMax);
        try
        {
            var body = context.Request.BodyReader;
            var head = await body.ReadAtLeastAsync(2, context.RequestAborted);
            var isPacked = head.Buffer.Length >= 2 && IsGzip(head.Buffer.Slice(0, 2));
            body.AdvanceTo(head.Buffer.Start);
            if (!isPacked && context.Request.Headers.ContentEncoding.Count > 0)
                throw new ApiRefusal(StatusCodes.Status415UnsupportedMediaType, "A body may be packed by gzip only.");
            return isPacked
                ? await UnpackAsync(body.AsStream(), file, context.RequestAborted)
                : await CopyAsync(body.AsStream(), file, context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            throw new ApiRefusal(StatusCodes.Status400BadRequest, "The gzip is damaged, cut off, or not one file.");
        }
        catch (BadHttpRequestException exception)
            when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ApiRefusal(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {BytesMax >> 20} MB.");
        }
    }

    // What ends too early unpacks without a word to less than there was: at its end it says how much that is.
    static async Task<byte[]> UnpackAsync(Stream body, FileStream file, CancellationToken ct)
    {
        await using var packed = TemporaryFile.Create();
        await body.CopyToAsync(packed, ct);
        var size = new byte[4];
        packed.Position = Math.Max(0, packed.Length - size.Length);
        await packed.ReadExactlyAsync(size, ct);
        packed.Position = 0;
        await using var input = new GZipStream(packed, CompressionMode.Decompress);
        var hash = await CopyAsync(input, file, ct);
        return BinaryPrimitives.ReadUInt32LittleEndian(size) == (uint)file.Length
            ? hash
            : throw new InvalidDataException();
    }

    static bool IsGzip(ReadOnlySequence<byte> head)
    {
        Span<byte> mark = stackalloc byte[2];
        head.CopyTo(mark);
        return mark is [0x1F, 0x8B];
    }

    static async Task<byte[]> CopyAsync(Stream input, FileStream file, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await input.ReadAsync(buffer, ct)) > 0)
        {
            if (file.Position + read > UnpackedBytesMax)
                throw new ApiRefusal(StatusCodes.Status413PayloadTooLarge,
                    $"The body unpacks to more than {UnpackedBytesMax >> 20} MB.");
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        await file.FlushAsync(ct);
        file.Position = 0;
        return hash.GetHashAndReset();
    }
}
