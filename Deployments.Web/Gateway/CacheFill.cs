using System.Buffers;
using System.Security.Cryptography;

namespace Deployments.Web.Gateway;

/// <summary>
/// One package file on its way from an upstream into the cache. Every client that asks for it meanwhile reads what has
/// arrived, so that the upstream sends it once; the fetching goes on when they leave.
/// </summary>
/// <param name="file">What is written to.</param>
/// <param name="response">The upstream's answer, its body still to come.</param>
/// <param name="headers">What of its headers belongs to the file.</param>
sealed class CacheFill(FileStream file, HttpResponseMessage response, IReadOnlyDictionary<string, string> headers)
{
    const int FetchBytes = 1 << 16;
    const int SendBytes = 1 << 14; // a thousand clients may read at once

    readonly TaskCompletionSource end = NewSignal();
    long arrived;
    volatile TaskCompletionSource moved = NewSignal();

    /// <summary>The upstream's headers that belong to the file.</summary>
    public IReadOnlyDictionary<string, string> Headers => headers;

    /// <summary>The size announced, in bytes; null when it is known only at the end.</summary>
    public long? Length { get; } = response.Content.Headers.ContentLength;

    /// <summary>Fetches to the end, then puts the file into the cache.</summary>
    /// <param name="cache">Where it belongs.</param>
    /// <param name="key">Its key there.</param>
    /// <param name="silenceMax">How long the upstream may send nothing.</param>
    /// <returns>Why it came to no good end, which its readers learn too; null when it did.</returns>
    public async Task<Exception?> RunAsync(ConnectorCache cache, string key, TimeSpan silenceMax)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FetchBytes);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            using (response)
            {
                await using var body = await response.Content.ReadAsStreamAsync();
                while (true)
                {
                    using var silence = new CancellationTokenSource(silenceMax);
                    var read = await body.ReadAsync(buffer, silence.Token);
                    if (read == 0)
                        break;
                    if (!cache.MayHold(arrived + read))
                        throw new HttpRequestException("The file is larger than the whole cache");
                    hash.AppendData(buffer, 0, read);
                    await file.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None);
                    Volatile.Write(ref arrived, arrived + read);
                    Interlocked.Exchange(ref moved, NewSignal()).SetResult();
                }
            }

            if (Length is { } announced && announced != arrived)
                throw new HttpRequestException($"The upstream sent {arrived} of {announced} bytes");
            cache.Keep(key, file, new CachedDescription(Convert.ToHexStringLower(hash.GetHashAndReset()), headers));
            end.SetResult();
            return null;
        }
        catch (Exception exception)
        {
            ConnectorCache.Abandon(file);
            end.SetException(exception as HttpRequestException
                ?? new HttpRequestException(exception.Message, exception));
            return exception;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            moved.TrySetResult();
        }
    }

    /// <summary>The file as it is, for one client; taken before the file may be removed.</summary>
    public FileStream OpenReader() => new(file.Name, new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.ReadWrite | FileShare.Delete,
        Options = FileOptions.Asynchronous,
        BufferSize = 0,
    });

    /// <summary>The first bytes, as soon as they are here; fewer where the file has no more.</summary>
    public async Task<ReadOnlyMemory<byte>> HeadAsync(FileStream reader, int length, CancellationToken ct)
    {
        while (true)
        {
            var signal = moved;
            if (end.Task.IsCompleted || Volatile.Read(ref arrived) >= length)
                break;
            await signal.Task.WaitAsync(ct);
        }

        var bytes = new byte[Math.Min(length, Volatile.Read(ref arrived))];
        var read = await RandomAccess.ReadAsync(reader.SafeFileHandle, bytes, fileOffset: 0, ct);
        return bytes.AsMemory(0, read);
    }

    /// <summary>Sends a client what has arrived and what arrives.</summary>
    /// <exception cref="HttpRequestException">The upstream broke off.</exception>
    public async Task CopyAsync(FileStream reader, Stream body, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(SendBytes);
        try
        {
            var sent = 0L;
            while (true)
            {
                // In this order: what arrives after the look is announced by this signal or a later one.
                var signal = moved;
                var isEnded = end.Task.IsCompleted;
                while (sent < Volatile.Read(ref arrived))
                {
                    var read = await reader.ReadAsync(buffer, ct);
                    await body.WriteAsync(buffer.AsMemory(0, read), ct);
                    sent += read;
                }

                if (isEnded)
                {
                    await end.Task;
                    return;
                }

                await signal.Task.WaitAsync(ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
