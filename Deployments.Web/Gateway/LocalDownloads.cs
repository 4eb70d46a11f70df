using Deployments.Web.Feeds;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Net.Http.Headers;

namespace Deployments.Web.Gateway;

/// <summary>
/// Which stored file a download led to, so that the next one asks the file system for nothing but whether that file is
/// still the same; small files with their bytes. Only for downloads that name their version.
/// <para>
/// Nothing has to tell this class of a change: what is remembered holds as long as the file has the length and the
/// time of last change that it had. So a package that any node replaced or deleted is right at the next request.
/// </para>
/// </summary>
sealed class LocalDownloads : IDisposable
{
    const long BytesMax = 64 << 20; // on this node
    const int ContentBytesMax = 64 << 10; // of a file that is kept with its bytes
    const int EntryBytes = 1 << 10; // what else an entry takes, generously

    readonly MemoryCache kept = new(new MemoryCacheOptions { SizeLimit = BytesMax });

    /// <summary>How many downloads are remembered.</summary>
    public int Count => kept.Count;

    /// <summary>
    /// What a feed's own files say to a request, with what is remembered of the file; null for nothing.
    /// </summary>
    /// <param name="served">The feed.</param>
    /// <param name="request">The request.</param>
    /// <param name="isDownload">Whether it is for the file of a package.</param>
    /// <param name="ct">Gives up.</param>
    public async ValueTask<(LocalAnswer Answer, Known? Known)?> AnswerAsync(
        ServedFeed served, FeedRequest request, bool isDownload, CancellationToken ct)
    {
        if (isDownload && FindOrNull(served, request) is { } known)
            return (known.File, known);
        if (await served.Type.AnswerAsync(request, served.Tree, ct) is not { } answer)
            return null;
        if (isDownload && answer is LocalAnswer.File file)
            Keep(served, request, file);
        return (answer, null);
    }

    /// <inheritdoc/>
    public void Dispose() => kept.Dispose();

    // Null: not known, or not true any more.
    Known? FindOrNull(ServedFeed served, FeedRequest request)
    {
        var key = KeyOf(served, request);
        if (!kept.TryGetValue(key, out Known? known))
            return null;
        if (Stamp.OrNull(known!.File.Path) == known.Stamp)
            return known;
        kept.Remove(key);
        return null;
    }

    // Only where the same request will always ask for this file.
    void Keep(ServedFeed served, FeedRequest request, LocalAnswer.File file)
    {
        // A registry's manifest is read anew for what it names; the types that change their files say so.
        if (served.Type.HasRegistryTokens || served.Type.TryReadDownload(request) is not { Version.Length: > 0 } named
            || !served.Type.IsImmutable(request, named) || Stamp.OrNull(file.Path) is not { } stamp)
            return;
        var content = stamp.Length <= ContentBytesMax ? ReadOrNull(file.Path, stamp) : null;
        kept.Set(KeyOf(served, request), new Known(file, stamp, content), new MemoryCacheEntryOptions
        {
            Size = EntryBytes + (content?.Length ?? 0),
        });
    }

    static byte[]? ReadOrNull(string path, Stamp stamp)
    {
        try
        {
            var content = File.ReadAllBytes(path);
            return content.Length == stamp.Length && Stamp.OrNull(path) == stamp ? content : null;
        }
        catch (IOException)
        {
            return null; // it was removed or replaced this moment
        }
    }

    static (int Feed, string Path, string Query) KeyOf(ServedFeed served, FeedRequest request) =>
        (served.Feed.FeedId, request.RawPath, request.RawQuery);

    /// <summary>A download's file.</summary>
    /// <param name="File">What the feed's type answered.</param>
    /// <param name="Stamp">What the file was like then.</param>
    /// <param name="Content">Its bytes; null for a large one.</param>
    internal sealed record Known(LocalAnswer.File File, Stamp Stamp, byte[]? Content)
    {
        /// <summary>The value of <c>ETag</c>.</summary>
        public string Tag { get; } = Stamp.Tag.ToString();

        /// <summary>The value of <c>Last-Modified</c>.</summary>
        public string LastModified { get; } = HeaderUtilities.FormatDate(Stamp.Modified);
    }
}

/// <summary>By what a file is told from the one that took its name.</summary>
/// <param name="Modified">When it was last changed, in ticks of 100 ns.</param>
/// <param name="Length">Bytes.</param>
readonly record struct Stamp(DateTimeOffset Modified, long Length)
{
    /// <summary>The file's entity tag (RFC 9110, section 8.8.3).</summary>
    public EntityTagHeaderValue Tag => new($"\"{Modified.UtcTicks:x}-{Length:x}\"");

    /// <summary>The file that has this name now; null when none has.</summary>
    public static Stamp? OrNull(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new Stamp(file.LastWriteTimeUtc, file.Length) : null;
    }
}
