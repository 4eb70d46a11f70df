using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Deployments.Web.Feeds;

/// <summary>
/// A package client's question which vulnerabilities are known, in its own protocol: what it is about, how an upstream
/// is asked the same, and how the answer is written.
/// </summary>
public abstract class ClientAudit
{
    const int BodyBytesMax = 32 << 20; // lock files of large projects have some megabytes

    static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = DepthMax,
    };

    /// <summary>How deep documents may be: npm's older form nests dependencies.</summary>
    protected const int DepthMax = 1_000;

    /// <summary>The packages it is about; null: every one of the type; empty: none, only what changed when.</summary>
    public virtual IReadOnlyList<PackageKeys>? Packages => null;

    /// <summary>An id of the only vulnerability it is about; null: any.</summary>
    public virtual string? Id => null;

    /// <summary>Whether the long texts are wanted.</summary>
    public virtual bool WantsDetails => false;

    /// <summary>Whether the client understands an answer that says that nobody can tell it anything.</summary>
    public virtual bool IsAnsweredByNothing => false;

    /// <summary>What to ask an upstream; null where it cannot be asked.</summary>
    /// <param name="connector">The connector's address.</param>
    /// <param name="index">The upstream's index document where the type has one, else null.</param>
    public virtual UpstreamQuestion? Upstream(Uri connector, JsonElement? index) => null;

    /// <summary>Further documents that an upstream's answer leads to, which then stand for it; mostly none.</summary>
    public virtual IReadOnlyList<Uri> Further(JsonNode answer) => [];

    /// <summary>The answer; null: not found.</summary>
    /// <param name="known">What is known here.</param>
    /// <param name="upstream">What upstreams answered, those first that are asked first.</param>
    public abstract LocalAnswer? Answer(KnownVulnerabilities known, IReadOnlyList<JsonNode> upstream);

    /// <summary>The body of a request, unpacked where the client packed it.</summary>
    /// <exception cref="FormatException">It is damaged or too large.</exception>
    public static async ValueTask<byte[]> ReadBodyAsync(FeedRequest request, CancellationToken ct)
    {
        var isPacked = string.Equals(request.Header("Content-Encoding"), "gzip", StringComparison.OrdinalIgnoreCase);
        await using var plain = isPacked
            ? new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true)
            : request.Body;
        try
        {
            using var body = new MemoryStream();
            var buffer = new byte[1 << 14];
            int read;
            while ((read = await plain.ReadAsync(buffer, ct)) > 0)
            {
                if (body.Length + read > BodyBytesMax)
                    throw new FormatException($"The question is larger than {BodyBytesMax >> 20} MB.");
                body.Write(buffer, 0, read);
            }

            return body.ToArray();
        }
        catch (InvalidDataException e)
        {
            throw new FormatException("The question is not what gzip has packed.", e);
        }
    }

    /// <summary>A JSON object.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static JsonObject ParseObject(byte[] json)
    {
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = DepthMax, AllowDuplicateProperties = false };
            return JsonNode.Parse(json, documentOptions: options) as JsonObject
                ?? throw new FormatException("The question is no JSON object.");
        }
        catch (JsonException e)
        {
            throw new FormatException("The question is not JSON.", e);
        }
    }

    /// <summary>A JSON document.</summary>
    protected static LocalAnswer.Document Document(JsonNode json) =>
        new(JsonSerializer.SerializeToUtf8Bytes(json, Json), "application/json");

    /// <summary>A list of strings.</summary>
    protected static JsonArray Strings(IEnumerable<string> texts) =>
        new([.. texts.Select(text => JsonValue.Create(text))]);
}

/// <summary>How an upstream is asked what a client asks.</summary>
/// <param name="Url">Where; http or https.</param>
/// <param name="Body">What is sent there; null: nothing, with GET.</param>
/// <param name="ContentType">The body's media type.</param>
public sealed record UpstreamQuestion(Uri Url, byte[]? Body = null, string ContentType = "application/json");
