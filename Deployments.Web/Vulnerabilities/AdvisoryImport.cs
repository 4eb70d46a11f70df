using System.Buffers;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using Deployments.Data.Vulnerabilities;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// Imports advisories from what people and tools hand over: a JSON object, an array, a line for each, or a zip of
/// files. One that cannot be read never stops the others.
/// </summary>
sealed class AdvisoryImport(OsvReader reader, AdvisoryStore store)
{
    /// <summary>The largest upload, in bytes: the largest ecosystem's zip has some 200 MB.</summary>
    public const long UploadBytesMax = 512L << 20;

    const long UnpackedBytesMax = 8L << 30;
    const int ZipEntriesMax = 1_000_000;
    const int BatchSize = 200;

    /// <summary>Imports everything in a stream.</summary>
    /// <param name="input">Readable and seekable: a zip is read from its end.</param>
    /// <param name="ct">Ends the import; what was stored before stays.</param>
    public async Task<ImportReport> RunAsync(Stream input, CancellationToken ct)
    {
        var report = new ImportReport();
        var batch = new List<NewAdvisory>(BatchSize);
        var documents = await IsZipAsync(input, ct) ? ZipAsync(input, report, ct) : JsonDocuments.ReadAsync(input, ct);
        await foreach (var (name, json) in documents.WithCancellation(ct))
        {
            try
            {
                report.Read++;
                batch.Add(reader.Read(json));
            }
            catch (FormatException refusal)
            {
                report.Reject(name, refusal.Message);
            }

            if (batch.Count == BatchSize)
                await StoreAsync();
        }

        await StoreAsync();
        return report;

        async Task StoreAsync()
        {
            var imported = await store.ImportAsync(batch, ct);
            report.Imported += imported;
            report.Unchanged += batch.Count - imported;
            batch.Clear();
        }
    }

    static async Task<bool> IsZipAsync(Stream input, CancellationToken ct)
    {
        var head = new byte[2];
        var length = await input.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct);
        input.Position = 0;
        return length == 2 && head is [(byte)'P', (byte)'K'];
    }

    static async IAsyncEnumerable<(string Name, ReadOnlyMemory<byte> Json)> ZipAsync(
        Stream input, ImportReport report, [EnumeratorCancellation] CancellationToken ct)
    {
        using var zip = OpenOrNull(input);
        if (zip is null || zip.Entries.Count > ZipEntriesMax)
        {
            report.Reject("", zip is null ? "It is a damaged zip." : $"It has more than {ZipEntriesMax} files.");
            yield break;
        }

        var left = UnpackedBytesMax;
        foreach (var entry in zip.Entries.Where(e => e.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
        {
            var json = await UnpackOrNullAsync(entry, ct);
            if (json is null)
            {
                report.Reject(entry.Name, $"It is damaged, or larger than {OsvReader.AdvisoryBytesMax >> 20} MB.");
                continue;
            }

            if ((left -= json.Length) < 0)
            {
                report.Reject(entry.Name, $"The zip unpacks to more than {UnpackedBytesMax >> 30} GB; here it ends.");
                yield break;
            }

            yield return (entry.Name, json);
        }
    }

    static ZipArchive? OpenOrNull(Stream input)
    {
        try
        {
            var zip = new ZipArchive(input, ZipArchiveMode.Read, leaveOpen: true);
            _ = zip.Entries.Count; // reads the directory
            return zip;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    // The size that an entry claims is not believed: what comes out is counted.
    static async Task<byte[]?> UnpackOrNullAsync(ZipArchiveEntry entry, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            await using var content = await entry.OpenAsync(ct);
            using var json = new MemoryStream();
            int read;
            while ((read = await content.ReadAsync(buffer, ct)) > 0)
            {
                if (json.Length + read > OsvReader.AdvisoryBytesMax)
                    return null;
                json.Write(buffer, 0, read);
            }

            return json.ToArray();
        }
        catch (InvalidDataException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>What became of an import.</summary>
public sealed class ImportReport
{
    const int RejectedListedMax = 1_000; // all are counted

    readonly List<RejectedAdvisory> rejected = [];

    /// <summary>How many documents were read.</summary>
    public long Read { get; set; }

    /// <summary>How many were new or newer than what was known.</summary>
    public long Imported { get; set; }

    /// <summary>How many were known already.</summary>
    public long Unchanged { get; set; }

    /// <summary>How many could not be read.</summary>
    public long RejectedCount { get; private set; }

    /// <summary>The first thousand of these.</summary>
    public IReadOnlyList<RejectedAdvisory> Rejected => rejected;

    /// <summary>Adds what became of another file.</summary>
    public void Add(ImportReport other)
    {
        (Read, Imported, Unchanged) = (Read + other.Read, Imported + other.Imported, Unchanged + other.Unchanged);
        RejectedCount += other.RejectedCount;
        rejected.AddRange(other.Rejected.Take(RejectedListedMax - rejected.Count));
    }

    /// <summary>Notes one that could not be read.</summary>
    public void Reject(string name, string reason)
    {
        RejectedCount++;
        if (rejected.Count < RejectedListedMax)
            rejected.Add(new RejectedAdvisory(name, reason));
    }
}

/// <summary>An advisory that could not be read.</summary>
/// <param name="Name">The file in a zip, or the place in a list.</param>
/// <param name="Reason">Why.</param>
public sealed record RejectedAdvisory(string Name, string Reason);
