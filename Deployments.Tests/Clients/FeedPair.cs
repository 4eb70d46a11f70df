using System.Net;
using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>
/// Two feeds of one type: <c>store</c>, to which packages are uploaded, and <c>main</c>, which has none and asks a
/// connector that is <c>store</c>. What a client installs from <c>main</c> has gone through both.
/// </summary>
sealed class FeedPair : IAsyncDisposable
{
    readonly string root;

    FeedPair(TestApp app, string root) => (App, this.root) = (app, root);

    public TestApp App { get; }

    /// <summary>What the client is pointed at, with a trailing slash.</summary>
    public string Url => $"{App.Url}{root}/main/";

    /// <summary>The feed behind the connector, with a trailing slash.</summary>
    public string StoreUrl => $"{App.Url}{root}/store/";

    public static async Task<FeedPair> StartAsync(string type, string root, string connectorPath = "")
    {
        var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("store", type);
        await app.CreateFeedAsync("main", type, new Uri($"{app.Url}{root}/store/{connectorPath}"));
        return new FeedPair(app, root);
    }

    public async Task UploadAsync(string path, byte[] content)
    {
        using var body = new ByteArrayContent(content);
        using var answer = await App.Admin.PutAsync(new Uri(StoreUrl + path), body);
        Assert.True(
            answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created,
            $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>
    /// Gets a file as the client does that cannot send headers, with the headers that a wrapper around it would send.
    /// </summary>
    public async Task<byte[]> GetTaggedAsync(string url)
    {
        using var answer = await App.Client.AskAsync(url,
            ("X-ProGet-Deployment-Application", "a"), ("X-ProGet-Deployment-Description", "d"),
            ("X-ProGet-Deployment-Target", "t"));
        Assert.True(answer.IsSuccessStatusCode, $"{url}: {answer.StatusCode}");
        return await answer.Content.ReadAsByteArrayAsync();
    }

    /// <summary>The records so far, as <c>group/name@version?qualifier</c>.</summary>
    public async Task<IReadOnlyList<string>> RecordsAsync()
    {
        await Recorded.DrainedAsync(App.Database);
        Assert.Empty(await Recorded.RejectedAsync(App.Database));
        return [.. (await Recorded.AllAsync(App.Database)).Select(row =>
            $"{row.GroupName}/{row.Name}@{row.Version}?{row.Qualifier}")];
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
