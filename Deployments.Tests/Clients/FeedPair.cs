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
    TestApp? store;

    FeedPair(TestApp app, TestApp? store, string root) => (App, this.store, this.root) = (app, store, root);

    public TestApp App { get; }

    /// <summary>What the client is pointed at, with a trailing slash.</summary>
    public string Url => $"{App.Url}{root}/main/";

    /// <summary>The feed behind the connector, with a trailing slash.</summary>
    public string StoreUrl => $"{(store ?? App).Url}{root}/store/";

    /// <param name="type">The feeds' type.</param>
    /// <param name="root">The first segment of their addresses.</param>
    /// <param name="connectorPath">What follows the store's address in the connector's.</param>
    /// <param name="isApart">Whether the store is on a server of its own, which can be stopped.</param>
    public static async Task<FeedPair> StartAsync(
        string type, string root, string connectorPath = "", bool isApart = false)
    {
        var app = await TestApp.StartAsync();
        var other = isApart ? await TestApp.StartAsync() : null;
        var store = other ?? app;
        await store.CreateFeedAsync("store", type);
        await app.CreateFeedAsync("main", type, new Uri($"{store.Url}{root}/store/{connectorPath}"));
        return new FeedPair(app, other, root);
    }

    /// <summary>Stops the store's own server.</summary>
    public async Task StopStoreAsync()
    {
        await store!.DisposeAsync();
        store = null;
    }

    public async Task UploadAsync(string path, byte[] content)
    {
        using var body = new ByteArrayContent(content);
        using var answer = await (store ?? App).Admin.PutAsync(new Uri(StoreUrl + path), body);
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

    public async ValueTask DisposeAsync()
    {
        if (store is not null)
            await store.DisposeAsync();
        await App.DisposeAsync();
    }
}
