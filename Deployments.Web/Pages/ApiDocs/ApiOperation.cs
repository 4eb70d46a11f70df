using System.Text.Json;
using System.Text.Json.Nodes;

namespace Deployments.Web.Pages.ApiDocs;

/// <summary>One operation of the API as its page shows it, read from the OpenAPI document.</summary>
public sealed record ApiOperation
{
    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The name under which the page has it.</summary>
    public required string Id { get; init; }

    /// <summary>The group it belongs to.</summary>
    public required string Group { get; init; }

    /// <summary>HTTP method, upper case.</summary>
    public required string Method { get; init; }

    /// <summary>The address, with parameters in braces.</summary>
    public required string Path { get; init; }

    /// <summary>What it does, in a few words.</summary>
    public required string Summary { get; init; }

    /// <summary>More about it; may be empty.</summary>
    public required string Description { get; init; }

    /// <summary>Whether it asks for credentials at all.</summary>
    public required bool NeedsKey { get; init; }

    /// <summary>What the address may contain.</summary>
    public required IReadOnlyList<ApiField> Parameters { get; init; }

    /// <summary>The content type of the body; null when there is none.</summary>
    public string? BodyType { get; init; }

    /// <summary>An example of the body; null when there is none.</summary>
    public string? BodyExample { get; init; }

    /// <summary>What the body may contain.</summary>
    public required IReadOnlyList<ApiField> BodyFields { get; init; }

    /// <summary>How it answers.</summary>
    public required IReadOnlyList<ApiAnswer> Answers { get; init; }

    /// <summary>A command line that calls it.</summary>
    /// <param name="server">This server's address, without a slash at the end.</param>
    public string Curl(string server)
    {
        var path = Path;
        var query = "";
        foreach (var parameter in Parameters.Where(parameter => parameter.Example is not null))
        {
            var value = Uri.EscapeDataString(parameter.Example!);
            if (parameter.Where == "path")
                path = path.Replace($"{{{parameter.Name}}}", value, StringComparison.Ordinal);
            else
                query += $"{(query.Length == 0 ? '?' : '&')}{parameter.Name}={value}";
        }

        var lines = new List<string> { "curl --fail-with-body" + (Method == "GET" ? "" : $" -X {Method}") };
        if (NeedsKey)
            lines.Add("  --header \"X-ApiKey: $API_KEY\"");
        if (BodyExample is not null)
        {
            lines.Add($"  --header 'Content-Type: {BodyType}'");
            lines.Add($"  --data {Quote(BodyExample)}");
        }

        lines.Add($"  {Quote(server + path + query)}");
        return string.Join(" \\\n", lines);
    }

    /// <summary>Reads every operation of a document, in its order.</summary>
    public static IReadOnlyList<ApiOperation> Read(byte[] document)
    {
        var root = JsonNode.Parse(document)!.AsObject();
        return
        [
            .. from path in root["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               select Read(root, path.Key, operation.Key, operation.Value!.AsObject()),
        ];
    }

    /// <summary>The groups of a document, each with what is said of it.</summary>
    public static IReadOnlyList<(string Name, string Description)> Groups(byte[] document) =>
    [
        .. JsonNode.Parse(document)!["tags"]!.AsArray()
            .Select(tag => (Text(tag!, "name"), Text(tag!, "description"))),
    ];

    static ApiOperation Read(JsonObject root, string path, string method, JsonObject operation)
    {
        // The first content type is the one to show.
        var body = operation["requestBody"]?["content"]?.AsObject().FirstOrDefault();
        var schema = body?.Value?["schema"] is { } given ? Resolve(root, given) : null;
        var item = schema?["items"] is { } items ? Resolve(root, items) : schema;
        return new ApiOperation
        {
            Id = Text(operation, "operationId"),
            Group = operation["tags"]![0]!.GetValue<string>(),
            Method = method.ToUpperInvariant(),
            Path = path,
            Summary = Text(operation, "summary"),
            Description = Text(operation, "description"),
            NeedsKey = operation["security"] is not JsonArray { Count: 0 },
            Parameters =
            [
                .. (operation["parameters"]?.AsArray() ?? []).Select(node => Resolve(root, node!)).Select(node =>
                    new ApiField(Text(node, "name"), Type(node["schema"]!), Text(node, "description"),
                        node["required"]?.GetValue<bool>() ?? false, Text(node, "in"), node["example"]?.ToString())),
            ],
            BodyType = body?.Key,
            BodyExample = Example(body?.Value),
            BodyFields = item is null ? [] : Fields(root, item),
            Answers =
            [
                .. operation["responses"]!.AsObject().Select(pair => (pair.Key, Node: Resolve(root, pair.Value!)))
                    .Select(pair => new ApiAnswer(pair.Key, Text(pair.Node, "description"),
                        Example(pair.Node["content"]?.AsObject().FirstOrDefault().Value))),
            ],
        };
    }

    static ApiField[] Fields(JsonObject root, JsonNode schema)
    {
        var required = schema["required"]?.AsArray().Select(name => name!.GetValue<string>()).ToHashSet() ?? [];
        return
        [
            .. (schema["properties"]?.AsObject() ?? []).Select(pair => new ApiField(
                pair.Key, Type(Resolve(root, pair.Value!)), Text(pair.Value!, "description"),
                required.Contains(pair.Key), "body", null)),
        ];
    }

    static JsonNode Resolve(JsonObject root, JsonNode node)
    {
        if (node["$ref"] is not { } reference)
            return node;
        JsonNode found = root;
        foreach (var segment in reference.GetValue<string>().Split('/').Skip(1))
            found = found[segment]!;
        return found;
    }

    static string Type(JsonNode schema)
    {
        var type = schema["type"] switch
        {
            JsonArray several => string.Join(" or ", several.Select(one => one!.GetValue<string>())),
            JsonValue one => one.GetValue<string>(),
            _ => "object",
        };
        return schema["enum"] is JsonArray values
            ? string.Join(", ", values.Select(value => value!.ToString()))
            : schema["format"] is { } format ? $"{type} ({format})" : type;
    }

    static string? Example(JsonNode? content) => content?["example"] switch
    {
        null => null,
        JsonValue text when text.TryGetValue<string>(out var value) => value,
        var json => json.ToJsonString(Indented),
    };

    static string Text(JsonNode node, string name) => node[name]?.GetValue<string>() ?? "";

    static string Quote(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}

/// <summary>A parameter, or a property of a body.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it may be.</param>
/// <param name="Description">What it means; may be empty.</param>
/// <param name="IsRequired">Whether it must be given.</param>
/// <param name="Where"><c>path</c>, <c>query</c> or <c>body</c>.</param>
/// <param name="Example">An example; null when there is none.</param>
public sealed record ApiField(
    string Name, string Type, string Description, bool IsRequired, string Where, string? Example);

/// <summary>One way of answering.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Description">When and what.</param>
/// <param name="Example">An example of the body; null when there is none.</param>
public sealed record ApiAnswer(string Status, string Description, string? Example);
