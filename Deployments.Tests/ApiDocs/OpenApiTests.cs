using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Tests.Support;
using Deployments.Web.Api;
using Deployments.Web.Pages.ApiDocs;
using Microsoft.AspNetCore.Routing;

namespace Deployments.Tests.ApiDocs;

public sealed partial class OpenApiTests
{
    static readonly string[] Roots = ["/api/", "/health", "/openapi"];

    readonly JsonObject document = JsonNode.Parse(OpenApi.Document)!.AsObject();

    [Fact]
    public async Task Describes_exactly_what_is_mapped()
    {
        await using var app = await TestApp.StartAsync();
        var mapped =
            from endpoint in app.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            let path = "/" + endpoint.RoutePattern.RawText!.TrimStart('/')
            where Roots.Any(root => path.StartsWith(root, StringComparison.Ordinal))
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["(any)"]
            select $"{method} {Parameter().Replace(path, "{$1}")}";
        var described =
            from path in document["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            select $"{operation.Key.ToUpperInvariant()} {path.Key}";

        Assert.Equal(mapped.Distinct().Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Is_served_to_those_who_may_view()
    {
        await using var app = await TestApp.StartAsync();
        using var answer = await app.Client.GetAsync("/openapi/v1.json");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("3.1.1", JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["openapi"]!.GetValue<string>());
    }

    [Fact]
    public void References_lead_somewhere()
    {
        foreach (var reference in Nodes(document).OfType<JsonObject>().Select(node => node["$ref"]).OfType<JsonValue>())
        {
            JsonNode? found = document;
            foreach (var segment in reference.GetValue<string>().Split('/').Skip(1))
                found = found?[segment];
            Assert.True(found is not null, reference.GetValue<string>());
        }
    }

    [Fact]
    public void Every_operation_says_what_it_is_and_how_it_answers()
    {
        var groups = document["tags"]!.AsArray().Select(tag => tag!["name"]!.GetValue<string>()).ToList();
        var operations = document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(pair => (Path: path.Key, Node: pair.Value!.AsObject())))
            .ToList();

        Assert.All(operations, operation =>
        {
            Assert.NotEmpty(operation.Node["summary"]!.GetValue<string>());
            Assert.Contains(operation.Node["tags"]![0]!.GetValue<string>(), groups);
            Assert.Contains(
                operation.Node["responses"]!.AsObject(), answer => answer.Key.StartsWith('2'));
            var inPath = Braces().Matches(operation.Path).Select(match => match.Groups[1].Value);
            var given = (operation.Node["parameters"]?.AsArray() ?? [])
                .Where(parameter => parameter!["in"]!.GetValue<string>() == "path")
                .Select(parameter => parameter!["name"]!.GetValue<string>());
            Assert.Equal(inPath, given);
        });
        var ids = operations.Select(operation => operation.Node["operationId"]!.GetValue<string>());
        Assert.Equal(operations.Count, ids.Distinct().Count());
    }

    static IEnumerable<JsonNode> Nodes(JsonNode node) => node switch
    {
        JsonObject all => all.Select(pair => pair.Value).OfType<JsonNode>().SelectMany(Nodes).Prepend(node),
        JsonArray all => all.OfType<JsonNode>().SelectMany(Nodes).Prepend(node),
        _ => [node],
    };

    [GeneratedRegex(@"\{\**([^}:]+)[^}]*\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\{([^}]+)\}")]
    private static partial Regex Braces();
}
