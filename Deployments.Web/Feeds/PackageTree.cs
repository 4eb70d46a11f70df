using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Deployments.Web.Feeds;

/// <summary>
/// The files of one feed's local store: a plain directory tree. Names are decoded segments; what a file system would
/// take amiss is escaped, so that no name leaves the tree. Files appear whole or not at all (written beside, flushed,
/// renamed).
/// </summary>
/// <param name="root">The feed's directory; made when the first file is saved.</param>
/// <param name="time">The clock that stamps uploads.</param>
public sealed class PackageTree(string root, TimeProvider time)
{
    const string InfoSuffix = ".info.json";
    const int TurnAttemptsMax = 2_000; // ten seconds; a turn takes less than a millisecond
    const int SegmentLengthMax = 240; // file systems stop at 255 bytes; room for the suffix
    const int NameLengthMax = 2_000; // of all segments; Linux stops at 4,096 bytes for the whole path

    static readonly TimeSpan TurnPause = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Where the parts of unfinished uploads are kept: beside the files, out of reach of their names.
    /// </summary>
    public PackageTree Unfinished => new(Path.Combine(root, ".uploads"), time);

    /// <summary>The time, for indexes that say when they were made.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The absolute path of a stored file, or null when there is none by that name.</summary>
    public string? Find(params string[] segments) =>
        TryPathOf(segments) is { } path && File.Exists(path) ? path : null;

    /// <summary>The names of the directories in a directory, in ordinal order; empty when it is not there.</summary>
    public IReadOnlyList<string> Directories(params string[] segments) =>
        Names(segments, Directory.EnumerateDirectories);

    /// <summary>
    /// The names of the files in a directory, in ordinal order, without those this class keeps for itself.
    /// </summary>
    public IReadOnlyList<string> Files(params string[] segments) =>
        [.. Names(segments, Directory.EnumerateFiles)
            .Where(name => !name.EndsWith(InfoSuffix, StringComparison.Ordinal))];

    /// <summary>Size, hashes and origin of a stored file, or null when it is not there.</summary>
    public async ValueTask<StoredFile?> InfoAsync(CancellationToken ct, params string[] segments)
    {
        if (Find(segments) is not { } path)
            return null;
        if (File.Exists(path + InfoSuffix))
        {
            // It tells of another file when one replaced this by hand, or two replacements crossed.
            await using var info = File.OpenRead(path + InfoSuffix);
            var stored = await JsonSerializer.DeserializeAsync<StoredFile>(info, cancellationToken: ct);
            if (stored is not null && stored.Size == new FileInfo(path).Length
                && stored.UploadedAt.UtcDateTime == File.GetLastWriteTimeUtc(path))
                return stored;
        }

        // Dropped in by hand: hashed on demand.
        await using var file = File.OpenRead(path);
        return await StoredFile.HashAsync(file, Stream.Null, File.GetLastWriteTimeUtc(path), "", ct);
    }

    /// <summary>
    /// A text made of a stored file, such as its part of an index: kept beside it, out of reach of names, and made anew
    /// when another file takes its name.
    /// </summary>
    /// <param name="make">Makes it of the file and what is known of it; empty where the file is no package.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="segments">The file's name in the tree.</param>
    /// <returns>The text; empty when the file is not there.</returns>
    public async ValueTask<string> MadeOfAsync(
        Func<Stream, StoredFile, ValueTask<string>> make, CancellationToken ct, params string[] segments)
    {
        if (Find(segments) is not { } path)
            return "";
        var changedAt = File.GetLastWriteTimeUtc(path);
        var kept = MadeOf(path);
        if (File.Exists(kept) && File.GetLastWriteTimeUtc(kept) == changedAt)
            return await File.ReadAllTextAsync(kept, ct);
        if (await InfoAsync(ct, segments) is not { } info)
            return "";
        string text;
        await using (var content = File.OpenRead(path))
            text = await make(content, info);
        try
        {
            var temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{Guid.NewGuid():N}.tmp");
            await File.WriteAllTextAsync(temporary, text, ct);
            File.SetLastWriteTimeUtc(temporary, changedAt);
            File.Move(temporary, kept, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A tree that is only read; then it is made each time.
        }

        return text;
    }

    static string MadeOf(string path) => Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.made");

    /// <summary>
    /// Whether a file can have this name: the segments are names, none on the way is a file, and the last is no
    /// directory.
    /// </summary>
    public bool CanStore(params string[] segments)
    {
        if (TryPathOf(segments) is not { } path || Directory.Exists(path))
            return false;
        for (var length = 1; length < segments.Length; length++)
        {
            if (Find(segments[..length]) is not null)
                return false;
        }

        return true;
    }

    /// <summary>
    /// Copies an upload to a nameless file, so that it can be read before it is known what it is. The file goes when
    /// the stream is disposed.
    /// </summary>
    /// <exception cref="InvalidDataException">The body ended early or is malformed.</exception>
    public async ValueTask<FileStream> SpoolAsync(Stream content, CancellationToken ct)
    {
        var file = OpenTemporary();
        try
        {
            var buffer = new byte[1 << 16];
            int read;
            while ((read = await ReadBodyAsync(content, buffer, ct)) > 0)
                await file.WriteAsync(buffer.AsMemory(0, read), ct);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>A nameless file for work in progress; it goes when the stream is disposed.</summary>
    public FileStream OpenTemporary()
    {
        var directory = Path.Combine(root, ".tmp");
        Directory.CreateDirectory(directory);
        return new FileStream(
            Path.Combine(directory, $"{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None,
            1 << 16, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
    }

    /// <summary>
    /// Stores a file. When it returns, the file is on disk (flushed) under its name.
    /// </summary>
    /// <param name="content">The bytes; read to the end, not disposed.</param>
    /// <param name="userName">Who uploads.</param>
    /// <param name="replace">Whether a file by that name may be replaced.</param>
    /// <param name="ct">Cancels before the file appears; nothing is left behind.</param>
    /// <param name="segments">The file's name in the tree.</param>
    /// <returns>What was stored, or null when a file by that name exists and may not be replaced.</returns>
    /// <exception cref="ArgumentException">A segment cannot be a file name.</exception>
    public async ValueTask<StoredFile?> SaveAsync(
        Stream content, string userName, bool replace, CancellationToken ct, params string[] segments)
    {
        var path = TryPathOf(segments) ?? throw new ArgumentException("Not a name for a file.", nameof(segments));
        if (!replace && File.Exists(path))
            return null;

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{Guid.NewGuid():N}.tmp");
        try
        {
            StoredFile stored;
            await using (var file = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                stored = await StoredFile.HashAsync(content, file, time.GetUtcNow(), userName, ct);
                file.Flush(flushToDisk: true);
            }

            // Ties the information to these bytes: see InfoAsync.
            File.SetLastWriteTimeUtc(temporary, stored.UploadedAt.UtcDateTime);

            // The information first: a package file without it is complete, information without a file is invisible.
            await File.WriteAllBytesAsync(temporary + ".info", JsonSerializer.SerializeToUtf8Bytes(stored), ct);
            if (!await TryMoveAsync(temporary, path, replace, ct))
                return null;
            File.Move(temporary + ".info", path + InfoSuffix, overwrite: true);
            return stored;
        }
        finally
        {
            File.Delete(temporary);
            File.Delete(temporary + ".info");
        }
    }

    /// <summary>Removes a file, or a directory with all below it. False when there was none.</summary>
    public bool Delete(params string[] segments)
    {
        if (TryPathOf(segments) is not { } path)
            return false;
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
            return true;
        }

        if (!File.Exists(path))
            return false; // and perhaps no directory either
        File.Delete(path);
        File.Delete(path + InfoSuffix);
        File.Delete(MadeOf(path));
        return true;
    }

    static async ValueTask<int> ReadBodyAsync(Stream content, byte[] buffer, CancellationToken ct)
    {
        try
        {
            return await content.ReadAsync(buffer, ct);
        }
        catch (IOException e)
        {
            throw new InvalidDataException("The upload ended early.", e); // the client's fault, unlike a full disk
        }
    }

    /// <summary>Removes the directories at the root in which nothing was added for a while.</summary>
    public void DeleteAbandoned(TimeSpan age)
    {
        var before = time.GetUtcNow() - age;
        foreach (var name in Directories())
        {
            if (TryPathOf([name]) is { } path && Directory.GetLastWriteTimeUtc(path) < before.UtcDateTime)
                Delete(name);
        }
    }

    // File.Move looks whether the name is free and then renames: two uploads could both find it free.
    static async ValueTask<bool> TryMoveAsync(string temporary, string path, bool replace, CancellationToken ct)
    {
        await using var turn = replace ? null : await TakeTurnAsync(Path.GetDirectoryName(path)!, ct);
        if (!replace && File.Exists(path))
            return false; // another upload of the same name was quicker
        File.Move(temporary, path, replace);
        return true;
    }

    /// <summary>
    /// The directory's turn, held until disposed; the operating system gives it back when a process dies.
    /// </summary>
    static async ValueTask<FileStream> TakeTurnAsync(string directory, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(
                    Path.Combine(directory, ".turn"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < TurnAttemptsMax)
            {
                await Task.Delay(TurnPause, ct);
            }
        }
    }

    List<string> Names(string[] segments, Func<string, IEnumerable<string>> enumerate)
    {
        var path = segments.Length == 0 ? root : TryPathOf(segments);
        if (path is null || !Directory.Exists(path))
            return [];
        var names = enumerate(path).Select(Path.GetFileName).OfType<string>()
            .Where(name => !name.StartsWith('.')).Select(Unescape).ToList();
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    string? TryPathOf(string[] segments)
    {
        if (segments.Length == 0)
            return null;
        var escaped = segments.Select(Escape).ToArray();
        return escaped.All(segment => segment.Length is > 0 and <= SegmentLengthMax)
            && escaped.Sum(segment => segment.Length + 1) <= NameLengthMax
            ? Path.Combine([root, .. escaped])
            : null;
    }

    // A leading dot hides a file (and covers "." and ".."), Windows drops dots and spaces at the end; the rest is what
    // Windows or POSIX forbids or a shell trips over.
    static string Escape(string segment)
    {
        var escaped = new StringBuilder(segment.Length);
        Span<byte> utf8 = stackalloc byte[4];
        var position = 0;
        foreach (var rune in segment.EnumerateRunes())
        {
            var edge = rune.Value is '.' or ' ' && (position == 0 || position == segment.Length - 1);
            position += rune.Utf16SequenceLength;
            var plain = rune.Value is > 31 and < 127
                && !"%/\\:*?\"<>|".Contains((char)rune.Value, StringComparison.Ordinal);
            if (plain && !edge)
            {
                escaped.Append((char)rune.Value);
                continue;
            }

            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
                escaped.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
        }

        // Nobody may upload what this class says about a file.
        var name = escaped.ToString();
        return name.EndsWith(InfoSuffix, StringComparison.OrdinalIgnoreCase)
            ? $"{name[..^InfoSuffix.Length]}%2E{name[^(InfoSuffix.Length - 1)..]}"
            : name;
    }

    static string Unescape(string name) => PercentEncoding.TryDecode(name) ?? name;
}
