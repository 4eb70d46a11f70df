using System.Net;
using System.Text;
using Deployments.Tests.Support;

namespace Deployments.Tests.Api;

/// <summary>
/// One program for all tests of a class that record through an API; each test looks at the records of its own target.
/// </summary>
public sealed class RecordApiFixture : IAsyncLifetime
{
    public const string Single = "/api/package-deployment/";
    public const string Batch = "/api/package-deployments/batch";

    public TestApp App { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        App = await TestApp.StartAsync();
        await App.CreateFeedAsync("main", "nuget");
        await App.CreateFeedAsync("other", "nuget");
        await App.CreateFeedAsync("js", "npm");
        await App.CreateFeedAsync("java", "maven");
        await App.CreateFeedAsync("files", "universal");
    }

    public Task DisposeAsync() => App.DisposeAsync().AsTask();

    /// <summary>A target that no other test uses.</summary>
    public static string NewTarget() => $"server-{Guid.NewGuid():N}";

    /// <summary>What is recorded of a target at this moment.</summary>
    internal async Task<IReadOnlyList<Recorded.Row>> RecordsAsync(string target) =>
        [.. (await Recorded.AllAsync(App.Database)).Where(row => row.Target == target)];

    /// <summary>Sends a body as it is.</summary>
    /// <param name="path">With a query, if any.</param>
    /// <param name="body">The text.</param>
    /// <param name="contentType">Null: none is sent.</param>
    /// <param name="headers">Credentials, for instance; none are added.</param>
    internal async Task<Answer> SendAsync(
        string path, string body, string? contentType, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (contentType is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await App.Client.SendAsync(request);
        return new Answer(
            answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The same with the bootstrap key, as JSON unless told otherwise.</summary>
    internal Task<Answer> SendWithKeyAsync(string path, string body, string? contentType = "application/json") =>
        SendAsync(path, body, contentType, ("X-ApiKey", TestApp.ApiKey));

    /// <summary>Makes an API key and returns its text and its number.</summary>
    internal async Task<(string Key, int Id)> NewKeyAsync(object key)
    {
        var made = await App.Admin.JsonAsync("POST", "/api/api-keys/create", key);
        return ((string)made["key"]!, (int)made["id"]!);
    }

    internal sealed record Answer(HttpStatusCode Status, string? MediaType, string Body)
    {
        public IReadOnlyList<string> Lines => Body.TrimEnd('\n').Split('\n');
    }
}
