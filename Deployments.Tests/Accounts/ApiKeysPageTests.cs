using System.Net;
using System.Text.RegularExpressions;
using Deployments.Data.Accounts;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Accounts;

public sealed class ApiKeysPageTests
{
    const string Page = "/admin/api-keys";

    [Fact]
    public async Task A_key_is_made_shown_once_used_and_revoked()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var made = await admin.PostAsync(
            Page, Page + "?handler=Create", ("DisplayName", "ci"), ("Manage", "true"), ("LastDay", "2099-12-31"));

        Assert.True(made.Headers.CacheControl!.NoStore);
        var key = Regex.Match(await made.Content.ReadAsStringAsync(), "<code class=\"secret\">([^<]+)<")
            .Groups[1].Value;
        Assert.Equal(43, key.Length);
        Assert.DoesNotContain(key, await admin.ReadAsync(Page), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK,
            (await app.Client.AskAsync("GET", "/api/api-keys/list", null, ("X-ApiKey", key))).Status);
        var stored = (await app.Service<ApiKeyQueries>().AllAsync(default))[0];
        Assert.Equal(new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero), stored.ExpiresAt);

        using var revoked = await admin.PostAsync(Page, Page + "?handler=Revoke", ("id", $"{stored.ApiKeyId}"));

        Assert.Equal(HttpStatusCode.Found, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden,
            (await app.Client.AskAsync("GET", "/api/api-keys/list", null, ("X-ApiKey", key))).Status);
    }

    [Theory]
    [InlineData("", "true", "", "2099-12-31", "required")]
    [InlineData("with \"quotes\"", "true", "", "2099-12-31", "no quotation mark")]
    [InlineData("ci", "false", "", "2099-12-31", "Choose what the key may do.")]
    [InlineData("ci", "true", "nowhere", "2099-12-31", "There is no such feed.")]
    [InlineData("ci", "true", "", "2001-12-31", "in the past")]
    public async Task An_unfit_key_is_not_made(string name, string view, string feed, string lastDay, string reason)
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync(
            Page, Page + "?handler=Create", ("DisplayName", name), ("View", view), ("Feed", feed),
            ("LastDay", lastDay));

        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(await app.Service<ApiKeyQueries>().AllAsync(default));
    }
}
