using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Groups;

/// <summary>What groups make of people and keys, by every road on which something is done to a feed.</summary>
public sealed class GroupRightsTests(SharedApp shared) : IClassFixture<SharedApp>
{
    readonly string name = "g" + Guid.NewGuid().ToString("n")[..12];

    TestApp App => shared.App;

    [Theory]
    [InlineData("person", null, "")]
    [InlineData("person", "view", "download see")]
    [InlineData("person", "add", "download see upload record")]
    [InlineData("person", "manage", "download see upload record delete administer")]
    [InlineData("publisher", null, "")]
    [InlineData("publisher", "view", "download see")]
    [InlineData("key", null, "")]
    [InlineData("key", "view", "download see")]
    [InlineData("key", "add", "download see upload record")]
    [InlineData("key", "manage", "download see upload record delete administer")]
    [InlineData("personal key", null, "")]
    [InlineData("personal key", "manage", "download see upload record delete administer")]
    [InlineData("personal key to view", "manage", "download see")]
    [InlineData("administrator", null, "download see upload record delete administer")]
    public async Task A_limited_feed_is_what_a_group_was_granted_and_otherwise_not_there(
        string who, string? level, string expected)
    {
        await GroupSeed.FeedAsync(App, name);
        await GroupSeed.LimitAsync(App, name);
        var caller = await CallerAsync(who);
        var grants = level is null ? [] : new[] { new { feed = name, level } };
        await GroupSeed.MakeAsync(App, name, who.StartsWith("key", StringComparison.Ordinal)
            ? new { apiKeys = new[] { caller.KeyId }, grants }
            : new { accounts = new[] { name }, grants });

        Assert.Equal(expected, await GroupSeed.MayAsync(App, name, caller.Credential, "other"));
    }

    [Theory]
    [InlineData("person", "download see")]
    [InlineData("publisher", "download see upload record")]
    [InlineData("key", "download see")]
    public async Task A_grant_adds_to_what_a_role_or_key_allows_and_takes_from_nobody(string who, string before)
    {
        var other = name + "-other";
        await GroupSeed.FeedAsync(App, name);
        await GroupSeed.FeedAsync(App, other);
        var caller = await CallerAsync(who);
        Assert.Equal(before, await GroupSeed.MayAsync(App, name, caller.Credential, "one"));

        // Somebody else's grant changes nothing; one's own does, on that feed alone.
        var group = await GroupSeed.MakeAsync(
            App, name, new { grants = new[] { new { feed = name, level = "manage" } } });
        Assert.Equal(before, await GroupSeed.MayAsync(App, name, caller.Credential, "two"));
        await GroupSeed.ChangeAsync(App, group, who == "key"
            ? new { apiKeys = new[] { caller.KeyId } } : new { accounts = new[] { name } });
        Assert.Equal("download see upload record delete administer",
            await GroupSeed.MayAsync(App, name, caller.Credential, "three"));
        Assert.Equal(before, await GroupSeed.MayAsync(App, other, caller.Credential, "four"));
    }

    [Fact]
    public async Task A_pattern_covers_feeds_to_come_and_the_highest_grant_counts()
    {
        await GroupSeed.PersonAsync(App, name, AccountRole.Viewer);
        await GroupSeed.MakeAsync(App, name, new
        {
            accounts = new[] { name },
            grants = new[] { new { feed = name + "-*", level = "add" } },
        });
        await GroupSeed.FeedAsync(App, name + "-one");
        await GroupSeed.LimitAsync(App, name + "-one");
        await GroupSeed.FeedAsync(App, name + "_two");
        await GroupSeed.LimitAsync(App, name + "_two");
        Assert.Equal("download see upload record",
            await GroupSeed.MayAsync(App, name + "-one", GroupSeed.Basic(name), "a"));
        Assert.Equal("", await GroupSeed.MayAsync(App, name + "_two", GroupSeed.Basic(name), "a"));

        var second = await GroupSeed.MakeAsync(App, name + " too", new
        {
            accounts = new[] { name },
            grants = new[] { new { feed = name + "-one", level = "view" } },
        });
        Assert.Equal("download see upload record",
            await GroupSeed.MayAsync(App, name + "-one", GroupSeed.Basic(name), "b"));
        await GroupSeed.ChangeAsync(
            App, second, new { grants = new[] { new { feed = name + "-one", level = "manage" } } });
        Assert.Equal("download see upload record delete administer",
            await GroupSeed.MayAsync(App, name + "-one", GroupSeed.Basic(name), "c"));
    }

    [Fact]
    public async Task A_key_that_was_made_for_a_limited_feed_goes_on_and_a_personal_one_does_not()
    {
        await GroupSeed.FeedAsync(App, name);
        await GroupSeed.PersonAsync(App, name, AccountRole.Publisher);
        await GroupSeed.KeyAsync(App, name + "-key", "{view,add}", name);
        await GroupSeed.KeyAsync(App, name + "-own", "{view,add}", name, name);
        foreach (var key in new[] { "-key", "-own" })
            Assert.Equal("download see upload record",
                await GroupSeed.MayAsync(App, name, ("X-ApiKey", name + key), "before" + key));
        await GroupSeed.LimitAsync(App, name);
        Assert.Equal("download see upload record",
            await GroupSeed.MayAsync(App, name, ("X-ApiKey", name + "-key"), "after"));
        Assert.Equal("", await GroupSeed.MayAsync(App, name, ("X-ApiKey", name + "-own"), "after"));
    }

    [Fact]
    public async Task What_concerns_no_feed_goes_on_where_a_feed_is_limited_and_names_of_feeds_are_not_told()
    {
        await GroupSeed.FeedAsync(App, name);
        await GroupSeed.LimitAsync(App, name);
        await GroupSeed.PersonAsync(App, "x" + name[1..], AccountRole.Publisher);
        var person = GroupSeed.Basic("x" + name[1..]);
        using (var seen = new StringContent("App|1.0\n"))
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/api/inventory/WEB-01?scope=" + name)
        {
            Content = seen,
        })
        {
            request.Headers.TryAddWithoutValidation("Authorization", person.Item2);
            using var taken = await App.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        }

        foreach (var (method, url, body) in new (string, string, object?)[]
        {
            ("GET", "/api/packages/FEED/latest?name=app", null),
            ("POST", "/api/package-deployment", new
            {
                FeedName = "FEED", PackageName = "app", Version = "1.0.0", Target = "WEB-01", Application = "a",
                Description = "",
            }),
            ("POST", "/api/management/feeds/update/FEED", new { description = "x" }),
            ("GET", "/api/management/feeds/get/FEED", null),
        })
        {
            var answers = new List<(HttpStatusCode, string)>();
            foreach (var feed in new[] { name, "invented" })
            {
                var (status, text) = await App.Client.AskAsync(
                    method, url.Replace("FEED", feed, StringComparison.Ordinal),
                    body is null ? null : JsonNode.Parse(JsonSerializer.Serialize(body)
                        .Replace("FEED", feed, StringComparison.Ordinal)), person);
                answers.Add((status, text.Replace(feed, "FEED", StringComparison.Ordinal)));
            }

            Assert.Equal(HttpStatusCode.Forbidden, answers[0].Item1);
            Assert.Equal(answers[1], answers[0]);
        }

        // The feed's own address asks a stranger for credentials, and tells others that theirs do not suffice.
        Assert.Equal(HttpStatusCode.Unauthorized,
            (await App.Client.AskAsync("GET", $"/upack/{name}/download/app/1.0.0")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await App.Client.AskAsync(
            "GET", $"/upack/{name}/download/app/1.0.0", null, person)).Status);
    }

    [Fact]
    public async Task Whoever_manages_a_feed_decides_neither_who_uses_it_nor_what_it_is_called_or_asks()
    {
        await GroupSeed.FeedAsync(App, name);
        await GroupSeed.PersonAsync(App, name, AccountRole.Viewer);
        await GroupSeed.MakeAsync(App, name, new
        {
            accounts = new[] { name },
            grants = new[] { new { feed = name, level = "manage" } },
        });
        foreach (var body in new object[]
        {
            new { name = name + "x" }, new { anonymousAccess = true }, new { groupsOnly = true },
            new { alternateNames = new[] { name + "y" } }, new { vendorProperty = "x" },
        })
            Assert.Equal(HttpStatusCode.Forbidden, (await App.Client.AskAsync(
                "POST", "/api/management/feeds/update/" + name, body, GroupSeed.Basic(name))).Status);
        Assert.Equal(HttpStatusCode.OK, (await App.Client.AskAsync("POST", "/api/management/feeds/update/" + name,
            new { name, active = true, deploymentRecordsEnabled = false }, GroupSeed.Basic(name))).Status);
        foreach (var url in new[]
        {
            "/api/management/feeds/list", GroupSeed.Groups + "/list", "/api/management/connectors/list",
            "/api/api-keys/list",
        })
            Assert.Equal(HttpStatusCode.Forbidden,
                (await App.Client.AskAsync("GET", url, null, GroupSeed.Basic(name))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await App.Client.AskAsync("POST",
            "/api/management/feeds/delete/" + name, null, GroupSeed.Basic(name))).Status);
    }

    [Fact]
    public async Task Somebody_disabled_and_a_key_revoked_may_nothing_in_any_group()
    {
        await GroupSeed.FeedAsync(App, name);
        await GroupSeed.LimitAsync(App, name);
        await GroupSeed.PersonAsync(App, name, AccountRole.Viewer);
        var key = await GroupSeed.KeyAsync(App, name + "-key", "{view}");
        await GroupSeed.MakeAsync(App, name, new
        {
            accounts = new[] { name },
            apiKeys = new[] { key },
            grants = new[] { new { feed = name, level = "add" } },
        });
        var credentials = new[] { GroupSeed.Basic(name), ("X-ApiKey", name + "-key") };
        foreach (var credential in credentials)
            Assert.NotEqual("", await GroupSeed.MayAsync(App, name, credential, credential.Item1));
        await App.Service<AccountStore>().ChangeAsync(name, null, false, new("test", null), default);
        await App.Admin.AskAsync("POST", "/api/api-keys/delete?id=" + key);
        foreach (var credential in credentials)
            await Patience.UntilAsync(async () => (await App.Client.AskAsync(
                "GET", $"/upack/{name}/download/app/1.0.0", null, credential)).Status == HttpStatusCode.Unauthorized);
        using var admin = await Browser.SignedInAsync(App);
        Assert.Contains("nobody is in it", await admin.ReadAsync("/admin/feeds/" + name), StringComparison.Ordinal);
    }

    async Task<((string, string) Credential, int KeyId)> CallerAsync(string who)
    {
        if (who == "key")
            return (("X-ApiKey", name + "-key"), await GroupSeed.KeyAsync(App, name + "-key", "{view}"));
        await GroupSeed.PersonAsync(App, name, who switch
        {
            "publisher" => AccountRole.Publisher,
            "administrator" => AccountRole.Administrator,
            _ => AccountRole.Viewer,
        });
        if (!who.StartsWith("personal", StringComparison.Ordinal))
            return (GroupSeed.Basic(name), 0);
        await GroupSeed.KeyAsync(App, name + "-own",
            who == "personal key" ? "{view,add,delete,feeds,manage}" : "{view}", owner: name);
        return (("X-ApiKey", name + "-own"), 0);
    }
}
