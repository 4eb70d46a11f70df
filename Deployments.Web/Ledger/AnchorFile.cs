using System.Text.Encodings.Web;
using System.Text.Json;
using Deployments.Data.Evidence;
using Deployments.Data.Ledger;

namespace Deployments.Web.Ledger;

/// <summary>
/// Tree heads in a file that is only ever appended to, a line of JSON each: <c>at</c>, <c>size</c>, <c>root</c> and the
/// signed <c>note</c> of the two.
/// </summary>
static class AnchorFile
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // it is no page
    };

    /// <summary>A tree head as a line, and as the body of a webhook.</summary>
    public static string Line(LedgerHead head, DateTimeOffset at, string note) =>
        JsonSerializer.Serialize(new Anchor(at, head.Size, Convert.ToHexStringLower(head.Root), note), Json);

    /// <summary>Appends a line, and has it on disk when this returns.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static async Task AppendAsync(string path, string line, CancellationToken ct)
    {
        await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(line + "\n"), ct);
        file.Flush(flushToDisk: true);
    }

    /// <summary>What the file holds; a line that is none is told.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static async Task<LedgerWitness> ReadAsync(string path, CancellationToken ct)
    {
        var anchors = new List<LedgerAnchor>();
        var problems = new List<string>();
        var number = 0;
        await foreach (var line in File.ReadLinesAsync(path, ct))
        {
            number++;
            if (AnchorOrNull(line) is { } anchor)
                anchors.Add(new LedgerAnchor(
                    anchor.Size, Convert.FromHexString(anchor.Root), anchor.At, $"line {number} of {path}"));
            else
                problems.Add($"Line {number} of {path} is no anchor: the file was changed or damaged.");
        }

        return new LedgerWitness(anchors, problems);
    }

    static Anchor? AnchorOrNull(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Anchor>(line, Json) is { Size: >= 0, Root: { } root } anchor
                && root.Length == 2 * MerkleTree.HashBytes && root.All(char.IsAsciiHexDigit)
                ? anchor
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    sealed record Anchor(DateTimeOffset At, long Size, string Root, string Note);
}
