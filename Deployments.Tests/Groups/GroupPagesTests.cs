using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Groups;

/// <summary>Administrators make groups on pages and through the API; nobody else does.</summary>
public sealed class GroupPagesTests(SharedApp shared) : IClassFixture<SharedApp>
{
    readonly string name = "p" + Guid.NewGuid().ToString("n")[..12];

    TestApp App => shared.App;

    [Fact]
    public async Task A_group_is_made_filled_granted_renamed_and_deleted_and_the_log_has_all_of_it()
    {
        await App.CreateFeedAsync(name, "nuget");
        await GroupSeed.PersonAsync(App, name, AccountRole.Viewer);
        var key = await GroupSeed.KeyAsync(App, name + "-key", "{view}");
        using var admin = await Browser.SignedInAsync(App);
        using var made = await admin.PostAsync("/admin/groups", "/admin/groups", ("Name", name));
        var page = made.Headers.Location!.OriginalString;
        async Task SendAsync(string handler, params (string, string)[] fields)
        {
            using var answer = await admin.PostAsync(page, $"{page}?handler={handler}", fields);
            Assert.True(answer.StatusCode == HttpStatusCode.Found, await answer.Content.ReadAsStringAsync());
        }

        await SendAsync("AddUser", ("user", name.ToUpperInvariant()));
        await SendAsync("AddKey", ("key", $"{key}"));
        await SendAsync("AddGrant", ("feed", name), ("level", "View"));
        await SendAsync("AddGrant", ("feed", name), ("level", "Manage"));
        await SendAsync("AddGrant", ("feed", "Other-*"), ("level", "Add"));
        var shown = await admin.ReadAsync(page);
        Assert.Contains("other-*", shown, StringComparison.Ordinal);
        Assert.Contains(name + "-key", shown, StringComparison.Ordinal);
        Assert.Contains("others see it too", shown, StringComparison.Ordinal);
        Assert.Contains($"{name}: manage", await admin.ReadAsync("/admin/groups"), StringComparison.Ordinal);
        foreach (var other in new[] { "/admin/users", "/admin/api-keys", "/admin/feeds/" + name })
            Assert.Contains(page, await admin.ReadAsync(other), StringComparison.Ordinal);
        using (var person = await Browser.SignedInAsync(App, name, name + "'s password"))
            Assert.Contains($"{name}: manage", await person.ReadAsync("/account"), StringComparison.Ordinal);

        await SendAsync("Rename", ("name", name + " too"));
        await SendAsync("RemoveGrant", ("feed", "other-*"));
        await SendAsync("RemoveUser", ("member", $"{await AccountIdAsync()}"));
        await SendAsync("RemoveKey", ("member", $"{key}"));
        using (var wrong = await admin.PostAsync(page, page + "?handler=Delete", ("confirm", name)))
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        await SendAsync("Delete", ("confirm", name + " TOO"));
        using var gone = await admin.GetAsync(page);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        var log = await App.Service<AuditQueries>().PageAsync(
            new AuditFilter(null, null) { Subject = name }, null, 50, default);
        Assert.Contains(log, happened => happened.Action == "group.create");
        Assert.Contains(log, happened => happened.Action == "group.update"
            && happened.After!.Contains($"{name}: manage", StringComparison.Ordinal));
        Assert.All(log.Where(happened => happened.Action.StartsWith("group.", StringComparison.Ordinal)),
            happened => Assert.Equal("Admin", happened.Actor));
    }

    [Theory]
    [InlineData("AddUser", "user", "nobody-of-that-name", "There is no user called")]
    [InlineData("AddGrant", "feed", "nothing-of-that-name", "There is no feed called")]
    [InlineData("AddGrant", "feed", "a b*", "There is no feed called")]
    [InlineData("AddKey", "key", "2147483647", "There is no API key")]
    [InlineData("AddClaim", "claim", "x", "Name the provider")]
    [InlineData("Rename", "name", " ", "The name of a group")]
    [InlineData("Rename", "name", "taken", "Another group has this name")]
    public async Task What_cannot_be_is_refused_with_the_reason(string handler, string field, string value, string why)
    {
        if (value == "taken")
            await App.Admin.AskAsync("POST", GroupSeed.Groups + "/create", new { name = "Taken" });
        var group = await GroupSeed.MakeAsync(App, name);
        using var admin = await Browser.SignedInAsync(App);
        using var answer = await admin.PostAsync(
            $"/admin/groups/{group}", $"/admin/groups/{group}?handler={handler}", (field, value));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(why, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_personal_key_is_in_no_group_of_its_own()
    {
        await GroupSeed.PersonAsync(App, name, AccountRole.Viewer);
        var key = await GroupSeed.KeyAsync(App, name + "-own", "{view}", owner: name);
        var (status, text) = await App.Admin.AskAsync(
            "POST", GroupSeed.Groups + "/create", new { name, apiKeys = new[] { key } });
        Assert.Equal((HttpStatusCode.BadRequest, $"API key {key} is {name}'s own, and may what {name} may."),
            (status, text));
    }

    [Fact]
    public async Task Hostile_names_stay_text()
    {
        var hostile = $"<b>{name}</b> \u202e\"'&";
        var group = await GroupSeed.MakeAsync(App, hostile);
        using var admin = await Browser.SignedInAsync(App);
        foreach (var page in new[] { "/admin/groups", $"/admin/groups/{group}" })
        {
            using var answer = await admin.GetAsync(page);
            var html = await answer.Content.ReadAsStringAsync();
            Assert.Contains(name, html, StringComparison.Ordinal);
            Assert.DoesNotContain($"<b>{name}", html, StringComparison.Ordinal);
        }

        Assert.Equal(hostile, (string?)(await App.Admin.JsonAsync("GET", $"{GroupSeed.Groups}/get/{group}"))["name"]);
    }

    [Fact]
    public async Task Only_administrators_look_at_groups_and_change_them()
    {
        var group = await GroupSeed.MakeAsync(App, name);
        await GroupSeed.PersonAsync(App, name, AccountRole.Publisher);
        using var person = await Browser.SignedInAsync(App, name, name + "'s password");
        foreach (var page in new[] { "/admin/groups", $"/admin/groups/{group}" })
        {
            using var answer = await person.GetAsync(page);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        using (var tried = await person.PostAsync("/account", $"/admin/groups/{group}?handler=AddUser", ("user", name)))
            Assert.Equal(HttpStatusCode.Forbidden, tried.StatusCode);
        foreach (var (method, path) in new[]
        {
            ("GET", "list"), ("GET", $"get/{group}"), ("POST", "create"), ("POST", $"update/{group}"),
            ("DELETE", $"delete/{group}"),
        })
        {
            foreach (var headers in new (string, string)[][] { [], [GroupSeed.Basic(name)] })
                Assert.Equal(HttpStatusCode.Forbidden, (await App.Client.AskAsync(
                    method, $"{GroupSeed.Groups}/{path}", null, headers)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound,
            (await App.Admin.AskAsync("GET", GroupSeed.Groups + "/get/none")).Status);
    }

    [Fact]
    public async Task The_settings_of_a_feed_are_for_those_who_manage_it()
    {
        await GroupSeed.FeedAsync(App, name);
        await GroupSeed.PersonAsync(App, name, AccountRole.Viewer);
        using var person = await Browser.SignedInAsync(App, name, name + "'s password");
        var page = $"/feeds/{name}/settings";
        async Task<HttpStatusCode> StatusAsync()
        {
            using var answer = await person.GetAsync(page);
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync());
        await GroupSeed.LimitAsync(App, name);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync());
        await GroupSeed.MakeAsync(App, name, new
        {
            accounts = new[] { name },
            grants = new[] { new { feed = name, level = "manage" } },
        });
        Assert.Contains(page, await person.ReadAsync("/feeds/" + name), StringComparison.Ordinal);
        using (var saved = await person.PostAsync(page, page, ("Description", "ours now"), ("Active", "true"),
            ("NewName", "stolen"), ("AnonymousAccess", "true"), ("Connectors", "x")))
            Assert.Equal(HttpStatusCode.Found, saved.StatusCode);
        var feed = await App.Admin.JsonAsync("GET", "/api/management/feeds/get/" + name);
        Assert.Equal(("ours now", true, false, false), ((string?)feed["description"], (bool)feed["active"]!,
            (bool)feed["anonymousAccess"]!, (bool)feed["deploymentRecordsEnabled"]!));
        Assert.True((bool)feed["groupsOnly"]!);
    }

    [Fact]
    public async Task Who_may_add_to_one_feed_records_and_removes_there_and_nowhere_else()
    {
        var other = name + "-other";
        await GroupSeed.FeedAsync(App, name);
        await GroupSeed.FeedAsync(App, other);
        await GroupSeed.PersonAsync(App, name, AccountRole.Viewer);
        using var person = await Browser.SignedInAsync(App, name, name + "'s password");
        async Task<HttpStatusCode> StatusAsync(string page)
        {
            using var answer = await person.GetAsync(page);
            return answer.StatusCode;
        }

        async Task<HttpStatusCode> RecordAsync(string feed)
        {
            using var answer = await person.PostAsync("/account", "/deployments/new", ("Form.Feed", feed),
                ("Form.Package", "app"), ("Form.Version", "2.0.0"), ("Form.Target", feed + "-host"),
                ("Form.Application", "By hand"), ("Form.Description", "x"));
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("/deployments/new"));
        Assert.Equal(HttpStatusCode.Forbidden, await RecordAsync(name));
        await GroupSeed.MakeAsync(App, name, new
        {
            accounts = new[] { name },
            grants = new[] { new { feed = name, level = "add" } },
        });
        Assert.DoesNotContain(other, await person.ReadAsync("/deployments/new"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, await RecordAsync(other));
        Assert.Equal(HttpStatusCode.Found, await RecordAsync(name));
        foreach (var (feed, expected) in new[] { (name, HttpStatusCode.OK), (other, HttpStatusCode.NotFound) })
        {
            var made = await App.Admin.JsonAsync("POST", "/api/package-deployment", new
            {
                FeedName = feed,
                PackageName = "app",
                Version = "3.0.0",
                Target = feed + "-host",
                Application = "a",
                Description = "",
            });
            Assert.Equal(expected, await StatusAsync($"/deployments/{made["id"]}/remove"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync($"/deployments/{made["id"]}"));
        }
    }

    [Fact]
    public async Task A_feed_is_limited_or_open_to_anybody_and_not_both()
    {
        await App.CreateFeedAsync(name, "nuget");
        var update = "/api/management/feeds/update/" + name;
        var (status, text) = await App.Admin.AskAsync(
            "POST", update, new { groupsOnly = true, anonymousAccess = true });
        Assert.Equal((HttpStatusCode.BadRequest,
            "groupsOnly: a feed limited to groups cannot let anonymous clients download."), (status, text));
        var limited = await App.Admin.JsonAsync("POST", update, new { groupsOnly = true });
        Assert.False((bool)limited["anonymousAccess"]!);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await App.Admin.AskAsync("POST", update, new { anonymousAccess = true })).Status);
    }

    async Task<int> AccountIdAsync() =>
        (await App.Service<AccountQueries>().ByNameOrNullAsync(name, default))!.AccountId;
}
