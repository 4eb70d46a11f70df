using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Deployments.Web.Gateway;

/// <summary>
/// An answer on its way into the <see cref="MetadataCache"/>. A disk that does not take it ends the draft, never the
/// answer that is being passed on. Used by one request.
/// </summary>
/// <param name="cache">Where it belongs.</param>
/// <param name="key">Its key there.</param>
/// <param name="head">What belongs to it beside the body, in bytes.</param>
/// <param name="file">An empty file in the cache's workroom; closed and moved, or removed.</param>
sealed class AnswerDraft(MetadataCache cache, string key, byte[] head, FileStream file) : IDisposable
{
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    bool isOver;

    /// <summary>Adds to the body.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> part)
    {
        if (isOver)
            return;
        try
        {
            if (!cache.MayHold(file.Position + part.Length))
            {
                Dispose();
                return;
            }

            hash.AppendData(part.Span);
            await file.WriteAsync(part, CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            cache.TellFailure(exception);
            Dispose();
        }
    }

    /// <summary>The body has come to its end: keeps the answer.</summary>
    public async ValueTask CompleteAsync()
    {
        if (isOver)
            return;
        try
        {
            hash.AppendData(head);
            var trailer = new byte[SHA256.HashSizeInBytes + sizeof(int)];
            hash.TryGetHashAndReset(trailer, out _);
            BinaryPrimitives.WriteInt32LittleEndian(trailer.AsSpan(SHA256.HashSizeInBytes), head.Length);
            await file.WriteAsync((byte[])[.. head, .. trailer], CancellationToken.None);
            var length = file.Length;
            await file.DisposeAsync();
            cache.Place(key, file.Name, length);
            isOver = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            cache.TellFailure(exception);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Ends the draft; what did not come to its end is removed.</summary>
    public void Dispose()
    {
        hash.Dispose();
        if (isOver)
            return;
        isOver = true;
        file.Dispose();
        MetadataCache.TryDelete(file.Name);
    }
}
