using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Deployments.Web.Settings;

namespace Deployments.Web.Gateway;

/// <summary>
/// Answers of upstreams that may change - indexes, lists of versions, tags - as they came, kept on this node's disk.
/// One file each, whole or not at all: the body, then the headers, then a SHA-256 over both, which is checked before
/// the first use after each start. When they outgrow their share of the cache, the least recently used go.
/// </summary>
/// <remarks>Nothing is synced to the disk: what a power cut spoils its hash tells and fetched again.</remarks>
sealed class MetadataCache
{
    /// <summary>The part of the cache's limit that answers may take: one tenth.</summary>
    const int Share = 10;

    /// <summary>No answer may take more than a quarter of that, or it would drive out all others.</summary>
    const int AnswersMin = 4;

    /// <summary>How many answers are kept at most: small ones take room too, on the disk and in memory.</summary>
    const int EntriesMax = 200_000;

    const int HeadBytesMax = 1 << 20;
    const int TrailerBytes = SHA256.HashSizeInBytes + sizeof(int);

    static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(10);

    readonly long bytesMax;
    readonly string directory;
    readonly string unfinished;
    readonly TimeProvider time;
    readonly ILogger<MetadataCache> logger;
    readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    readonly Lock changing = new();
    long bytes;

    public MetadataCache(DeploymentsSettings settings, TimeProvider time, ILogger<MetadataCache> logger)
    {
        this.time = time;
        this.logger = logger;
        bytesMax = settings.ConnectorCacheBytesMax / Share;
        directory = Path.Combine(settings.DataDirectory!, "cache-metadata");
        unfinished = Path.Combine(directory, "unfinished");
        if (bytesMax == 0)
            return;
        Directory.CreateDirectory(unfinished);
        foreach (var file in Directory.EnumerateFiles(unfinished))
            TryDelete(file);
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            entries[file.Name] = new Entry(file.Length, file.LastWriteTimeUtc, isVerified: false);
            bytes += file.Length;
        }
    }

    /// <summary>Whether anything is kept at all.</summary>
    public bool IsOn => bytesMax > 0;

    /// <summary>Whether an answer of so many bytes may be kept.</summary>
    public bool MayHold(long length) => length <= bytesMax / AnswersMin;

    /// <summary>
    /// The answer, open: it stays readable when it is replaced or removed meanwhile. Null when it is not there or no
    /// longer what was put there.
    /// </summary>
    public async ValueTask<KeptAnswer?> OpenOrNullAsync(string key, CancellationToken ct)
    {
        if (!entries.TryGetValue(key, out var entry))
            return null;
        var path = PathOf(key);
        FileStream? file = null;
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                Options = FileOptions.Asynchronous,
                BufferSize = 0,
            });
            var answer = await ReadAsync(file, entry.IsVerified, ct);
            entry.IsVerified = true;
            Touch(entry, path);
            return answer;
        }
        catch (Exception exception)
        {
            if (file is not null)
                await file.DisposeAsync();
            if (exception is not (IOException or UnauthorizedAccessException or JsonException or InvalidDataException))
                throw;
            logger.LogWarning("The kept answer {Path} is dropped: {Reason}", path, exception.Message);
            Remove(key);
            return null;
        }
    }

    /// <summary>Begins to keep an answer; null when the disk does not take it, or its headers are too many.</summary>
    /// <param name="key">From <see cref="ConnectorCache.Key"/>.</param>
    /// <param name="head">What belongs to the answer beside its body.</param>
    public AnswerDraft? BeginOrNull(string key, AnswerHead head)
    {
        var headBytes = JsonSerializer.SerializeToUtf8Bytes(head);
        if (headBytes.Length > HeadBytesMax)
            return null;
        try
        {
            return new AnswerDraft(this, key, headBytes, new FileStream(
                Path.Combine(unfinished, Guid.NewGuid().ToString("n")), new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    Share = FileShare.Read | FileShare.Delete,
                    Options = FileOptions.Asynchronous,
                    BufferSize = 0,
                }));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TellFailure(exception);
            return null;
        }
    }

    /// <summary>Forgets an answer, if it was kept.</summary>
    public void Remove(string key)
    {
        lock (changing)
        {
            if (!entries.TryRemove(key, out var entry))
                return;
            bytes -= entry.Length;
            TryDelete(PathOf(key));
        }
    }

    /// <summary>Says that nothing can be kept now.</summary>
    public void TellFailure(Exception exception) =>
        logger.LogWarning("Nothing can be kept: {Reason}", exception.Message);

    /// <summary>Puts a finished file in its place.</summary>
    /// <exception cref="IOException">It cannot be moved there.</exception>
    public void Place(string key, string path, long length)
    {
        lock (changing)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(key))!);
            File.Move(path, PathOf(key), overwrite: true);
            bytes += length - (entries.TryGetValue(key, out var before) ? before.Length : 0);
            entries[key] = new Entry(length, time.GetUtcNow(), isVerified: true);
            if (bytes <= bytesMax && entries.Count <= EntriesMax)
                return;
            // A tenth more than needed goes, so that not every new answer evicts one.
            foreach (var (old, _) in entries.OrderBy(pair => pair.Value.UsedAt).ToList())
            {
                if (bytes <= bytesMax / 10 * 9 && entries.Count <= EntriesMax / 10 * 9)
                    return;
                Remove(old);
            }
        }
    }

    /// <summary>Removes a file if it is there.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Open elsewhere (Windows): found again at the next start.
        }
    }

    static async Task<KeptAnswer> ReadAsync(FileStream file, bool isVerified, CancellationToken ct)
    {
        var length = file.Length;
        var trailer = new byte[TrailerBytes];
        if (length < TrailerBytes
            || await RandomAccess.ReadAsync(file.SafeFileHandle, trailer, length - TrailerBytes, ct) < TrailerBytes)
            throw new InvalidDataException("it is cut off");
        var headLength = BinaryPrimitives.ReadInt32LittleEndian(trailer.AsSpan(SHA256.HashSizeInBytes));
        var bodyLength = length - TrailerBytes - headLength;
        if (headLength is <= 0 or > HeadBytesMax || bodyLength < 0)
            throw new InvalidDataException("it has no headers");
        if (!isVerified)
        {
            var hash = await SHA256.HashDataAsync(new BoundedStream(file, length - TrailerBytes), ct);
            if (!hash.AsSpan().SequenceEqual(trailer.AsSpan(0, SHA256.HashSizeInBytes)))
                throw new InvalidDataException("its content is not what was fetched");
            file.Position = 0;
        }

        var head = new byte[headLength];
        if (await RandomAccess.ReadAsync(file.SafeFileHandle, head, bodyLength, ct) < headLength)
            throw new InvalidDataException("it is cut off");
        return new KeptAnswer(JsonSerializer.Deserialize<AnswerHead>(head)
            ?? throw new InvalidDataException("it has no headers"), new BoundedStream(file, bodyLength), bodyLength);
    }

    // Reading a file touches nothing, so the order of use survives a restart as the files' times.
    void Touch(Entry entry, string path)
    {
        var now = time.GetUtcNow();
        if (now - entry.UsedAt > TouchInterval)
            File.SetLastWriteTimeUtc(path, now.UtcDateTime);
        entry.UsedAt = now;
    }

    string PathOf(string key) => Path.Combine(directory, key[..2], key);

    sealed class Entry(long length, DateTimeOffset usedAt, bool isVerified)
    {
        public long Length => length;

        public DateTimeOffset UsedAt { get; set; } = usedAt;

        public bool IsVerified { get; set; } = isVerified;
    }
}

/// <summary>What belongs to an answer beside its body.</summary>
/// <param name="Status">200, 204, 404 or 410.</param>
/// <param name="Headers">Its headers but for those of the connection.</param>
/// <param name="Length">What <c>Content-Length</c> said, in bytes; a HEAD has no body to tell. Else null.</param>
sealed record AnswerHead(int Status, IReadOnlyList<AnswerHeader> Headers, long? Length);

/// <summary>One line of an answer's headers.</summary>
sealed record AnswerHeader(string Name, string Value);

/// <summary>An answer that is kept, open for reading.</summary>
/// <param name="Head">What belongs to it.</param>
/// <param name="Body">Its body as the upstream sent it, compressed where it was.</param>
/// <param name="Length">The body's length in bytes.</param>
sealed record KeptAnswer(AnswerHead Head, Stream Body, long Length) : IDisposable
{
    /// <summary>The first value of a header; null when there is none.</summary>
    public string? HeaderOrNull(string name) =>
        Head.Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Value;

    /// <inheritdoc/>
    public void Dispose() => Body.Dispose();
}
