using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

/// <summary>The pages and the read API on one running program.</summary>
public sealed class RecordPageTests(RecordPageTests.Running running) : IClassFixture<RecordPageTests.Running>
{
    HttpClient Client => running.App.Client;

    [Fact]
    public async Task A_record_shows_every_field_and_lets_no_markup_through()
    {
        var page = await GetAsync($"/deployments/{running.Hostile}");

        foreach (var text in (string[])[
            "pkg:nuget/Newtonsoft.Json@13.0.1", "WEB-01", "API key &quot;ci&quot;", "NuGet/6.12",
            "BuildMaster", "&lt;script&gt;alert(1)&lt;/script&gt;", "X-ProGet-Deployment-Target: WEB-01",
            "Headers on a package download"])
            Assert.Contains(text, page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_record_came_from_is_for_administrators_unless_a_setting_says_otherwise()
    {
        const string Address = "192.0.2.7";
        var record = $"/deployments/{running.Hostile}";
        Assert.DoesNotContain(Address, await GetAsync(record), StringComparison.Ordinal);
        using var admin = await Browser.SignedInAsync(running.App);
        Assert.Contains(Address, await admin.ReadAsync(record), StringComparison.Ordinal);

        await using var open = await TestApp.StartAsync(
            running.App.Database, "Deployments:ViewersSeeAddresses=true");
        Assert.Contains(Address, await open.Client.GetStringAsync(record), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/deployments/999999", HttpStatusCode.NotFound)]
    [InlineData("/deployments/71", HttpStatusCode.OK)]
    [InlineData("/deployments/72", HttpStatusCode.OK)]
    [InlineData("/deployments?from=yesterday", HttpStatusCode.BadRequest)]
    [InlineData("/deployments?cursor=nonsense", HttpStatusCode.BadRequest)]
    [InlineData("/deployments?text=%00", HttpStatusCode.OK)]
    [InlineData("/targets", HttpStatusCode.OK)]
    [InlineData("/targets?text=web", HttpStatusCode.OK)]
    [InlineData("/targets/WEB-01", HttpStatusCode.OK)]
    [InlineData("/targets/WEB-01?at=2026-01-31", HttpStatusCode.OK)]
    [InlineData("/targets/WEB-01?at=soon", HttpStatusCode.BadRequest)]
    [InlineData("/targets/WEB-01?timeline=all", HttpStatusCode.OK)]
    [InlineData("/targets/WEB-01?timeline=none", HttpStatusCode.BadRequest)]
    [InlineData("/targets/WEB-99", HttpStatusCode.NotFound)]
    [InlineData("/targets/rack%2F7", HttpStatusCode.OK)]
    [InlineData("/api/targets/rack%2F7", HttpStatusCode.OK)]
    [InlineData("/api/targets/WEB-99", HttpStatusCode.NotFound)]
    [InlineData("/api/targets/WEB-01?at=soon", HttpStatusCode.BadRequest)]
    [InlineData("/api/package-deployments?limit=1001", HttpStatusCode.BadRequest)]
    [InlineData("/api/package-deployments?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("/api/package-deployments?to=31.1.2026", HttpStatusCode.BadRequest)]
    [InlineData("/api/package-deployments.csv?from=soon", HttpStatusCode.BadRequest)]
    [InlineData("/", HttpStatusCode.OK)]
    public async Task Each_address_answers_with_its_status(string address, HttpStatusCode status)
    {
        using var answer = await Client.GetAsync(address);

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task The_list_says_what_each_deployment_changed()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("apps", "universal");
        foreach (var (day, version) in new[] { (1, "1.0.0"), (2, "2.0.0"), (3, "1.5.0") })
        {
            using var answer = await app.Admin.PostAsJsonAsync("/api/package-deployment", new
            {
                application = "a",
                description = "d",
                target = "WEB-01",
                feedName = "apps",
                packageName = "shop",
                version,
                date = $"2026-01-0{day}T00:00:00Z",
            });
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        var page = await app.Client.GetStringAsync("/deployments?target=WEB-01");

        var marks = Regex.Matches(page, "class=\"mark ([a-z]+)\"").Select(match => match.Groups[1].Value);
        Assert.Equal(["rollback", "upgrade", "first"], marks);
        Assert.Contains("Rollback from 2.0.0", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_id_of_a_repeated_record_leads_to_the_record()
    {
        using var answer = await Client.GetAsync($"/deployments/{running.Duplicate}");

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal($"/deployments/{running.Repeated}", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_waiting_record_is_looked_for_again_by_itself()
    {
        var page = await GetAsync("/deployments/71");

        Assert.Contains("is being processed", page, StringComparison.Ordinal);
        Assert.Contains("http-equiv=\"refresh\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rejected_record_keeps_its_reason_from_those_who_do_not_administer()
    {
        var page = await GetAsync("/deployments/72");

        Assert.Contains("was rejected", page, StringComparison.Ordinal);
        Assert.DoesNotContain("missing", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_are_chips_and_the_exports_carry_them()
    {
        var page = await GetAsync("/deployments?target=WEB-01&name=newtonsoft.json&from=2026-01-31&to=2026-01-31");

        Assert.Contains("href=\"/deployments?name=newtonsoft.json&amp;from=2026-01-31&amp;to=2026-01-31\"", page,
            StringComparison.Ordinal);
        Assert.Contains("/api/package-deployments.csv?name=newtonsoft.json&amp;target=WEB-01&amp;from=", page,
            StringComparison.Ordinal);
        Assert.Contains($"/deployments/{running.Hostile}\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain($"/deployments/{running.Repeated}\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_shows_what_runs_there_and_what_ran_there_then()
    {
        var now = await GetAsync("/targets/web-01");
        var then = await GetAsync("/targets/WEB-01?at=2026-01-31T08:14:30Z");

        Assert.Contains("What runs here now", now, StringComparison.Ordinal);
        Assert.Contains("last deployment <time datetime=\"2026-01-31T08:15:00Z\"", now, StringComparison.Ordinal);
        Assert.Contains("13.0.1", AboveTheHistory(now), StringComparison.Ordinal);
        Assert.Contains("12.0.3", AboveTheHistory(then), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dashboard_says_what_happened_lately()
    {
        var page = await GetAsync("/");

        Assert.Contains("Newest deployments", page, StringComparison.Ordinal);
        Assert.Contains("1 rejected record waits", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_API_pages_through_everything()
    {
        var ids = new List<long>();
        var next = "";
        do
        {
            using var page = JsonDocument.Parse(await GetAsync($"/api/package-deployments?limit=2&cursor={next}"));
            ids.AddRange(page.RootElement.GetProperty("items").EnumerateArray()
                .Select(item => item.GetProperty("id").GetInt64()));
            next = page.RootElement.GetProperty("next").GetString();
        }
        while (next is not null);

        Assert.Equal(ids.Distinct(), ids);
        Assert.Equal(Running.Count, ids.Count);
    }

    [Fact]
    public async Task An_item_says_what_the_record_says()
    {
        using var page = JsonDocument.Parse(
            await GetAsync("/api/package-deployments?name=Newtonsoft.Json&version=13.0.1"));
        var item = page.RootElement.GetProperty("items")[0];

        Assert.Equal(
            ["id", "deployedAt", "recordedAt", "feed", "type", "group", "name", "version", "qualifier", "purl",
                "application", "description", "target", "url", "user", "recordedBy", "road"],
            item.EnumerateObject().Select(property => property.Name));
        Assert.Equal("2026-01-31T08:15:00Z", item.GetProperty("deployedAt").GetString());
        Assert.Equal("header", item.GetProperty("road").GetString());
        Assert.Equal("pkg:nuget/Newtonsoft.Json@13.0.1", item.GetProperty("purl").GetString());
    }

    [Theory]
    [InlineData("/api/package-deployments.csv?version=13.0.1", null)]
    [InlineData("/api/package-deployments?version=13.0.1", "text/csv")]
    public async Task The_CSV_has_what_is_filtered(string address, string? accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (accept is not null)
            request.Headers.Add("Accept", accept);
        using var answer = await Client.SendAsync(request);
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("id,deployedAt,recordedAt,feed,", lines[0], StringComparison.Ordinal);
        Assert.Contains(",BuildMaster,<script>alert(1)</script>,WEB-01,", lines[1], StringComparison.Ordinal);
        Assert.Equal(("", 3), (lines[^1], lines.Length));
    }

    [Fact]
    public async Task A_target_is_served_as_JSON()
    {
        using var now = JsonDocument.Parse(await GetAsync("/api/targets/web-01"));
        using var then = JsonDocument.Parse(await GetAsync("/api/targets/WEB-01?at=2026-01-31T08:14:30Z"));

        Assert.Equal("13.0.1", now.RootElement.GetProperty("packages")[0].GetProperty("version").GetString());
        Assert.Equal("12.0.3", then.RootElement.GetProperty("packages")[0].GetProperty("version").GetString());
        Assert.Equal("WEB-01", then.RootElement.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Strangers_cannot_add_records()
    {
        using var answer = await Client.GetAsync("/deployments/new");

        Assert.NotEqual(HttpStatusCode.OK, answer.StatusCode);
    }

    static string AboveTheHistory(string page) => page[..page.IndexOf("id=\"history\"", StringComparison.Ordinal)];

    async Task<string> GetAsync(string address)
    {
        using var answer = await Client.GetAsync(address);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{address}: {(int)answer.StatusCode} {body}");
        return body;
    }

    public sealed class Running : IAsyncLifetime
    {
        public const int Count = 4;

        public TestApp App { get; private set; } = null!;

        public long Hostile { get; private set; }

        public long Repeated { get; private set; }

        public long Duplicate => Repeated + 1;

        public async Task InitializeAsync()
        {
            App = await TestApp.StartAsync();
            var seed = await new Seed(App.Database).FeedAsync("main", "nuget");
            await seed.DeployAsync("Newtonsoft.Json 12.0.3", "WEB-01", -1);
            Hostile = await seed.DeployAsync("Newtonsoft.Json 13.0.1", "WEB-01", 0, change: record => record with
            {
                Description = "<script>alert(1)</script>",
            });
            await seed.DeployAsync("Newtonsoft.Json 9.0.1", "rack/7", 1);
            static NewRecord WithDate(NewRecord record) => record with { DateIsExplicit = true };
            Repeated = await seed.DeployAsync("Accounts.Web 1.5.0", "WEB-02", 2, change: WithDate);
            await seed.DeployAsync("Accounts.Web 1.5.0", "WEB-02", 2, change: WithDate);
            // The drain would have emptied the inbox before anybody could look.
            await seed.ExecuteAsync(
                """
                create function keep() returns trigger language plpgsql as 'begin return null; end';
                create trigger keep before delete on deployment_inbox for each row execute function keep();
                """);
            await seed.ExecuteAsync(PageSeed.Rejected(72));
            await seed.ExecuteAsync(PageSeed.Waiting(71));
        }

        public Task DisposeAsync() => App.DisposeAsync().AsTask();
    }
}
