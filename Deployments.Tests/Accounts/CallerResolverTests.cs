using System.Globalization;
using System.Net;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;

namespace Deployments.Tests.Accounts;

public sealed class CallerResolverTests(SharedApp shared) : IClassFixture<SharedApp>
{
    const string Url = "/api/management/feeds/list";

    static readonly Actor Test = new("test", null);

    [Theory]
    [InlineData("X-ApiKey", "{0}")]
    [InlineData("X-ApiKey", "api:{0}")]
    [InlineData("X-NuGet-ApiKey", "{0}")]
    [InlineData("Authorization", "Bearer {0}")]
    [InlineData("Authorization", "bearer {0}")]
    [InlineData("Authorization", "Basic api:{0}")]
    [InlineData("?key=", "{0}")]
    public async Task A_key_is_accepted_in_each_form_and_refused_when_wrong_expired_revoked_or_limited(
        string form, string value)
    {
        var app = shared.App;
        var own = $"{Guid.NewGuid():N}"; // the other forms have their own feed and keys
        await app.CreateFeedAsync(own, "nuget");
        await AddKeyAsync(app, "expired-" + own, Permissions.All,
            expiresAt: TimeProvider.System.GetUtcNow().AddSeconds(-1));
        await AddKeyAsync(app, "viewer-" + own, Permissions.View);
        await AddKeyAsync(app, "limited-" + own, Permissions.All, feed: own);
        var revoked = await AddKeyAsync(app, "revoked-" + own, Permissions.All);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, form, value, TestApp.ApiKey));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, form, value, "revoked-" + own));
        Assert.Equal(HttpStatusCode.OK,
            (await app.Admin.AskAsync("POST", $"/api/api-keys/delete?id={revoked}")).Status);
        foreach (var key in new[] { "expired-" + own, "viewer-" + own, "limited-" + own, "revoked-" + own,
            "no-such-key", TestApp.ApiKey + "x", "" })
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, form, value, key));
    }

    [Theory]
    [InlineData("X-ApiKey", "Admin:{0}")]
    [InlineData("X-ApiKey", "ADMIN:{0}")]
    [InlineData("Authorization", "Basic Admin:{0}")]
    [InlineData("?key=", "Admin:{0}")]
    public async Task A_name_and_password_are_accepted_wherever_a_key_is(string form, string value)
    {
        await using var app = await TestApp.StartAsync();

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, form, value, TestApp.AdminPassword));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, form, value, TestApp.AdminPassword + "x"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, form, value, ""));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, form, value, TestApp.AdminPassword));
    }

    [Theory]
    [InlineData("Basic !!!")]
    [InlineData("Basic")]
    [InlineData("Basic bm9jb2xvbg==")]
    [InlineData("Digest username=Admin")]
    [InlineData("Negotiate abc")]
    [InlineData("x")]
    public async Task Credentials_that_cannot_be_read_are_wrong_ones_not_none(string authorization)
    {
        var app = shared.App;
        var (status, body) = await app.Client.AskAsync("GET", Url, null, ("Authorization", authorization));

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("unknown, expired or revoked", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_credentials_all_must_be_right()
    {
        var app = shared.App;

        Assert.Equal(HttpStatusCode.OK,
            (await app.Admin.AskAsync("GET", Url, null, ("Authorization", Basic("Admin", TestApp.AdminPassword))))
                .Status);
        Assert.Equal(HttpStatusCode.Forbidden,
            (await app.Admin.AskAsync("GET", Url, null, ("Authorization", Basic("Admin", "wrong")))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Admin.AskAsync("GET", Url + "?key=wrong")).Status);
    }

    [Fact]
    public async Task A_refusal_is_plain_text_and_comes_before_the_body_is_looked_at()
    {
        var app = shared.App;
        using var content = new StringContent("{ not json", Encoding.UTF8, "application/json");

        using var answer = await app.Client.PostAsync("/api/management/feeds/create", content);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("This needs an API key.", await answer.Content.ReadAsStringAsync());
        Assert.Equal("24.0.3", answer.Headers.GetValues("X-ProGet-Version").Single());
    }

    [Fact]
    public async Task Wrong_passwords_are_limited_by_name_and_right_ones_in_use_go_on_working()
    {
        await using var app = await TestApp.StartAsync();
        await app.Service<AccountStore>().AddAsync(
            "other", app.Service<Passwords>().Hash("other's password"), AccountRole.Administrator, Test, default);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "X-ApiKey", "{0}", "other:other's password"));

        for (var i = 0; i < AttemptLimiter.FailuresMax; i++)
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, "X-ApiKey", "{0}", $"other:guess {i}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, Url);
        request.Headers.Add("X-ApiKey", "other:one guess more");
        using var answer = await app.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), AttemptLimiter.Window);
        Assert.Equal(HttpStatusCode.TooManyRequests,
            await StatusAsync(app, "Authorization", "Basic {0}", "OTHER:again"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "X-ApiKey", "{0}", "other:other's password"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "X-ApiKey", "{0}", $"Admin:{TestApp.AdminPassword}"));
    }

    [Fact]
    public async Task A_change_on_one_node_counts_on_the_other_at_once()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var one = await TestApp.StartAsync(database);
        await using var two = await TestApp.StartAsync(database);
        var id = await AddKeyAsync(one, "shared-key", Permissions.All);
        await one.Service<AccountStore>().AddAsync(
            "bob", one.Service<Passwords>().Hash("bob's password"), AccountRole.Administrator, Test, default);
        foreach (var value in new[] { "shared-key", "bob:bob's password" })
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(two, "X-ApiKey", "{0}", value));

        await one.Admin.AskAsync("POST", $"/api/api-keys/delete?id={id}");
        await one.Service<AccountStore>().ChangeAsync("bob", null, false, Test, default);

        foreach (var value in new[] { "shared-key", "bob:bob's password" })
        {
            await Patience.UntilAsync(
                async () => await StatusAsync(two, "X-ApiKey", "{0}", value) == HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task While_the_database_is_away_known_credentials_go_on_and_unknown_ones_cannot_be_told()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var app = await TestApp.StartAsync(database);
        var credentials = app.Service<Credentials>();
        Assert.IsType<CallerResult.Known>(await credentials.CheckKeyAsync(TestApp.ApiKey, default));
        Assert.IsType<CallerResult.Known>(
            await credentials.CheckPasswordAsync("Admin", TestApp.AdminPassword, null, default, fromTool: true));

        await database.TakeAwayAsync();

        Assert.IsType<CallerResult.Known>(await credentials.CheckKeyAsync(TestApp.ApiKey, default));
        Assert.IsType<CallerResult.Known>(
            await credentials.CheckPasswordAsync("Admin", TestApp.AdminPassword, null, default, fromTool: true));
        for (var i = 0; i < AttemptLimiter.FailuresMax + 2; i++)
            Assert.IsType<CallerResult.CannotTell>(
                await credentials.CheckPasswordAsync("Admin", "other", null, default, fromTool: true));
        using var request = new HttpRequestMessage(HttpMethod.Get, Url);
        request.Headers.Add("X-ApiKey", "never-seen-key");
        using var answer = await app.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        using var health = await app.Client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.InternalServerError, health.StatusCode);
        Assert.Contains("does not answer", await health.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await database.BringBackAsync();
        CallerResult result = new CallerResult.CannotTell();
        await Patience.UntilAsync(async () =>
        {
            result = await credentials.CheckKeyAsync("never-seen-key", default);
            return result is not CallerResult.CannotTell;
        });
        Assert.IsType<CallerResult.WrongCredentials>(result);
    }

    [Fact]
    public async Task The_time_of_last_use_is_noted_off_the_request()
    {
        await using var app = await TestApp.StartAsync();
        await app.Admin.AskAsync("GET", Url);
        Assert.Null((await app.Service<ApiKeyQueries>().AllAsync(default))[0].LastUsedAt);

        await app.Service<KeyUseWriter>().WriteAsync(default);

        Assert.NotNull((await app.Service<ApiKeyQueries>().AllAsync(default))[0].LastUsedAt);
    }

    [Fact]
    public async Task A_personal_key_may_do_what_its_account_may()
    {
        var app = shared.App;
        var accounts = app.Service<AccountStore>();
        await accounts.AddAsync("carol", "x", AccountRole.Viewer, Test, default);
        var key = (string)(await app.Admin.JsonAsync(
            "POST", "/api/api-keys/create", new { type = "Personal", user = "Carol" }))["key"]!;

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, "X-ApiKey", "{0}", key));
        await accounts.ChangeAsync("carol", AccountRole.Administrator, null, Test, default);
        await app.Service<Credentials>().RefreshAsync(default);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "X-ApiKey", "{0}", key));
        await accounts.ChangeAsync("carol", null, false, Test, default);
        await app.Service<Credentials>().RefreshAsync(default);
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, "X-ApiKey", "{0}", key));
    }

    internal static async Task<int> AddKeyAsync(
        TestApp app, string key, Permissions permissions, string? feed = null, DateTimeOffset? expiresAt = null)
    {
        var made = new NewApiKey
        {
            KeyHash = ApiKeys.Hash(key),
            Type = feed is null ? "System" : "Feed",
            DisplayName = key,
            Permissions = permissions,
            Feed = feed,
            ExpiresAt = expiresAt,
        };
        var (outcome, id) = await app.Service<ApiKeyStore>().AddAsync(made, Test, default);
        Assert.Equal(ApiKeyOutcome.Saved, outcome);
        return id;
    }

    internal static string Basic(string name, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));

    static async Task<HttpStatusCode> StatusAsync(TestApp app, string form, string value, string credential)
    {
        var text = string.Format(CultureInfo.InvariantCulture, value, credential);
        if (form == "?key=")
            return (await app.Client.AskAsync("GET", $"{Url}?key={Uri.EscapeDataString(text)}")).Status;
        if (text.StartsWith("Basic ", StringComparison.Ordinal))
            text = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(text["Basic ".Length..]));
        return (await app.Client.AskAsync("GET", Url, null, (form, text))).Status;
    }
}
