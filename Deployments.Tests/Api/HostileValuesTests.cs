using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Api;

/// <summary>
/// Every operation of the OpenAPI document, every parameter and property of it, with values that parsers, databases
/// and calendars are known to stumble over: whatever is answered, it is no 500.
/// </summary>
public sealed class HostileValuesTests : IAsyncLifetime
{
    static readonly string[] Texts =
    [
        "", " ", "\0", "a\0b", "\u202e", "\uffff", "'", "\\", "%", "%00", "-1", "0", "1e400", "NaN",
        "99999999999999999999", "9223372036854775807", "-9223372036854775808", "2147483648", "0001-01-01",
        "0001-01-01T00:00:00+14:00", "9999-12-31", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-14:00",
        "infinity", "o3155378975999999999-1", "n0-1", "o0-9223372036854775807", "o1-", "pkg:nuget/a@%00", "pkg:",
        "http://", "http://[", "https://a:99999/", new('x', 5000),
    ];

    // As JSON writes them, where that is more than a text: half a character, and what is no text.
    static readonly string[] Values =
    [
        "\"\\ud800\"", "[\"\\ud800\"]", "[\"\\u0000\"]", "[null]", "[{}]", "[]", "{}", "{\"\\ud800\":1}",
        "{\"a\":\"\\ud800\"}", "{\"a\":\"\\u0000\"}", "1e400", "1e999999", "-1", "0", "0.5", "99999999999999999999",
        "2147483648", "true", "null",
    ];

    TestApp app = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("apps", "universal");
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    [Fact]
    public async Task No_value_of_any_parameter_or_property_fails_the_server()
    {
        var document = await app.Admin.JsonAsync("GET", "/openapi/v1.json");
        var failures = new List<string>();
        foreach (var (path, operations) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                var requests = ByParameter(method, path, operation!)
                    .Concat(ByProperty(document, method, path, operation!));
                foreach (var (address, body) in requests)
                {
                    using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), address);
                    if (body is not null)
                        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
                    using var answer = await app.Admin.SendAsync(request);
                    if (answer.StatusCode >= HttpStatusCode.InternalServerError)
                        failures.Add($"{method} {Short(address)} {Short(body)}: {(int)answer.StatusCode}");
                }
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    static IEnumerable<(string Address, string? Body)> ByParameter(string method, string path, JsonNode operation)
    {
        var parameters = (operation["parameters"]?.AsArray() ?? [])
            .Select(parameter => (Name: (string)parameter!["name"]!, InPath: (string?)parameter["in"] == "path"))
            .ToList();
        foreach (var hostile in parameters)
        {
            foreach (var text in Texts.Where(text => text.Trim().Length > 0 || !hostile.InPath))
            {
                var address = Address(path, parameters.Where(p => p.InPath || p.Name is "name" or "version")
                    .Append(hostile).DistinctBy(p => p.Name),
                    name => name == hostile.Name ? text : Harmless(name));
                yield return (address, method == "get" ? null : "{}");
            }
        }
    }

    static IEnumerable<(string Address, string? Body)> ByProperty(
        JsonNode document, string method, string path, JsonNode operation)
    {
        if (operation["requestBody"]?["content"]?["application/json"]?["schema"] is not { } schema)
            yield break;
        var isList = schema["items"] is not null;
        schema = schema["items"] ?? schema;
        if ((string?)schema["$ref"] is { } reference)
            schema = document["components"]!["schemas"]![reference.Split('/')[^1]]!;
        var properties = (schema["properties"]?.AsObject() ?? []).Select(pair => pair.Key).Append("\\ud800")
            .Append("own").ToList();
        var address = Address(path,
            (operation["parameters"]?.AsArray() ?? []).Select(parameter => ((string)parameter!["name"]!,
                (string?)parameter["in"] == "path")), Harmless);
        foreach (var property in properties)
        {
            foreach (var value in property[0] == '\\'
                ? ["1"]
                : Values.Concat(Texts.Select(text => JsonValue.Create(text)!.ToJsonString())))
            {
                var body = "{" + string.Join(',', properties.Where(name => name != property)
                    .Select(name => $"\"{name}\":\"{Harmless(name)}\"").Take(properties.Count - 3)
                    .Append($"\"{property}\":{value}")) + "}";
                yield return (address, isList ? $"[{body}]" : body);
            }
        }
    }

    static string Address(
        string path, IEnumerable<(string Name, bool InPath)> parameters, Func<string, string> valueOf)
    {
        var query = new List<string>();
        foreach (var (name, inPath) in parameters)
        {
            var value = Uri.EscapeDataString(valueOf(name));
            if (inPath)
                path = path.Replace($"{{{name}}}", value, StringComparison.Ordinal);
            else
                query.Add($"{name}={value}");
        }

        return query.Count == 0 ? path : path + "?" + string.Join('&', query);
    }

    static string Harmless(string name) => name switch
    {
        "feed" or "feedName" or "FeedName" => "apps",
        "feedType" or "type" => "universal",
        "url" or "Url" => "https://example.com/",
        "date" or "Date" or "at" or "from" or "to" => "2026-01-01",
        _ => "1",
    };

    static string Short(string? text) => text is null ? "" : text.Length < 300 ? text : text[..300] + "...";
}
