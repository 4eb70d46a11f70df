using System.Net;
using System.Text;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Gateway;

/// <summary>Who may download and who may record.</summary>
public sealed class PrivateFeedTests : IAsyncLifetime
{
    const string Challenge = "Basic realm=\"Deployments\", charset=\"UTF-8\"";

    TestApp app = null!;
    string path = "";

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        path = await UniversalPackage.InNewFeedAsync(app.Admin, "main");
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task A_private_feed_asks_for_credentials_and_takes_the_right_ones_in_every_form()
    {
        await CloseAsync();
        using (var refused = await app.Client.SendAsync(TaggedLoad.Request(path)))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Equal(Challenge, refused.Headers.WwwAuthenticate.Single().ToString());
        }

        await AssertServedAsync(request => request.Headers.Add("X-ApiKey", TestApp.ApiKey));
        await AssertServedAsync(request => request.Headers.Authorization = Basic("api", TestApp.ApiKey));
        await AssertServedAsync(request => request.Headers.Authorization = Basic("Admin", TestApp.AdminPassword));
        var withKey = new Uri($"{path}?key={TestApp.ApiKey}", UriKind.Relative);
        await AssertServedAsync(request => request.RequestUri = withKey);

        await Recorded.DrainedAsync(app.Database);
        var records = await Recorded.AllAsync(app.Database);
        Assert.Equal(4, records.Count);
        Assert.Contains(records, record => (record.UserName, record.Recorder) == ("Admin", "Admin"));
        Assert.Equal(3, records.Count(record => record.Recorder == "API key \"bootstrap\""));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Wrong_credentials_are_refused_on_every_feed(bool isPrivate)
    {
        if (isPrivate)
            await CloseAsync();
        await AssertRefusedAsync(request => request.Headers.Add("X-ApiKey", "wrong"));
        await AssertRefusedAsync(request => request.Headers.Authorization = Basic("api", "wrong"));
        await AssertRefusedAsync(request => request.Headers.Authorization = Basic("Admin", "wrong"));
        await AssertRefusedAsync(request => request.RequestUri = new Uri(path + "?key=wrong", UriKind.Relative));
        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database));
        Assert.Empty(await Recorded.RejectedAsync(app.Database));
    }

    [Fact]
    public async Task A_key_that_may_only_view_downloads_and_its_record_is_rejected_with_the_reason()
    {
        await CloseAsync();
        var made = await app.Admin.JsonAsync("POST", "/api/api-keys/create",
            new { type = "feed", displayName = "reader", feed = "main", packagePermissions = new[] { "view" } });
        using var request = TaggedLoad.Request(path);
        request.Headers.Add("X-ApiKey", (string)made["key"]!);

        using var answer = await app.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("rejected; API key \"reader\" may download from main but not record deployments",
            answer.Headers.GetValues("X-Deployment-Status").Single());
        Assert.False(answer.Headers.Contains("X-Deployment-Id"));
        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database));
        Assert.Equal("API key \"reader\" may download from main but not record deployments",
            Assert.Single(await Recorded.RejectedAsync(app.Database)).Reason);
    }

    async Task CloseAsync() =>
        await app.Admin.JsonAsync("POST", "/api/management/feeds/update/main", new { anonymousAccess = false });

    async Task AssertServedAsync(Action<HttpRequestMessage> withCredentials)
    {
        using var request = TaggedLoad.Request(path);
        withCredentials(request);
        using var answer = await app.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("recorded", answer.Headers.GetValues("X-Deployment-Status").Single());
    }

    async Task AssertRefusedAsync(Action<HttpRequestMessage> withCredentials)
    {
        using var request = TaggedLoad.Request(path);
        withCredentials(request);
        using var answer = await app.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(Challenge, answer.Headers.WwwAuthenticate.Single().ToString());
        Assert.False(answer.Headers.Contains("X-Deployment-Status"));
    }

    static System.Net.Http.Headers.AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
}
