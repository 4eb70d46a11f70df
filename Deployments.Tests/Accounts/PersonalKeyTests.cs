using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;

namespace Deployments.Tests.Accounts;

/// <summary>People make keys for themselves, that may never do more than they may.</summary>
public sealed partial class PersonalKeyTests(SharedApp shared) : IClassFixture<SharedApp>
{
    const string Page = "/account/keys";

    static readonly Actor Test = new("test", null);

    readonly string name = "u" + Guid.NewGuid().ToString("n")[..12];

    [Fact]
    public async Task A_key_is_shown_once_works_in_every_form_and_ends_when_it_is_revoked()
    {
        using var browser = await PersonAsync(AccountRole.Administrator);
        var key = await MakeAsync(browser, ("DisplayName", "laptop"), ("Manage", "true"));
        Assert.DoesNotContain(key, await browser.ReadAsync(Page), StringComparison.Ordinal);

        foreach (var (header, value) in Forms(key))
            Assert.Equal(HttpStatusCode.OK, await StatusAsync("/api/management/feeds/list", header, value));
        var listed = Assert.Single(await KeysAsync());
        Assert.Equal(("Personal", "laptop", name), (listed.Type, listed.DisplayName, listed.Account!.Name));
        Assert.DoesNotContain(key, Convert.ToHexString(listed.KeyHash), StringComparison.OrdinalIgnoreCase);
        using var admin = await Browser.SignedInAsync(shared.App);
        Assert.Contains($"what <bdi>{name}</bdi> may", await admin.ReadAsync("/admin/api-keys"),
            StringComparison.Ordinal);

        using (var revoked = await browser.PostAsync(Page, Page + "?handler=Revoke", ("id", $"{listed.ApiKeyId}")))
            Assert.Equal(HttpStatusCode.Found, revoked.StatusCode);
        foreach (var (header, value) in Forms(key))
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("/api/management/feeds/list", header, value));
        var log = await shared.App.Service<AuditQueries>().PageAsync(new AuditFilter(name, null), null, 9, default);
        Assert.Equal(["apiKey.revoke", "apiKey.create"], log.Select(happened => happened.Action));
        Assert.DoesNotContain(key, string.Concat(log.Select(happened => happened.After)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_no_password_of_the_pages_and_of_nobody_else()
    {
        using var browser = await PersonAsync(AccountRole.Administrator);
        var key = await MakeAsync(browser, ("DisplayName", "laptop"), ("Manage", "true"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(
            "/api/management/feeds/list", "Authorization", CallerResolverTests.Basic(name, key)));

        using var page = new Browser(shared.App.Url);
        using var refused = await page.PostAsync("/sign-in", "/sign-in", ("name", name), ("password", key));
        Assert.Contains("The name or the password is wrong.", await refused.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        using var changed = await browser.PostAsync("/account", "/account",
            ("Current", key), ("New", "a better password"), ("Repeated", "a better password"));
        Assert.Contains("The current password is wrong.", await changed.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        foreach (var other in new[] { "Admin", name + "x" })
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(
                "/api/management/feeds/list", "Authorization", CallerResolverTests.Basic(other, key)));
    }

    [Fact]
    public async Task A_key_loses_what_its_owner_loses_and_dies_with_the_account()
    {
        using var browser = await PersonAsync(AccountRole.Administrator);
        var key = await MakeAsync(browser, ("DisplayName", "ci"), ("Manage", "true"));
        Task<HttpStatusCode> Ask() => StatusAsync("/api/management/feeds/list", "X-ApiKey", key);
        Assert.Equal(HttpStatusCode.OK, await Ask());
        await ChangeAsync(AccountRole.Publisher, null);
        Assert.Equal(HttpStatusCode.Forbidden, await Ask());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/api/package-deployments", "X-ApiKey", key));
        await ChangeAsync(AccountRole.Administrator, null);
        Assert.Equal(HttpStatusCode.OK, await Ask());
        await ChangeAsync(null, false);
        Assert.Equal(HttpStatusCode.Forbidden, await Ask());
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("/api/package-deployments", "Authorization",
            CallerResolverTests.Basic(name, key)));
    }

    [Theory]
    [InlineData("ci", "Manage", "true", "may do no more than you")]
    [InlineData("ci", "Add", "true", "may do no more than you")]
    [InlineData("", "Add", "false", "required")]
    [InlineData("a \"quoted\" name", "Add", "false", "no quotation mark")]
    [InlineData("ci", "LastDay", "2001-12-31", "in the past")]
    [InlineData("ci", "LastDay", "2999-12-31", "within 366 days")]
    [InlineData("ci", "LastDay", "", "within 366 days")]
    [InlineData("ci", "Feed", "nowhere", "There is no such feed.")]
    public async Task An_unfit_key_is_not_made(string called, string field, string value, string reason)
    {
        using var browser = await PersonAsync(AccountRole.Viewer);
        using var answer = await browser.PostAsync(Page, Page,
        [
            ("DisplayName", called), (field, value),
            .. field == "LastDay" ? Array.Empty<(string, string)>() : [("LastDay", LastDay)],
        ]);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task Nobody_sees_or_revokes_the_keys_of_another_and_visitors_have_none()
    {
        using var browser = await PersonAsync(AccountRole.Viewer);
        await MakeAsync(browser, ("DisplayName", "secret name"));
        var id = Assert.Single(await KeysAsync()).ApiKeyId;
        using var admin = await Browser.SignedInAsync(shared.App);
        Assert.DoesNotContain("secret name", await admin.ReadAsync(Page), StringComparison.Ordinal);
        using (var tried = await admin.PostAsync(Page, Page + "?handler=Revoke", ("id", $"{id}")))
            Assert.Equal(HttpStatusCode.Found, tried.StatusCode);
        Assert.Null(Assert.Single(await KeysAsync()).RevokedAt);

        using (var byAdmin = await admin.PostAsync(
            "/admin/api-keys", "/admin/api-keys?handler=Revoke", ("id", $"{id}")))
            Assert.Equal(HttpStatusCode.Found, byAdmin.StatusCode);
        Assert.NotNull(Assert.Single(await KeysAsync()).RevokedAt);
        using var nobody = new Browser(shared.App.Url);
        using var refused = await nobody.GetAsync(Page);
        Assert.Equal(HttpStatusCode.Found, refused.StatusCode);
    }

    static string LastDay =>
        TimeProvider.System.GetUtcNow().AddDays(30).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    (string, string)[] Forms(string key) =>
    [
        ("X-ApiKey", key), ("X-NuGet-ApiKey", key), ("Authorization", "Bearer " + key),
        ("Authorization", CallerResolverTests.Basic("api", key)),
        ("Authorization", CallerResolverTests.Basic(name, key)),
        ("Authorization", CallerResolverTests.Basic(name.ToUpperInvariant(), key)),
    ];

    async Task<Browser> PersonAsync(AccountRole role)
    {
        await SignInTests.AddAsync(shared.App, name, role);
        return await Browser.SignedInAsync(shared.App, name, name + "'s password");
    }

    static async Task<string> MakeAsync(Browser browser, params (string, string)[] fields)
    {
        using var answer = await browser.PostAsync(Page, Page, [.. fields, ("LastDay", LastDay)]);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        return Secret().Match(await answer.Content.ReadAsStringAsync()).Groups[1].Value is { Length: 43 } key
            ? key
            : throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
    }

    Task<IReadOnlyList<ApiKey>> KeysAsync() => shared.App.Service<ApiKeyQueries>().OfAccountAsync(name, default);

    async Task ChangeAsync(AccountRole? role, bool? active)
    {
        await shared.App.Service<AccountStore>().ChangeAsync(name, role, active, Test, default);
        await shared.App.Service<Credentials>().RefreshAsync(default);
    }

    async Task<HttpStatusCode> StatusAsync(string url, string header, string value) =>
        (await shared.App.Client.AskAsync("GET", url, null, (header, value))).Status;

    [GeneratedRegex("<code class=\"secret\">([^<]+)</code>")]
    private static partial Regex Secret();
}
