using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Deployments.Tests.Api;

/// <summary>Requests as an API client makes them, and what came back in one piece.</summary>
static class JsonClient
{
    public static async Task<(HttpStatusCode Status, string Body)> AskAsync(
        this HttpClient client, string method, string url, object? body = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public static async Task<JsonNode> JsonAsync(this HttpClient client, string method, string url, object? body = null)
    {
        var (status, text) = await client.AskAsync(method, url, body);
        Assert.True(status == HttpStatusCode.OK, $"{method} {url}: {(int)status} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>What an address answers, to be looked into without changing it.</summary>
    public static async Task<JsonElement> ElementAsync(this HttpClient client, string url)
    {
        using var answer = await client.GetAsync(new Uri(url, UriKind.Relative));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
