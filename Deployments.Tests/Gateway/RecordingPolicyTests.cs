using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Gateway;

/// <summary>Keys that record every download, for clients that cannot send headers.</summary>
public sealed class RecordingPolicyTests : IAsyncLifetime
{
    const string Package = "/upack/main/download/app/1.0.0";
    static readonly RecordingPolicy Web07 = new("apt", "Nightly update", "WEB-07");

    TestApp app = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        await UniversalPackage.InNewFeedAsync(app.Admin, "other");
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    [Fact]
    public async Task An_ordinary_download_with_the_key_is_recorded_as_the_key_says()
    {
        var key = await KeyAsync(Web07);

        using var answer = await GetAsync(Package, key);

        Assert.Equal("recorded", answer.Headers.GetValues("X-Deployment-Status").Single());
        var record = Assert.Single(await RecordsAsync());
        Assert.Equal(("apt", "Nightly update", "WEB-07"), (record.Application, record.Description, record.Target));
        Assert.Equal(RecordRoad.KeyPolicy, record.Road);
        Assert.Equal("API key \"WEB-07\"", record.RecordedBy);
        Assert.Null(record.RawHeaders);
    }

    [Fact]
    public async Task What_a_request_says_itself_comes_first()
    {
        var key = await KeyAsync(Web07, Permissions.View | Permissions.Add);

        using var answer = await GetAsync(Package, key, ("Application", "deploy.sh"), ("Url", "https://ci.example/7"));

        var record = Assert.Single(await RecordsAsync());
        Assert.Equal(("deploy.sh", "Nightly update", "WEB-07"),
            (record.Application, record.Description, record.Target));
        Assert.Equal(("https://ci.example/7", RecordRoad.Header), (record.Url, record.Road));
    }

    [Fact]
    public async Task A_bad_tag_is_rejected_and_not_papered_over()
    {
        var key = await KeyAsync(Web07, Permissions.View | Permissions.Add);

        using var answer = await GetAsync(Package, key, ("Target", ""));

        Assert.StartsWith("rejected; X-ProGet-Deployment-Target",
            answer.Headers.GetValues("X-Deployment-Status").Single(), StringComparison.Ordinal);
        Assert.Empty(await RecordsAsync());
    }

    [Theory]
    [InlineData("HEAD", Package)]
    [InlineData("GET", "/upack/main/packages")]
    [InlineData("GET", "/upack/main/download/app/9.9.9")]
    public async Task Nothing_but_a_download_is_recorded(string method, string path)
    {
        var key = await KeyAsync(Web07);

        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("X-ApiKey", key);
        using var answer = await app.Client.SendAsync(request);

        Assert.False(answer.Headers.Contains("X-Deployment-Status"));
        Assert.Empty(await RecordsAsync());
    }

    [Fact]
    public async Task A_key_without_a_policy_records_what_is_tagged_only()
    {
        var key = await KeyAsync(policy: null);

        using var answer = await GetAsync(Package, key);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await RecordsAsync());
    }

    [Fact]
    public async Task A_key_for_one_feed_records_downloads_from_that_feed_only()
    {
        var key = await KeyAsync(Web07, feed: "main");

        (await GetAsync(Package, key)).Dispose();
        (await GetAsync("/upack/other/download/app/1.0.0", key)).Dispose();

        Assert.Equal("main", Assert.Single(await RecordsAsync()).Feed);
    }

    [Fact]
    public async Task A_key_made_on_the_page_has_its_policy_and_the_page_says_so()
    {
        using var browser = await Browser.SignedInAsync(app);

        using var answer = await browser.PostAsync("/admin/api-keys", "/admin/api-keys?handler=Create",
            ("DisplayName", "WEB-07"), ("View", "true"), ("PolicyApplication", "apt"), ("PolicyTarget", " <WEB-07> "));

        var key = (await app.Service<ApiKeyQueries>().AllAsync(default)).First(key => key.DisplayName == "WEB-07");
        Assert.Equal(new RecordingPolicy("apt", "", "<WEB-07>"), key.Policy);
        Assert.Contains("records every download: <bdi>apt</bdi> on <bdi>&lt;WEB-07&gt;</bdi>",
            await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "d", "t")]
    [InlineData("a", "d", " ")]
    [InlineData("a", "d", "t\u0001")]
    [InlineData("a", "\u0007", "t")]
    public async Task The_page_refuses_a_policy_that_no_record_could_have(
        string application, string description, string target)
    {
        using var browser = await Browser.SignedInAsync(app);

        using var answer = await browser.PostAsync("/admin/api-keys", "/admin/api-keys?handler=Create",
            ("DisplayName", "WEB-07"), ("View", "true"), ("PolicyApplication", application),
            ("PolicyDescription", description), ("PolicyTarget", target));

        Assert.Contains("validation-summary-errors", await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        Assert.DoesNotContain(await app.Service<ApiKeyQueries>().AllAsync(default), key => key.Policy is not null);
    }

    Task<string> KeyAsync(
        RecordingPolicy? policy, Permissions permissions = Permissions.View, string? feed = null) =>
        PolicyKey.AddAsync(app, policy, permissions, feed);

    async Task<HttpResponseMessage> GetAsync(string path, string key, params (string Name, string Value)[] tags)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-ApiKey", key);
        foreach (var (name, value) in tags)
            request.Headers.TryAddWithoutValidation("X-ProGet-Deployment-" + name, value);
        return await app.Client.SendAsync(request);
    }

    async Task<IReadOnlyList<RecordRow>> RecordsAsync()
    {
        await Recorded.DrainedAsync(app.Database);
        return (await app.Service<RecordQueries>().PageAsync(new RecordFilter(), VisibleFeeds.All, default)).Items;
    }
}
