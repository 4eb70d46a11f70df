using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Deployments.Web.Bodies;

namespace Deployments.Web.Inventory;

/// <summary>What the formats have in common: lines, and entries of JSON documents.</summary>
static class InventoryText
{
    /// <summary>Longest line, in bytes; package managers write some hundreds.</summary>
    const int LineBytesMax = 64 << 10;

    /// <summary>Longest entry of a JSON document, or line of a log, in bytes: a workload with all it has.</summary>
    public const int EntryBytesMax = 4 << 20;

    /// <summary>The lines with their numbers, without their ends; null for one that is too long.</summary>
    public static async IAsyncEnumerable<(long Number, string? Text)> LinesAsync(
        Stream input, int bytesMax, [EnumeratorCancellation] CancellationToken ct)
    {
        var number = 0L;
        var body = PipeReader.Create(input, new StreamPipeReaderOptions(leaveOpen: true));
        await foreach (var line in JsonItems.LinesAsync(body, bytesMax, ct))
            yield return (++number, line is { } bytes
                ? Encoding.UTF8.GetString(bytes.Span).TrimStart('\ufeff').TrimEnd('\r') : null);
    }

    /// <summary>An entry for each line that is not blank.</summary>
    /// <param name="input">UTF-8.</param>
    /// <param name="read">Makes an entry of a line and its number; null: the line says nothing.</param>
    /// <param name="ct">Ends the reading.</param>
    public static async IAsyncEnumerable<InventoryEntry> EachLineAsync(
        Stream input, Func<long, string, InventoryEntry?> read, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var (number, text) in LinesAsync(input, LineBytesMax, ct))
        {
            if (text is null)
                yield return InventoryEntry.Bad(number, $"is longer than {LineBytesMax >> 10} KB");
            else if (!string.IsNullOrWhiteSpace(text) && read(number, text) is { } entry)
                yield return entry;
        }
    }

    /// <summary>An entry for each paragraph of <c>key: value</c> lines.</summary>
    /// <param name="input">UTF-8.</param>
    /// <param name="separator">Between key and value.</param>
    /// <param name="keys">The keys that count; of one that repeats, the first.</param>
    /// <param name="read">Makes an entry of a paragraph and its first line.</param>
    /// <param name="ct">Ends the reading.</param>
    public static async IAsyncEnumerable<InventoryEntry> EachParagraphAsync(
        Stream input, string separator, IReadOnlyList<string> keys,
        Func<long, IReadOnlyDictionary<string, string>, InventoryEntry> read,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var (first, fields) = (0L, new Dictionary<string, string>(StringComparer.Ordinal));
        await foreach (var (number, text) in LinesAsync(input, LineBytesMax, ct))
        {
            if (text is { Length: > 0 })
            {
                first = first == 0 ? number : first;
                var colon = text[0] is ' ' or '\t' ? -1 : text.IndexOf(separator, StringComparison.Ordinal);
                if (colon > 0 && keys.Contains(text[..colon]))
                    fields.TryAdd(text[..colon], text[(colon + separator.Length)..].Trim());
            }
            else if (text is { Length: 0 } && first > 0)
            {
                yield return read(first, fields);
                (first, fields) = (0L, new Dictionary<string, string>(StringComparer.Ordinal));
            }
        }

        // Each of these files ends with an empty line: where it does not, it was cut off.
        if (first > 0)
            yield return InventoryEntry.Bad(first, "has no end: the file was cut off");
    }

    /// <summary>What each entry of a JSON list comes to.</summary>
    /// <param name="input">UTF-8.</param>
    /// <param name="property">The property whose list it is; null: the document.</param>
    /// <param name="read">Makes entries of one: its place, its name in an object, itself.</param>
    /// <param name="ct">Ends the reading.</param>
    public static async IAsyncEnumerable<InventoryEntry> EachJsonAsync(
        Stream input, string? property, Func<long, string, JsonElement, IEnumerable<InventoryEntry>> read,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var number = 0L;
        await foreach (var (name, json) in new JsonEntries(input, property, EntryBytesMax).ReadAsync(ct))
        {
            number++;
            using var document = JsonDocument.Parse(json);
            foreach (var entry in Read(number, name ?? "", document.RootElement, read))
                yield return entry;
        }
    }

    /// <summary>A property that is text; empty when it is not there, or something else.</summary>
    public static string Text(this JsonElement element, string property) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(property, out var value)
        && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    /// <summary>A property, whatever it is; undefined when it is not there.</summary>
    public static JsonElement Part(this JsonElement element, string property) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(property, out var value) ? value : default;

    /// <summary>The items of a property that is an array; none when it is not.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string property) =>
        element.Part(property) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    static List<InventoryEntry> Read(
        long number, string name, JsonElement json, Func<long, string, JsonElement, IEnumerable<InventoryEntry>> read)
    {
        try
        {
            return [.. read(number, name, json)];
        }
        catch (InvalidOperationException)
        {
            // Half a character, as an escape such as \ud800 can write it.
            return [InventoryEntry.Bad(number, "has text that is not Unicode")];
        }
    }
}
