namespace Deployments.Tests.Clients;

/// <summary>Plain requests beside those of a client.</summary>
static class Asking
{
    public static async Task<HttpResponseMessage> AskAsync(
        this HttpClient client, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return await client.SendAsync(request);
    }
}
