using System.Buffers;
using System.Security.Cryptography;

namespace Deployments.Web.Gateway;

/// <summary>
/// One package file on its way from an upstream into the cache. Every client that asks for it meanwhile reads what has
/// arrived, so that the upstream sends it once; the fetching goes on when they leave. Where the disk takes no more, it
/// goes on through memory, at the pace of the slowest of those who are there already.
/// </summary>
/// <param name="file">What is written to.</param>
/// <param name="response">The upstream's answer, its body still to come.</param>
/// <param name="headers">What of its headers belongs to the file.</param>
sealed class CacheFill(FileStream file, HttpResponseMessage response, IReadOnlyDictionary<string, string> headers)
{
    const int FetchBytes = 1 << 16;
    const int SendBytes = 1 << 14; // a thousand clients may read at once

    readonly TaskCompletionSource end = NewSignal();
    readonly Lock joining = new();
    readonly HashSet<Reader> readers = [];
    long arrived;
    volatile TaskCompletionSource moved = NewSignal();
    volatile TaskCompletionSource taken = NewSignal();

    // From the first part that the disk did not take, each is here until all readers have it.
    long inFile = long.MaxValue;
    ReadOnlyMemory<byte> passing;
    long passingFrom;

    /// <summary>The upstream's headers that belong to the file.</summary>
    public IReadOnlyDictionary<string, string> Headers => headers;

    /// <summary>The size announced, in bytes; null when it is known only at the end.</summary>
    public long? Length { get; } = response.Content.Headers.ContentLength;

    /// <summary>Why the file could not be kept although the upstream sent it; null when it could.</summary>
    public string? DiskFailure { get; private set; }

    bool IsPassing => Volatile.Read(ref inFile) != long.MaxValue;

    /// <summary>Fetches to the end, then puts the file into the cache.</summary>
    /// <param name="cache">Where it belongs.</param>
    /// <param name="key">Its key there.</param>
    /// <param name="silenceMax">How long the upstream may send nothing.</param>
    /// <returns>What the upstream failed with, which its readers learn too; null when it did not.</returns>
    public async Task<Exception?> RunAsync(ConnectorCache cache, string key, TimeSpan silenceMax)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FetchBytes);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            using (response)
            {
                await using var body = await response.Content.ReadAsStreamAsync();
                int read;
                while ((read = await ReadAsync(body, buffer, silenceMax)) > 0)
                {
                    hash.AppendData(buffer, 0, read);
                    if (!IsPassing && await TryWriteAsync(cache, buffer.AsMemory(0, read)))
                        Advance(read);
                    else if (!await TryPassAsync(buffer.AsMemory(0, read)))
                        break; // nobody is there who could have it
                }
            }

            if (!IsPassing && Length is { } announced && announced != arrived)
                throw new HttpRequestException($"The upstream sent {arrived} of {announced} bytes");
            Keep(cache, key, Convert.ToHexStringLower(hash.GetHashAndReset()));
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

    /// <summary>
    /// The file as it is, for one client; taken before the file may be removed. Null when the disk has taken no more
    /// and the beginning is gone.
    /// </summary>
    /// <exception cref="FileNotFoundException">It came to its end, one way or the other.</exception>
    public Reader? JoinOrNull()
    {
        var reader = new Reader(this, new FileStream(file.Name, new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
        }));
        lock (joining)
        {
            if (!IsPassing)
            {
                readers.Add(reader);
                return reader;
            }
        }

        reader.Dispose();
        return null;
    }

    static async ValueTask<int> ReadAsync(Stream body, byte[] buffer, TimeSpan silenceMax)
    {
        using var silence = new CancellationTokenSource(silenceMax);
        return await body.ReadAsync(buffer, silence.Token);
    }

    async ValueTask<bool> TryWriteAsync(ConnectorCache cache, ReadOnlyMemory<byte> part)
    {
        if (!cache.MayHold(arrived + part.Length))
        {
            DiskFailure = "the file is larger than the whole cache";
            return false;
        }

        try
        {
            await file.WriteAsync(part, CancellationToken.None);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            DiskFailure = exception.Message;
            return false;
        }
    }

    void Advance(int length)
    {
        Volatile.Write(ref arrived, arrived + length);
        Interlocked.Exchange(ref moved, NewSignal()).SetResult();
    }

    /// <summary>Hands a part to all readers and waits until they have it; false when there are none.</summary>
    async ValueTask<bool> TryPassAsync(ReadOnlyMemory<byte> part)
    {
        lock (joining)
        {
            passing = part;
            passingFrom = arrived;
            if (!IsPassing)
                Volatile.Write(ref inFile, arrived); // nobody joins from here on
        }

        Advance(part.Length);
        while (true)
        {
            var signal = taken;
            lock (joining)
            {
                if (readers.Count == 0)
                    return false;
                if (readers.All(reader => reader.Sent >= arrived))
                    return true;
            }

            await signal.Task;
        }
    }

    // Who has read it all has nothing to fear from a disk that fails in the end.
    void Keep(ConnectorCache cache, string key, string sha256)
    {
        if (IsPassing)
        {
            ConnectorCache.Abandon(file);
            return;
        }

        try
        {
            cache.Keep(key, file, new CachedDescription(sha256, headers));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            DiskFailure = exception.Message;
            ConnectorCache.Abandon(file);
        }
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>One client's way through the file.</summary>
    public sealed class Reader(CacheFill fill, FileStream content) : IDisposable
    {
        long sent;

        /// <summary>How many bytes the client has.</summary>
        public long Sent => Volatile.Read(ref sent);

        /// <summary>The first bytes, as soon as they are here; fewer where the file or the disk has no more.</summary>
        public async Task<ReadOnlyMemory<byte>> HeadAsync(int length, CancellationToken ct)
        {
            while (true)
            {
                var signal = fill.moved;
                if (fill.end.Task.IsCompleted || fill.IsPassing || Volatile.Read(ref fill.arrived) >= length)
                    break;
                await signal.Task.WaitAsync(ct);
            }

            var available = Math.Min(Volatile.Read(ref fill.inFile), Volatile.Read(ref fill.arrived));
            var bytes = new byte[Math.Min(length, available)];
            var read = await RandomAccess.ReadAsync(content.SafeFileHandle, bytes, fileOffset: 0, ct);
            return bytes.AsMemory(0, read);
        }

        /// <summary>Sends the client what has arrived and what arrives.</summary>
        /// <exception cref="HttpRequestException">The upstream broke off.</exception>
        public async Task CopyAsync(Stream body, CancellationToken ct)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(SendBytes);
            try
            {
                while (true)
                {
                    // In this order: what arrives after the look is announced by this signal or a later one.
                    var signal = fill.moved;
                    var isEnded = fill.end.Task.IsCompleted;
                    while (sent < Volatile.Read(ref fill.arrived))
                        await SendAsync(body, buffer, ct);
                    if (isEnded)
                    {
                        await fill.end.Task;
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

        /// <summary>Leaves: nobody waits for this client any more.</summary>
        public void Dispose()
        {
            lock (fill.joining)
                fill.readers.Remove(this);
            content.Dispose();
            Interlocked.Exchange(ref fill.taken, NewSignal()).SetResult();
        }

        async Task SendAsync(Stream body, byte[] buffer, CancellationToken ct)
        {
            var available = Math.Min(Volatile.Read(ref fill.inFile), Volatile.Read(ref fill.arrived));
            if (sent < available)
            {
                var read = await content.ReadAsync(
                    buffer.AsMemory(0, (int)Math.Min(buffer.Length, available - sent)), ct);
                if (read == 0)
                    throw new HttpRequestException("The file became shorter while it was read");
                await body.WriteAsync(buffer.AsMemory(0, read), ct);
                Volatile.Write(ref sent, sent + read);
                return;
            }

            // The buffer is the fetcher's; it waits until this client has it.
            var part = fill.passing[(int)(sent - fill.passingFrom)..];
            await body.WriteAsync(part, ct);
            Volatile.Write(ref sent, sent + part.Length);
            Interlocked.Exchange(ref fill.taken, NewSignal()).SetResult();
        }
    }
}
