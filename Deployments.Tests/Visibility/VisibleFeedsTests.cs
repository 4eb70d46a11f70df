using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Dapper;
using Deployments.Data.Accounts;
using Deployments.Data.Figures;
using Deployments.Tests.Groups;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;
using Microsoft.AspNetCore.Routing;

namespace Deployments.Tests.Visibility;

/// <summary>
/// Walks every route that the program has, so that a new one is walked by itself, and looks for the marker that
/// everything of a closed feed carries.
/// </summary>
public sealed partial class VisibleFeedsTests : IAsyncLifetime
{
    const string Marker = "zqmarker";
    const string OtherKey = "key-of-the-open-feed";

    static readonly Dictionary<string, string[]> Values = new(StringComparer.OrdinalIgnoreCase)
    {
        ["feed"] = ["zqmarker-feed", "open"],
        ["name"] = ["Zqmarker.Package", "Plain.Package", "zqmarker-host", "WEB-01", "WEB-03", "Zqmarker.Package.2"],
        ["id"] = ["ZQMARKER-1", "PLAIN-1", "1"],
        ["target"] = ["zqmarker-host", "WEB-01", "WEB-02", "WEB-04", "web"],
        ["package"] = ["Zqmarker.Package", "Plain.Package"],
    };

    TestApp app = null!;
    string[] addresses = [];

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("open", "nuget");
        await app.CreateFeedAsync("zqmarker-feed", "nuget");
        await OpenAsync(false);
        await GroupAsync();
        await RecordAsync("open", "Plain.Package", "1.0.0", "WEB-01", "deploy", "jdoe", "plain");
        await RecordAsync("open", "Plain.Package", "1.0.0", "WEB-02", "deploy", "jdoe", "plain");
        await RecordAsync("zqmarker-feed", "Plain.Package", "2.0.0-zqmarker", "WEB-01", "zqmarker-app",
            "zqmarker-user", "zqmarker description");
        await RecordAsync("zqmarker-feed", "Zqmarker.Package", "1.0.0-zqmarker", "zqmarker-host", "zqmarker-app",
            "zqmarker-user", "zqmarker description");
        await RecordAsync("zqmarker-feed", "Zqmarker.Package", "1.0.0-zqmarker", "WEB-02", "deploy", "jdoe", "plain");
        await RecordAsync("zqmarker-feed", "Plain.Package", "2.0.0-zqmarker", "WEB-03", "deploy", "jdoe", "plain");
        await RecordAsync("open", "Plain.Package", "1.0.0", "WEB-03", "deploy", "jdoe", "plain");
        using (var removed = await app.Admin.PostAsJsonAsync("/api/package-deployments/removals", new
        {
            FeedName = "zqmarker-feed",
            PackageName = "Plain.Package",
            Target = "WEB-03",
            Application = "zqmarker-app",
            UserName = "zqmarker-user",
            Description = "zqmarker reason",
        }))
            Assert.True(removed.IsSuccessStatusCode);
        foreach (var target in new[] { "zqmarker-host", "WEB-01", "WEB-02", "WEB-04" })
            await SendInventoryAsync(target);
        foreach (var advisory in new[]
        {
            Osv.Advisory("ZQMARKER-1", "Zqmarker.Package", "0", "9.0.0"),
            Osv.Advisory("PLAIN-1", "Plain.Package", "0", "9.0.0"),
        })
        {
            using var imported = await app.Admin.PostAsJsonAsync("/api/vulnerabilities/import", advisory);
            Assert.True(imported.IsSuccessStatusCode);
        }

        foreach (var target in new[] { "zqmarker-host", "WEB-02" })
        {
            using var assessed = await app.Admin.PostAsJsonAsync("/api/vulnerabilities/PLAIN-1/assessments", new
            {
                state = "notAffected",
                justification = "component_not_present",
                reason = target.StartsWith(Marker, StringComparison.Ordinal) ? "zqmarker reason" : "It is not there.",
                target,
            });
            Assert.True(assessed.IsSuccessStatusCode, await assessed.Content.ReadAsStringAsync());
        }

        await app.Service<ArrivalStore>().CountAsync(TimeSpan.FromMinutes(1), default);
        addresses = await AddressesAsync();
    }

    // Those with numbers that only this database knows; and the key of another feed.
    async Task<string[]> AddressesAsync()
    {
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into api_keys (key_hash, key_type, display_name, permissions, feed_id)
            select sha256(convert_to(@key, 'UTF8')), 'Feed', 'other', '{view}', feed_id from feeds where name = 'open'
            """, new { key = OtherKey });
        return [.. await connection.QueryAsync<string>(
            """
            select '/deployments/' || id from deployments
            union all select '/deployments/' || id || '/remove' from deployments
            union all select '/drift/' || observation_id || '/record' from observations
            union all
            select '/drift/accept?target=' || t.name || '&type=nuget&name=' || p.name from targets t, packages p
            where p.type = 'nuget' and p.name like '%.Package'
            """)];
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task Nothing_of_a_closed_feed_is_seen_by_visitors_or_with_the_key_of_another_feed()
    {
        Assert.Empty(await LeaksAsync(app, null));
        Assert.Empty(await LeaksAsync(app, OtherKey));
        await using var closed = await TestApp.StartAsync(app.Database, "Deployments:AnonymousView=false");
        Assert.Empty(await LeaksAsync(closed, null));
        Assert.Empty(await LeaksAsync(closed, OtherKey));

        // The walk does find what is to be seen.
        await OpenAsync(true);
        Assert.InRange((await LeaksAsync(app, null)).Count, 20, int.MaxValue);
    }

    [Theory]
    [InlineData(AccountRole.Viewer, "view")]
    [InlineData(AccountRole.Publisher, "manage")]
    public async Task A_person_and_a_key_of_a_group_see_what_it_was_granted_until_it_is_taken_away(
        AccountRole role, string level)
    {
        await GroupSeed.LimitAsync(app, "zqmarker-feed");
        await GroupSeed.PersonAsync(app, "reader", role);
        var key = await GroupSeed.KeyAsync(app, "key-of-the-group", "{view}");
        await GroupSeed.KeyAsync(app, "key-of-the-reader", "{view,add}", owner: "reader");
        var group = await GroupSeed.MakeAsync(
            app, "readers", new { accounts = new[] { "reader" }, apiKeys = new[] { key } });
        await GroupSeed.MakeAsync(app, "others", new { grants = new[] { new { feed = "*", level } } });
        using var reader = await Browser.SignedInAsync(app, "reader", "reader's password");
        Task<IReadOnlyList<string>> WalkAsync() => LeaksAsync(app, null, reader);
        string[] keys = ["key-of-the-group", "key-of-the-reader", "reader:reader's password"];

        Assert.Empty(await WalkAsync());
        await GroupSeed.ChangeAsync(app, group, new { grants = new[] { new { feed = "zqmarker-feed", level } } });
        Assert.InRange((await WalkAsync()).Count, 30, int.MaxValue);
        foreach (var credential in keys)
            Assert.InRange((await LeaksAsync(app, credential)).Count, 10, int.MaxValue);

        await GroupSeed.ChangeAsync(app, group, new { grants = new[] { new { feed = "open", level } } });
        Assert.Empty(await WalkAsync());
        foreach (var credential in keys)
            Assert.Empty(await LeaksAsync(app, credential));
    }

    [Fact]
    public async Task A_closed_feed_and_what_only_it_has_answer_like_invented_ones()
    {
        foreach (var (real, invented) in new[]
        {
            ("/feeds/zqmarker-feed", "/feeds/nothing"),
            ("/feeds/zqmarker-feed/packages/Zqmarker.Package/history", "/feeds/nothing/packages/Nothing/history"),
            ("/targets/zqmarker-host", "/targets/nothing"),
            ("/api/targets/zqmarker-host", "/api/targets/nothing"),
            ("/api/vulnerabilities/ZQMARKER-1", "/api/vulnerabilities/NOTHING-1"),
            ("/connect?feed=zqmarker-feed", "/connect?feed=nothing"),
            ("/api/packages/zqmarker-feed/latest", "/api/packages/nothing/latest"),
        })
        {
            using var one = await app.Client.GetAsync(real);
            using var other = await app.Client.GetAsync(invented);
            Assert.False(one.IsSuccessStatusCode, real);
            Assert.Equal(other.StatusCode, one.StatusCode);
            var texts = (await one.Content.ReadAsStringAsync(), await other.Content.ReadAsStringAsync());
            Assert.Equal(texts.Item2, texts.Item1);
        }
    }

    [Fact]
    public async Task What_runs_now_through_a_closed_feed_is_not_told_as_something_older()
    {
        var web = await app.Client.GetStringAsync("/api/targets/WEB-01");
        Assert.DoesNotContain("Plain.Package", web, StringComparison.Ordinal);
        Assert.Contains("Plain.Package", await app.Admin.GetStringAsync("/api/targets/WEB-01"),
            StringComparison.Ordinal);
        Assert.Contains("Plain.Package", await app.Client.GetStringAsync("/api/targets/WEB-02"),
            StringComparison.Ordinal);
        Assert.DoesNotContain("Plain.Package", await app.Client.GetStringAsync("/api/targets/WEB-03"),
            StringComparison.Ordinal);
    }

    async Task<IReadOnlyList<string>> LeaksAsync(TestApp server, string? key, Browser? reader = null)
    {
        using var client = server.NewClient();
        client.DefaultRequestHeaders.Add("Accept", "text/html, */*");
        if (key is not null)
            client.DefaultRequestHeaders.Add("X-ApiKey", key);
        if (reader is not null)
            client.DefaultRequestHeaders.Add("Cookie", reader.Cookies.GetCookieHeader(server.Url));
        var leaks = new List<string>();
        foreach (var address in Addresses(server).Concat(addresses))
        {
            using var answer = await client.GetAsync(address);
            Assert.True((int)answer.StatusCode < 500, $"{address}: {answer.StatusCode}");
            var text = await answer.Content.ReadAsStringAsync();
            // What the address itself says may be said back.
            foreach (var said in Values.Values.SelectMany(values => values).OrderByDescending(value => value.Length))
            {
                if (address.Contains(said, StringComparison.Ordinal))
                    text = text.Replace(said, "", StringComparison.OrdinalIgnoreCase);
            }

            if (text.Contains(Marker, StringComparison.OrdinalIgnoreCase)
                || answer.Headers.ToString().Contains(Marker, StringComparison.OrdinalIgnoreCase)
                && !address.Contains(Marker, StringComparison.OrdinalIgnoreCase))
                leaks.Add(address);
        }

        return leaks;
    }

    static List<string> Addresses(TestApp server)
    {
        var routes = server.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>() is not { HttpMethods.Count: > 0 } methods
                || methods.HttpMethods.Contains("GET"))
            .Select(route => "/" + (route.RoutePattern.RawText ?? "").TrimStart('/')).Distinct();
        return [.. routes.SelectMany(Filled)
            .Concat(
            [
                "/search?q=2.0.0", "/search?q=1.0.0", "/search?q=WEB", "/search?q=Plain", "/search?q=deploy",
                "/deployments?name=Plain.Package", "/targets?sort=packages", "/targets?sort=last",
                "/targets/WEB-01?at=2100-01-01", "/targets/WEB-01?compare=WEB-02&show=all",
                "/targets/WEB-02?compareAt=2020-01-01&show=all", "/vulnerabilities?running=true",
                "/feeds/open/packages/Plain.Package/history?version=2.0.0", "/api/vulnerabilities/PLAIN-1.csv",
                "/api/packages/open/versions?name=Plain.Package", "/connect?feed=open",
                "/api/rollout?feed=open&name=Plain.Package", "/api/rollout.csv?feed=open&name=Plain.Package",
                "/figures?by=package", "/figures?by=application&targetGroup=web",
                "/api/figures?by=package&targetGroup=web", "/api/figures.csv?by=application&targetGroup=web",
                "/figures/versions?targetGroup=web", "/api/figures/versions?targetGroup=web",
                "/api/figures/versions.csv?targetGroup=rest", "/figures/versions?targetGroup=-",
                "/removals?targetGroup=web", "/api/package-deployments/removals.csv?targetGroup=web",
                "/vulnerabilities/PLAIN-1?targetGroup=web", "/safe-to-delete?feed=open&name=Plain.Package",
                "/api/vulnerabilities/PLAIN-1/exposure.csv?targetGroup=web",
                "/calendar?feed=open", "/matrix?by=target", "/matrix?targetGroup=web&at=2100-01-01",
                "/api/matrix?by=target",
                "/api/packages/safe-to-delete?feed=open&name=Plain.Package",
                "/api/packages/safe-to-delete?type=nuget&name=Zqmarker.Package", "/targets?targetGroup=web",
                "/drift?targetGroup=web", "/api/package-deployments?targetGroup=web",
                "/vulnerabilities?targetGroup=web",
                "/drift?all=true", "/api/drift?all=true", "/api/inventory/WEB-02?all=true",
            ])
            .Where(address => address != "/sign-out").Distinct()];
    }

    static IEnumerable<string> Filled(string pattern)
    {
        if (Parameter().Match(pattern) is not { Success: true } parameter)
            return [pattern];
        var values = Values.GetValueOrDefault(parameter.Groups["name"].Value, ["1"]);
        return values.SelectMany(value => Filled(
            pattern[..parameter.Index] + value + pattern[(parameter.Index + parameter.Length)..]));
    }

    async Task OpenAsync(bool isOpen)
    {
        using var answer = await app.Admin.PostAsJsonAsync(
            "/api/management/feeds/update/zqmarker-feed", new { anonymousAccess = isOpen });
        Assert.True(answer.IsSuccessStatusCode);
    }

    async Task GroupAsync()
    {
        using var grouped = await app.Admin.PutAsJsonAsync("/api/management/target-groups/update", new
        {
            groups = new[] { "web", "rest" },
            rules = new[] { new { pattern = "web-*", group = "web" }, new { pattern = "*", group = "rest" } },
        });
        Assert.True(grouped.IsSuccessStatusCode);
    }

    async Task SendInventoryAsync(string target)
    {
        using var seen = new StringContent(
            "zqmarker.package|3.0.0-zqmarker\nPlain.Package|1.0.0\nzqmarker-seen|1.0\n");
        using var taken = await app.Admin.PostAsync($"/api/inventory/{target}?scope=zqmarker-scope", seen);
        Assert.True(taken.IsSuccessStatusCode, await taken.Content.ReadAsStringAsync());
    }

    async Task RecordAsync(
        string feed, string package, string version, string target, string application, string user, string text)
    {
        using var answer = await app.Admin.PostAsJsonAsync("/api/package-deployment", new
        {
            FeedName = feed,
            PackageName = package,
            Version = version,
            Target = target,
            Application = application,
            UserName = user,
            Description = text,
        });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    [GeneratedRegex("""\{\**(?<name>\w+)[^}]*\}""")]
    private static partial Regex Parameter();
}
