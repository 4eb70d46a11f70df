using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Deployments.Web.Bodies;

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

        var number = 0;
        var body = PipeReader.Create(input, new StreamPipeReaderOptions(leaveOpen: true));
        await foreach (var line in JsonItems.LinesAsync(body, OsvReader.AdvisoryBytesMax, ct))
        {
            number++;
            // A first line that is no document by itself begins one that is laid out over several lines.
            if (number == 1 && input.Length <= OsvReader.AdvisoryBytesMax && !IsDocument(WithoutPreamble(line)))
            {
                input.Position = 0;
                var all = new byte[input.Length];
                await input.ReadExactlyAsync(all, ct);
                yield return ("1", WithoutPreamble(all));
                yield break;
            }

            if (line is null || line.Value.Span.ContainsAnyExcept(" \t\r"u8))
                yield return ($"{number}", WithoutPreamble(line).ToArray());
        }
    }

    // One that is too long comes as nothing, and so does the place where the array is damaged: to be refused.
    static async IAsyncEnumerable<(string Name, ReadOnlyMemory<byte> Json)> ItemsAsync(
        Stream input, [EnumeratorCancellation] CancellationToken ct)
    {
        var body = PipeReader.Create(input, new StreamPipeReaderOptions(leaveOpen: true));
        await using var items = JsonItems.ArrayAsync(body, OsvReader.AdvisoryBytesMax, ct).GetAsyncEnumerator(ct);
        for (var number = 1; ; number++)
        {
            ReadOnlyMemory<byte> json = default;
            var isDamaged = false;
            try
            {
                if (!await items.MoveNextAsync())
                    yield break;
                json = items.Current?.ToArray() ?? [];
            }
            catch (JsonException)
            {
                isDamaged = true;
            }

            yield return ($"{number}", json);
            if (isDamaged)
                yield break;
        }
    }

    static ReadOnlyMemory<byte> WithoutPreamble(ReadOnlyMemory<byte>? text) => text switch
    {
        null => default,
        { } bytes when bytes.Span.StartsWith(Encoding.UTF8.Preamble) => bytes[Encoding.UTF8.Preamble.Length..],
        { } bytes => bytes,
    };

    static async Task<bool> BeginsWithAsync(Stream input, char mark, CancellationToken ct)
    {
        var head = new byte[64];
        var length = await input.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct);
        input.Position = 0;
        return Encoding.UTF8.GetString(head, 0, length).TrimStart('\ufeff', ' ', '\t', '\r', '\n').StartsWith(mark);
    }

    static bool IsDocument(ReadOnlyMemory<byte> line)
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
