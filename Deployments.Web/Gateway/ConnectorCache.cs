using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Deployments.Web.Settings;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Net.Http.Headers;

namespace Deployments.Web.Gateway;

/// <summary>
/// Package files that connectors have fetched, kept on this node's disk. A file is there whole or not at all: it is
/// written beside, synced, described, and renamed last. Its SHA-256 is checked before its first use after each start.
/// When the files outgrow the limit, the least recently used go. Small ones are held in memory beside.
/// </summary>
sealed class ConnectorCache : IDisposable
{
    /// <summary>The largest file that is held in memory too, in bytes.</summary>
    const int SmallBytesMax = 64 << 10;

    /// <summary>How many bytes of small files are held in memory.</summary>
    const int MemoryBytesMax = 64 << 20;

    const string DescriptionSuffix = ".json";

    readonly long bytesMax;
    readonly string directory;
    readonly string unfinished;
    readonly TimeProvider time;
    readonly ILogger<ConnectorCache> logger;
    readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    readonly Lock evicting = new();
    readonly MemoryCache small = new(new MemoryCacheOptions { SizeLimit = MemoryBytesMax });
    long bytes;

    public ConnectorCache(DeploymentsSettings settings, TimeProvider time, ILogger<ConnectorCache> logger)
    {
        this.time = time;
        this.logger = logger;
        bytesMax = settings.ConnectorCacheBytesMax;
        directory = Path.Combine(settings.DataDirectory!, "cache");
        unfinished = Path.Combine(directory, "unfinished");
        if (bytesMax == 0)
            return;
        Directory.CreateDirectory(unfinished);
        foreach (var file in Directory.EnumerateFiles(unfinished))
            TryDelete(file);
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (file.Extension == DescriptionSuffix)
                continue;
            // Reading a file touches nothing, so the order of use survives a restart as the times of descriptions.
            entries[file.Name] = new Entry(file.Length, File.GetLastWriteTimeUtc(file.FullName + DescriptionSuffix));
            bytes += file.Length;
        }
    }

    /// <summary>Whether anything is kept at all.</summary>
    public bool IsOn => bytesMax > 0;

    /// <summary>How many bytes the kept files have together.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>How many bytes they may have; 0: none are kept.</summary>
    public long BytesMax => bytesMax;

    /// <summary>Whether a file of so many bytes has room at all.</summary>
    public bool MayHold(long length) => length <= bytesMax;

    /// <summary>The name of what a connector answers at an address: nobody can choose or guess another's.</summary>
    public static string Key(int connectorId, string address) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{connectorId}\n{address}")));

    /// <summary>The file, or null when it is not there or no longer what was put there.</summary>
    public async ValueTask<CachedFile?> FindOrNullAsync(string key, CancellationToken ct)
    {
        if (!entries.TryGetValue(key, out var entry))
            return null;
        var path = PathOf(key);
        byte[]? content;
        try
        {
            entry.Description ??= await VerifyAsync(path, ct);
            content = entry.Length <= SmallBytesMax ? await ContentAsync(entry, path, ct) : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException or InvalidDataException)
        {
            logger.LogWarning("The cached file {Path} is dropped: {Reason}", path, exception.Message);
            Remove(key);
            return null;
        }

        var now = time.GetUtcNow();
        if (now - entry.UsedAt > TimeSpan.FromMinutes(10))
            TryTouch(path + DescriptionSuffix, now);
        entry.UsedAt = now;
        return new CachedFile(path, entry.Description, content);
    }

    /// <summary>A new file to write to, outside of what is served.</summary>
    public FileStream Begin() => new(Path.Combine(unfinished, Guid.NewGuid().ToString("n")), new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.Read | FileShare.Delete,
        Options = FileOptions.Asynchronous,
        BufferSize = 0,
    });

    /// <summary>Keeps a finished file under its key; from here on it is served.</summary>
    /// <param name="key">From <see cref="Key"/>.</param>
    /// <param name="file">From <see cref="Begin"/>, written to its end. It is closed.</param>
    /// <param name="description">What to answer with.</param>
    public void Keep(string key, FileStream file, CachedDescription description)
    {
        var length = file.Length;
        file.Flush(flushToDisk: true);
        file.Dispose();
        var path = PathOf(key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path + DescriptionSuffix, JsonSerializer.SerializeToUtf8Bytes(description));
        File.Move(file.Name, path, overwrite: true);
        var entry = new Entry(length, time.GetUtcNow()) { Description = description };
        Interlocked.Add(ref bytes, length - (entries.TryGetValue(key, out var before) ? before.Length : 0));
        entries[key] = entry;
        if (Interlocked.Read(ref bytes) > bytesMax)
            Evict();
    }

    /// <summary>Forgets a file that did not come to its end.</summary>
    public static void Abandon(FileStream file)
    {
        file.Dispose();
        TryDelete(file.Name);
    }

    /// <inheritdoc/>
    public void Dispose() => small.Dispose();

    // By entry, so that what took a file's place is never mistaken for it.
    async ValueTask<byte[]> ContentAsync(Entry entry, string path, CancellationToken ct)
    {
        if (small.TryGetValue(entry, out byte[]? content))
            return content!;
        content = await File.ReadAllBytesAsync(path, ct);
        if (Convert.ToHexStringLower(SHA256.HashData(content)) != entry.Description!.Sha256)
            throw new InvalidDataException("its content is not what was fetched");
        using var kept = small.CreateEntry(entry);
        kept.Size = content.Length;
        kept.Value = content;
        return content;
    }

    // A tenth more than needed goes, so that not every new file evicts one.
    void Evict()
    {
        lock (evicting)
        {
            foreach (var (key, _) in entries.OrderBy(pair => pair.Value.UsedAt).ToList())
            {
                if (Interlocked.Read(ref bytes) <= bytesMax / 10 * 9)
                    return;
                Remove(key);
            }
        }
    }

    void Remove(string key)
    {
        if (!entries.TryRemove(key, out var entry))
            return;
        small.Remove(entry);
        Interlocked.Add(ref bytes, -entry.Length);
        // Who is reading it goes on reading; the name is gone.
        TryDelete(PathOf(key));
        TryDelete(PathOf(key) + DescriptionSuffix);
    }

    string PathOf(string key) => Path.Combine(directory, key[..2], key);

    static async Task<CachedDescription> VerifyAsync(string path, CancellationToken ct)
    {
        var description = JsonSerializer.Deserialize<CachedDescription>(
            await File.ReadAllBytesAsync(path + DescriptionSuffix, ct)) ?? throw new InvalidDataException("no facts");
        await using var file = File.OpenRead(path);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct));
        return hash == description.Sha256
            ? description
            : throw new InvalidDataException("its content is not what was fetched");
    }

    static void TryDelete(string path)
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

    [SuppressMessage("Design", "CA1031", Justification = "The order of eviction is worth no failed download.")]
    static void TryTouch(string path, DateTimeOffset now)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, now.UtcDateTime);
        }
        catch
        {
            // Removed meanwhile.
        }
    }

    sealed class Entry(long length, DateTimeOffset usedAt)
    {
        public long Length => length;

        public DateTimeOffset UsedAt { get; set; } = usedAt;

        /// <summary>Null until the content has been checked.</summary>
        public CachedDescription? Description { get; set; }
    }
}

/// <summary>A file that a connector fetched before.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Description">What to answer with.</param>
/// <param name="Content">All of it, where it is small; else null.</param>
sealed record CachedFile(string Path, CachedDescription Description, byte[]? Content);

/// <summary>What is known of a fetched file beside its content.</summary>
/// <param name="Sha256">Of its content, in lower-case hexadecimal.</param>
/// <param name="Headers">The upstream's headers that belong to the file, such as its media type and tag.</param>
sealed record CachedDescription(string Sha256, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Its tag: the upstream's where it has one.</summary>
    [JsonIgnore]
    public EntityTagHeaderValue Tag => field ??=
        EntityTagHeaderValue.TryParse(Headers.GetValueOrDefault("ETag"), out var given)
            ? given
            : new EntityTagHeaderValue($"\"{Sha256}\"");

    /// <summary>When it was changed upstream; null when that is not known.</summary>
    [JsonIgnore]
    public DateTimeOffset? Modified =>
        HeaderUtilities.TryParseDate(Headers.GetValueOrDefault("Last-Modified"), out var date) ? date : null;
}
