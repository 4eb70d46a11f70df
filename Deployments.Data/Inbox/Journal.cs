using System.Text.Json;
using System.Text.Json.Serialization;

namespace Deployments.Data.Inbox;

/// <summary>
/// The place of last resort on the local disk: entries that the database could not take, one JSON object per line,
/// flushed to the disk before a client is told. Safe from several threads of one process; the data directory belongs to
/// one process.
/// </summary>
/// <param name="directory">Where its files are; made when needed.</param>
public sealed class Journal(string directory)
{
    const string OpenName = "journal.ndjson";
    const string RefusedName = "journal.refused";
    const string SealedPattern = "journal-*.ndjson";
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    readonly Lock gate = new();

    /// <summary>Whether anything waits to be delivered.</summary>
    public bool IsEmpty => !File.Exists(OpenPath) && SealedFiles().Count == 0;

    /// <summary>What waits to be delivered, in bytes.</summary>
    public long WaitingBytes => SealedFiles().Append(OpenPath).Sum(LengthOf);

    /// <summary>What the database has refused and a person should look at, in bytes.</summary>
    public long RefusedBytes => LengthOf(Path.Combine(directory, RefusedName));

    string OpenPath => Path.Combine(directory, OpenName);

    /// <summary>Appends a batch; when it returns, the batch is on the disk.</summary>
    /// <exception cref="IOException">The disk is full or gone; nothing of the batch counts as written.</exception>
    public void Append(IReadOnlyList<InboxEntry> entries)
    {
        using var lines = new MemoryStream();
        foreach (var entry in entries)
        {
            JsonSerializer.Serialize(lines, entry, Json);
            lines.WriteByte((byte)'\n');
        }

        lock (gate)
        {
            Directory.CreateDirectory(directory);
            using var file = new FileStream(OpenPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            var before = file.Seek(0, SeekOrigin.End);
            try
            {
                if (EndsInHalfALine(file))
                    file.WriteByte((byte)'\n'); // a crash left it; this batch must not become part of it
                file.Write(lines.GetBuffer(), 0, (int)lines.Length);
                file.Flush(flushToDisk: true);
            }
            catch (IOException)
            {
                file.SetLength(before); // no half batch in front of the next one
                throw;
            }
        }
    }

    /// <summary>
    /// Sets aside what was appended so far and lists the files to deliver, oldest first. Further entries go to a new
    /// file.
    /// </summary>
    public IReadOnlyList<string> Seal()
    {
        lock (gate)
        {
            if (File.Exists(OpenPath))
            {
                var name = $"journal-{SealedFiles().Count:D6}-{Guid.NewGuid():N}.ndjson";
                File.Move(OpenPath, Path.Combine(directory, name));
            }

            return SealedFiles();
        }
    }

    /// <summary>
    /// The entries of a sealed file, each as JSON text: as an entry of this version, whatever version wrote the line. A
    /// line that a crash cut short was never promised to anyone and is passed over. Read as they are asked for: a file
    /// may have grown through a long outage.
    /// </summary>
    public static IEnumerable<string> Read(string file) =>
        from line in File.ReadLines(file)
        let entry = EntryOrNull(line)
        where entry is not null
        select JsonSerializer.Serialize(entry, Json);

    /// <summary>Forgets a sealed file whose entries are in the database.</summary>
    public static void Remove(string file) => File.Delete(file);

    /// <summary>Keeps a line that the database refuses, for a person to look at.</summary>
    public void SetAside(string line)
    {
        lock (gate)
            File.AppendAllText(Path.Combine(directory, RefusedName), line + "\n");
    }

    // Leaves the position at the end.
    static bool EndsInHalfALine(FileStream file)
    {
        if (file.Length == 0)
            return false;
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() != '\n';
    }

    static InboxEntry? EntryOrNull(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<InboxEntry>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Delivered and removed, perhaps, between the listing and the look.
    static long LengthOf(string file) => new FileInfo(file) is { Exists: true } found ? found.Length : 0;

    List<string> SealedFiles() => Directory.Exists(directory)
        ? [.. Directory.EnumerateFiles(directory, SealedPattern).Order(StringComparer.Ordinal)]
        : [];
}
