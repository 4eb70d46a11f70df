using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Deployments.Web.Api;

namespace Deployments.Web.Vulnerabilities;

/// <summary>Cuts a text into JSON documents: one object, an array of them, or one on each line.</summary>
static class JsonDocuments
{
    /// <summary>The documents with their places, counted from 1. A damaged one comes as it is, to be refused.</summary>
    public static async IAsyncEnumerable<(string Name, ReadOnlyMemory<byte> Json)> ReadAsync(
        Stream input, [EnumeratorCancellation] CancellationToken ct)
    {
        if (await BeginsWithAsync(input, '[', ct))
        {
            await foreach (var item in ItemsAsync(input, ct))
                yield return item;
            yield break;
        }

        using var reader = new StreamReader(input, Encoding.UTF8, leaveOpen: true);
        // A first line that is no document by itself begins one that is laid out over several lines.
        var first = await reader.ReadLineAsync(ct) ?? "";
        if (!IsDocument(first) && input.Length <= OsvReader.AdvisoryBytesMax)
        {
            yield return ("1", Encoding.UTF8.GetBytes(first + "\n" + await reader.ReadToEndAsync(ct)));
            yield break;
        }

        var number = 1;
        for (var line = first; line is not null; line = await reader.ReadLineAsync(ct), number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
                yield return ($"{number}", Encoding.UTF8.GetBytes(line));
        }
    }

    static async IAsyncEnumerable<(string Name, ReadOnlyMemory<byte> Json)> ItemsAsync(
        Stream input, [EnumeratorCancellation] CancellationToken ct)
    {
        var body = PipeReader.Create(input, new StreamPipeReaderOptions(leaveOpen: true));
        await using var items = JsonArrayReader.ReadAsync(body, OsvReader.AdvisoryBytesMax, ct)
            .GetAsyncEnumerator(ct);
        for (var number = 1; ; number++)
        {
            ReadOnlyMemory<byte> json;
            var isDamaged = false;
            try
            {
                if (!await items.MoveNextAsync())
                    yield break;
                json = JsonSerializer.SerializeToUtf8Bytes(items.Current);
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                // Refused as what it is: nothing that could be read.
                (json, isDamaged) = (ReadOnlyMemory<byte>.Empty, true);
            }

            yield return ($"{number}", json);
            if (isDamaged)
                yield break;
        }
    }

    static async Task<bool> BeginsWithAsync(Stream input, char mark, CancellationToken ct)
    {
        var head = new byte[64];
        var length = await input.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct);
        input.Position = 0;
        return Encoding.UTF8.GetString(head, 0, length).TrimStart('\ufeff', ' ', '\t', '\r', '\n').StartsWith(mark);
    }

    static bool IsDocument(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
