using System.Net;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;

namespace Deployments.Tests.Accounts;

/// <summary>How often a stranger may guess, and that it is only strangers who then wait.</summary>
public sealed class AttemptTests
{
    [Fact]
    public void Names_of_ones_own_invention_are_tried_so_often_and_no_more()
    {
        var limiter = new AttemptLimiter(TimeProvider.System);
        for (var i = 0; i < AttemptLimiter.SourceFailuresMax; i++)
            Assert.Null(limiter.BeginOrWait("192.0.2.7", $"name {i}"));

        Assert.InRange(limiter.BeginOrWait("192.0.2.7", "one more")!.Value, TimeSpan.FromSeconds(1),
            AttemptLimiter.Window);
        Assert.Null(limiter.BeginOrWait("192.0.2.8", "one more"));
    }

    [Fact]
    public void Whoever_has_one_address_of_IPv6_has_all_of_its_network()
    {
        var limiter = new AttemptLimiter(TimeProvider.System);
        for (var i = 0; i < AttemptLimiter.FailuresMax; i++)
            Assert.Null(limiter.BeginOrWait($"2001:db8:0:1::{i:x}", "Admin"));

        Assert.NotNull(limiter.BeginOrWait("2001:db8:0:1:ffff::1", "admin"));
        Assert.Null(limiter.BeginOrWait("2001:db8:0:2::1", "admin"));
        for (var i = 0; i < AttemptLimiter.FailuresMax; i++)
            Assert.Null(limiter.BeginOrWait($"::ffff:192.0.2.{i}", "Admin")); // each a machine of its own
    }

    [Fact]
    public void Right_passwords_and_those_that_could_not_be_checked_count_for_nothing()
    {
        var limiter = new AttemptLimiter(TimeProvider.System);
        for (var i = 0; i < 10 * AttemptLimiter.SourceFailuresMax; i++)
        {
            Assert.Null(limiter.BeginOrWait("192.0.2.7", $"agent {i % 50}"));
            if (i % 2 == 0)
                limiter.Succeed("192.0.2.7", $"agent {i % 50}");
            else
                limiter.TakeBack("192.0.2.7", $"agent {i % 50}");
        }
    }

    [Fact]
    public async Task A_stranger_at_the_same_address_locks_out_strangers_only()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);
        (await admin.PostAsync("/account", "/sign-out")).Dispose();

        using var stranger = new Browser(app.Url);
        for (var i = 0; i < AttemptLimiter.FailuresMax; i++)
            Assert.Equal(HttpStatusCode.OK, await SignInAsync(stranger, "Admin", $"guess {i}"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await SignInAsync(stranger, "Admin", "one more"));

        Assert.Equal(HttpStatusCode.OK, await SignInAsync(admin, "Admin", "a slip of the hand")); // told, not refused
        Assert.Equal(HttpStatusCode.Found, await SignInAsync(admin, "Admin", TestApp.AdminPassword));
    }

    [Fact]
    public async Task A_known_device_is_limited_too_and_known_for_one_name_only()
    {
        await using var app = await TestApp.StartAsync();
        await SignInTests.AddAsync(app, "viewer", Data.Accounts.AccountRole.Viewer);
        using var viewer = await Browser.SignedInAsync(app, "viewer", "viewer's password");
        (await viewer.PostAsync("/account", "/sign-out")).Dispose();
        for (var i = 0; i < AttemptLimiter.FailuresMax; i++)
            Assert.Equal(HttpStatusCode.OK, await SignInAsync(viewer, "viewer", $"guess {i}"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await SignInAsync(viewer, "viewer", "guess"));

        // For another name it is a stranger like any other.
        for (var i = 0; i < AttemptLimiter.FailuresMax; i++)
            Assert.Equal(HttpStatusCode.OK, await SignInAsync(viewer, "Admin", $"guess {i}"));
        using var stranger = new Browser(app.Url);
        Assert.Equal(HttpStatusCode.TooManyRequests, await SignInAsync(stranger, "Admin", "guess"));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.0.0.0/8, 127.0.0.0/8")]
    public async Task A_known_proxy_tells_who_is_behind_it(string proxies)
    {
        await using var app = await TestApp.StartAsync(null, "Deployments:KnownProxies=" + proxies);

        Assert.Equal(HttpStatusCode.TooManyRequests, await GuessAsync(app, _ => "198.51.100.1, 10.9.9.9"));
        Assert.Equal(HttpStatusCode.Forbidden, await GuessAsync(app, i => $"198.51.100.{i + 2}"));
        // What the client itself wrote in front of what the proxy saw counts for nothing.
        Assert.Equal(HttpStatusCode.TooManyRequests, await GuessAsync(app, i => $"192.0.2.{i}, 203.0.113.9"));
        Assert.StartsWith("https://feeds.example.com/", await IndexAsync(app), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Deployments:KnownProxies=192.0.2.1")]
    [InlineData("Deployments:AnonymousView=false")]
    public async Task What_nobody_vouches_for_is_not_believed(string setting)
    {
        await using var app = await TestApp.StartAsync(null, setting);

        Assert.Equal(HttpStatusCode.TooManyRequests, await GuessAsync(app, i => $"198.51.100.{i}"));
        Assert.StartsWith(app.Url.AbsoluteUri, await IndexAsync(app), StringComparison.Ordinal);
    }

    static async Task<HttpStatusCode> SignInAsync(Browser browser, string name, string password)
    {
        using var answer = await browser.PostAsync("/sign-in", "/sign-in", ("name", name), ("password", password));
        return answer.StatusCode;
    }

    // As often as is allowed, and once more.
    static async Task<HttpStatusCode> GuessAsync(TestApp app, Func<int, string> forwardedFor)
    {
        var status = HttpStatusCode.OK;
        for (var i = 0; i <= AttemptLimiter.FailuresMax; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/api-keys/list");
            request.Headers.Add("X-ApiKey", $"Admin:guess {i}");
            request.Headers.Add("X-Forwarded-For", forwardedFor(i));
            using var answer = await app.Client.SendAsync(request);
            status = answer.StatusCode;
        }

        return status;
    }

    static async Task<string> IndexAsync(TestApp app)
    {
        await app.CreateFeedAsync("main", "nuget");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nuget/main/v3/index.json");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-Host", "feeds.example.com");
        request.Headers.Add("X-Forwarded-For", "198.51.100.1");
        using var answer = await app.Client.SendAsync(request);
        return (string)System.Text.Json.Nodes.JsonNode.Parse(
            await answer.Content.ReadAsStringAsync())!["resources"]![0]!["@id"]!;
    }
}
