using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Octopus;
using Deployments.Tests.Support;
using Deployments.Web.Octopus;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Deployments.Tests.Octopus;

public sealed class OctopusTests : IAsyncLifetime
{
    const string Page = "/admin/octopus/prod";

    static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    readonly LeapingTime time = new(TimeProvider.System.GetUtcNow());
    TestApp app = null!;
    FakeOctopus fake = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.StopJobsAsync();
        fake = await FakeOctopus.StartAsync();
        fake.Time = time;
        fake.Put("/api/Spaces-1/feeds/Feeds-9", $$"""
            {"Id":"Feeds-9","Name":"Our feed","FeedType":"NuGet","FeedUri":"{{app.Url}}nuget/main/v3/index.json"}
            """);
        await app.CreateFeedAsync("main", "nuget");
    }

    public async Task DisposeAsync()
    {
        await fake.DisposeAsync();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task The_activity_says_which_machines_got_a_package()
    {
        fake.Add(new FakeDeployment(11, Noon)
        {
            Machines = [("Machines-1", "web-01", "Success"), ("Machines-2", "web-02", "Skipped")],
        });
        // A package of the same release whose step the log does not have did not run.
        fake.Put("/api/Spaces-1/deploymentprocesses/deploymentprocess-Projects-3-s-4-ABCDE/template",
            """
            {"Packages":[
              {"ActionName":"Deploy web","StepName":"Deploy web","PackageReferenceName":"","PackageId":"Shop.Web",
               "FeedId":"Feeds-9","IsResolvable":true},
              {"ActionName":"Run script","StepName":"Run script","PackageReferenceName":"Shop.Tools",
               "PackageId":"Shop.Tools","FeedId":"Feeds-9","FixedVersion":"2.0.0","IsResolvable":true}]}
            """);
        await ConnectAsync();

        await PollAsync();

        var record = Assert.Single(await RecordsAsync());
        Assert.Equal("Shop.Web", (string)record.name);
        Assert.Equal("1.4.2", (string)record.version);
        Assert.Equal("web-01", (string)record.target);
        Assert.Equal("jane.doe", (string)record.user_name);
        Assert.Equal("Shop", (string)record.application);
        Assert.Equal("Release 1.4.2 to Production", (string)record.description);
        Assert.Equal(Noon.UtcDateTime, (DateTime)record.deployed_at);
        Assert.Equal("main", (string)record.feed);
        Assert.Equal(6, (int)record.road);
        Assert.Equal($"{Server}/app#/Spaces-1/deployments/Deployments-11", (string)record.url);
    }

    [Theory]
    [InlineData("Success", "", "Production")]
    [InlineData("SuccessWithWarning", "", "Production")]
    [InlineData("Success", """{"Name":"Worker-7","Status":"Success"}""", "Production")]
    [InlineData("Success", """{"Name":"Worker-7 on behalf of web-01","Status":"Success"}""", "web-01")]
    [InlineData("Failed", """{"Name":"web-01","Status":"Success"},{"Name":"web-02","Status":"Failed"}""", "web-01")]
    [InlineData("Failed", "", null)]
    [InlineData("Skipped", "", null)]
    // A step of several actions, and one that goes by machine.
    [InlineData("Success", """
        {"Name":"Prepare","Status":"Success","Children":[{"Name":"web-02","Status":"Success"}]},
        {"Name":"Deploy action","Status":"Success","Children":[{"Name":"web-01","Status":"Success"}]}
        """, "web-01")]
    [InlineData("Failed", """
        {"Name":"web-01","Status":"Failed","Children":[{"Name":"Deploy action","Status":"Success"},
          {"Name":"Test","Status":"Failed"}]},
        {"Name":"web-02","Status":"Failed","Children":[{"Name":"Deploy action","Status":"Failed"}]}
        """, "web-01")]
    public async Task A_step_without_machines_goes_to_the_environment_and_a_failed_one_where_it_succeeded(
        string status, string children, string? target)
    {
        fake.Add(new FakeDeployment(11, Noon)
        {
            Machines = [("Machines-1", "web-01", "Success"), ("Machines-2", "web-02", "Success")],
            Template = FakeDeployment.TemplateOf("Shop.Web", "Feeds-9", true)
                .Replace("\"ActionName\":\"Deploy web\"", "\"ActionName\":\"Deploy action\"", StringComparison.Ordinal),
        });
        fake.Put("/api/tasks/ServerTasks-11/details", $$$"""
            {"Task":{"State":"Failed","CompletedTime":"2026-11-20T12:00:00Z"},"ActivityLogs":[{"Children":[
              {"Name":"Step 1: Deploy web","Status":"{{{status}}}","Children":[{{{children}}}]}]}]}
            """);
        await ConnectAsync();

        await PollAsync();

        Assert.Equal(target, (await RecordsAsync()).Select(record => (string)record.target).SingleOrDefault());
    }

    [Fact]
    public async Task A_key_that_may_not_read_logs_leaves_the_list_of_machines_and_old_servers_name_steps()
    {
        fake.Add(new FakeDeployment(11, Noon)
        {
            Machines = [("Machines-1", "web-01", "Success"), ("Machines-2", "web-02", "Success")],
        });
        fake.Put("/api/Spaces-1/releases/Releases-1.4.2",
            """{"Version":"1.4.2","SelectedPackages":[{"StepName":"Deploy web","Version":"1.4.2"}]}""");
        fake.Put("/api/tasks/ServerTasks-11", """{"State":"Success","CompletedTime":"2026-11-20T12:00:00Z"}""");
        fake.Trouble = (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/details", StringComparison.Ordinal))
                return false;
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return true;
        };
        await ConnectAsync();

        await PollAsync();

        Assert.Equal(
            ["web-01", "web-02"], (await RecordsAsync()).Select(record => (string)record.target).Order());
        Assert.Equal("", (await OctopusAsync()).Problem);
    }

    [Fact]
    public async Task A_deployment_that_has_not_ended_waits_and_holds_up_no_other()
    {
        for (var i = 1; i <= 8; i++)
        {
            fake.Add(new FakeDeployment(i, Noon) { Release = $"1.{i}" });
            if (i < 8)
                fake.Put($"/api/tasks/ServerTasks-{i}/details", """{"Task":{"State":"Executing"}}""");
            fake.Put($"/api/tasks/ServerTasks-{i}", """{"State":"Executing"}""");
        }

        await ConnectAsync();

        await PollAsync();

        Assert.Equal("1.8", (string)Assert.Single(await RecordsAsync()).version);
        Assert.Equal(7, (await CountsAsync()).Troubled);
        Assert.Equal("", (await OctopusAsync()).Problem);
    }

    [Fact]
    public async Task An_older_release_that_ran_last_is_current_and_ten_comes_after_nine()
    {
        fake.Add(new FakeDeployment(1, Noon) { Release = "1.9.0" });
        fake.Add(new FakeDeployment(2, Noon.AddHours(1)) { Release = "1.10.0" });
        await ConnectAsync();
        await PollAsync();
        var target = await app.Client.GetFromJsonAsync<JsonElement>("/api/targets/web-01");
        Assert.Contains("1.10.0", target.ToString(), StringComparison.Ordinal);
        // Scheduled long before, with an older number; it completed last.
        fake.Add(new FakeDeployment(0, Noon.AddHours(2)) { Release = "1.9.0" });

        time.Leap(TimeSpan.FromMinutes(2));
        await PollAsync();

        await using var connection = new NpgsqlConnection(app.Database.ConnectionString);
        Assert.Equal("1.9.0", await connection.QuerySingleAsync<string>(
            "select version from installations join package_versions using (version_id)"));
        Assert.Equal(["1.9.0", "1.10.0"], await connection.QueryAsync<string>(
            "select version from package_versions order by sort_key"));
    }

    [Fact]
    public async Task Push_and_poll_never_double_and_a_push_alone_suffices()
    {
        fake.Add(new FakeDeployment(11, Noon));
        var secret = await ConnectAsync();
        using (var refused = await PushAsync("Deployments-11", "wrong"))
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        for (var i = 0; i < 3; i++)
        {
            using var taken = await PushAsync("Deployments-11", secret);
            Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
        }

        await PollAsync();
        using (var again = await PushAsync("Deployments-11", secret))
            Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        time.Leap(TimeSpan.FromMinutes(2));
        await PollAsync();

        Assert.Single(await RecordsAsync());
    }

    [Theory]
    [InlineData("{}", HttpStatusCode.BadRequest)]
    [InlineData("not json", HttpStatusCode.BadRequest)]
    [InlineData("""{"Payload":{"Event":{"RelatedDocumentIds":["Projects-3"]}}}""", HttpStatusCode.Accepted)]
    [InlineData("""{"Payload":{"Event":{"RelatedDocumentIds":["Deployments-1/../x"]}}}""", HttpStatusCode.Accepted)]
    public async Task An_event_that_names_no_deployment_changes_nothing(string body, HttpStatusCode status)
    {
        var secret = await ConnectAsync();

        using var answer = await PushBodyAsync(body, secret);

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(0, (await CountsAsync()).Found);
    }

    [Fact]
    public async Task What_cannot_be_told_is_set_aside_and_recorded_when_somebody_says_what_it_is()
    {
        fake.Add(new FakeDeployment(11, Noon) { Template = FakeDeployment.TemplateOf("#{Pkg}", "Feeds-9", false) });
        await ConnectAsync();
        await PollAsync();
        Assert.Empty(await RecordsAsync());
        using var browser = await Browser.SignedInAsync(app);
        var waiting = Assert.Single(await app.Service<OctopusMappingStore>().SetAsideAsync(
            (await OctopusAsync()).ConnectionId, 0, 10, default));
        var link = $"{Page}?after={waiting.SetAsideId - 1}";
        var rejected = await browser.ReadAsync("/admin/rejected");
        Assert.Contains(link + "#aside", rejected, StringComparison.Ordinal);
        Assert.Contains("1 package waits", rejected, StringComparison.Ordinal);
        Assert.Contains(WebUtility.HtmlEncode(waiting.Reason), rejected, StringComparison.Ordinal);
        Assert.Contains("#{Pkg}", await browser.ReadAsync(link), StringComparison.Ordinal);

        using var answer = await browser.PostAsync(
            Page, Page + "?handler=Package",
            ("id", $"{waiting.SetAsideId}"), ("feed", "main"), ("package", "Shop.Web"));

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal("Shop.Web", (string)Assert.Single(await RecordsAsync()).name);
        Assert.Equal(0, (await CountsAsync()).SetAside);
        rejected = await browser.ReadAsync("/admin/rejected");
        Assert.DoesNotContain("From Octopus Deploy", rejected, StringComparison.Ordinal);
        // And so is what follows.
        fake.Add(new FakeDeployment(12, Noon.AddHours(1))
        {
            Template = FakeDeployment.TemplateOf("#{Pkg}", "Feeds-9", false),
        });
        time.Leap(TimeSpan.FromMinutes(2));
        await PollAsync();
        Assert.Equal(2, (await RecordsAsync()).Count);
    }

    [Fact]
    public async Task A_feed_elsewhere_gets_one_of_its_type_and_a_deleted_one_is_asked_for()
    {
        fake.Put("/api/Spaces-1/feeds/Feeds-9",
            """{"Id":"Feeds-9","Name":"Hub","FeedType":"Docker","FeedUri":"https://user:secret@index.example"}""");
        fake.Add(new FakeDeployment(11, Noon) { Template = FakeDeployment.TemplateOf("acme/shop", "Feeds-9", true) });
        await ConnectAsync();
        await PollAsync();
        var record = Assert.Single(await RecordsAsync());
        Assert.Equal("octopus-docker", (string)record.feed);

        fake.Add(new FakeDeployment(12, Noon.AddHours(1))
        {
            Release = "1.5.0",
            Template = FakeDeployment.TemplateOf("acme/shop", "Feeds-10", true),
        });
        time.Leap(TimeSpan.FromMinutes(11));
        await PollAsync();

        Assert.Equal(1, (await CountsAsync()).SetAside);
        var octopus = await OctopusAsync();
        await app.Service<OctopusMappingStore>().ChooseFeedAsync(
            octopus, "Feeds-10", "octopus-docker", Actor.Program, default);
        Assert.Equal(1, await app.Service<OctopusDesk>().ReplayAsync(octopus, default));
        Assert.Equal(2, (await RecordsAsync()).Count);
        var feeds = await app.Service<OctopusMappingStore>().FeedsAsync(octopus.ConnectionId, default);
        Assert.DoesNotContain("secret", JsonSerializer.Serialize(feeds), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_deployments_come_in_whole_under_the_rate_through_errors_and_restarts()
    {
        const int all = 1000;
        for (var i = 0; i < all; i++)
            fake.Add(new FakeDeployment(i, Noon.AddSeconds(i)) { Release = $"1.0.{i / 20}" });
        var random = new Random(20261127);
        fake.Trouble = (context, number) =>
        {
            var die = random.Next(100);
            if (die < 3)
            {
                context.Response.StatusCode = 429;
                context.Response.Headers.RetryAfter = "7";
            }
            else if (die < 6)
                context.Response.StatusCode = 500;
            return die < 6;
        };
        await ConnectAsync();

        for (var rounds = 0; (await CountsAsync()) is not { Found: all, Waiting: 0 }; rounds++)
        {
            Assert.True(rounds < 2000, "It does not come to an end.");
            // Every third round ends in the middle, with what was in memory.
            using var kill = new CancellationTokenSource();
            var asked = fake.Requests.Count;
            var round = PollAsync(kill.Token);
            if (rounds % 3 == 0)
            {
                await Patience.UntilAsync(() => round.IsCompleted || fake.Requests.Count > asked + 25);
                await kill.CancelAsync();
            }

            await round.ContinueWith(_ => { }, TaskScheduler.Default);
            time.Leap(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(all, (await RecordsAsync()).Count);
        var times = fake.Requests.Select(request => request.At).ToList();
        for (var i = 60; i < times.Count; i++)
            Assert.True(times[i] - times[i - 60] >= TimeSpan.FromSeconds(59.9), $"Request {i} came too early.");
    }

    [Fact]
    public async Task A_server_that_refuses_or_misbehaves_is_told_of_in_words_and_does_no_harm()
    {
        await ConnectAsync();
        fake.Trouble = (context, _) =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return true;
        };
        await PollAsync();
        Assert.Equal("Octopus refuses the API key (401).", (await OctopusAsync()).Problem);
        Assert.NotNull((await OctopusAsync()).FailingSince);

        fake.Trouble = (context, _) =>
        {
            context.Response.Redirect("https://elsewhere.example/api");
            return true;
        };
        await PollAsync();
        Assert.Contains("https://elsewhere.example", (await OctopusAsync()).Problem, StringComparison.Ordinal);

        foreach (var hostile in new[] { "[", "null", "3", """{"Items":"x","TotalResults":"many"}""", """[{"Id":7}]""" })
        {
            fake.Trouble = (context, _) =>
            {
                context.Response.WriteAsync(hostile).GetAwaiter().GetResult();
                return true;
            };
            time.Leap(TimeSpan.FromMinutes(2));
            await PollAsync();
        }

        fake.Trouble = null;
        fake.Add(new FakeDeployment(11, Noon));
        time.Leap(TimeSpan.FromMinutes(2));
        await PollAsync();
        Assert.Equal("", (await OctopusAsync()).Problem);
        Assert.Single(await RecordsAsync());
    }

    [Fact]
    public async Task The_pages_show_a_connection_test_it_and_subscribe()
    {
        fake.Add(new FakeDeployment(11, Noon));
        await ConnectAsync();
        using var browser = await Browser.SignedInAsync(app);

        Assert.Contains("prod", await browser.ReadAsync("/admin/octopus"), StringComparison.Ordinal);
        using var test = await browser.PostAsync(Page, Page + "?handler=Test");
        var tested = await test.Content.ReadAsStringAsync();
        Assert.Contains("Shop.Web", tested, StringComparison.Ordinal);
        Assert.Contains("web-01", tested, StringComparison.Ordinal);
        Assert.Empty(await RecordsAsync());
        using var subscribed = await browser.PostAsync(Page, Page + "?handler=Subscribe");
        Assert.Equal(HttpStatusCode.Found, subscribed.StatusCode);
        var made = Assert.Single(fake.Subscriptions);
        Assert.EndsWith("/api/integrations/octopus/prod/events",
            (string)made["EventNotificationSubscription"]!["WebhookURI"]!, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeOctopus.ApiKey, await browser.ReadAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_API_makes_lists_polls_and_removes_connections_and_refuses_what_is_wrong()
    {
        foreach (var (body, problem) in new (object, string)[]
        {
            (new { name = "a b", url = Server, apiKey = "API-1" }, "name:"),
            (new { name = "x", url = "ftp://x", apiKey = "API-1" }, "url:"),
            (new { name = "x", url = Server, apiKey = "API 1" }, "apiKey:"),
            (new { name = "x", url = Server, apiKey = "API-1", from = "2999-01-01" }, "from:"),
            (new { name = "x", url = Server }, "apiKey:"),
        })
        {
            using var refused = await app.Admin.PostAsJsonAsync("/api/integrations/octopus", body);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.StartsWith(problem, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await ConnectAsync();
        using var taken = await app.Admin.PostAsJsonAsync(
            "/api/integrations/octopus", new { name = "PROD", url = Server, apiKey = "API-1" });
        Assert.Equal(HttpStatusCode.Conflict, taken.StatusCode);
        var list = await app.Admin.GetStringAsync("/api/integrations/octopus");
        Assert.Contains("\"prod\"", list, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeOctopus.ApiKey, list, StringComparison.Ordinal);
        using var polled = await app.Admin.PostAsync("/api/integrations/octopus/prod/poll", null);
        Assert.Equal(HttpStatusCode.Accepted, polled.StatusCode);
        using var deleted = await app.Admin.DeleteAsync("/api/integrations/octopus/prod");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        using var gone = await app.Admin.DeleteAsync("/api/integrations/octopus/prod");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task A_process_that_is_killed_in_the_middle_loses_and_doubles_nothing()
    {
        const int all = 10; // more requests than may be made at once: the rest comes by and by
        for (var i = 0; i < all; i++)
            fake.Add(new FakeDeployment(i, Noon.AddMinutes(i)) { Release = $"1.0.{i}" });
        fake.Put("/api/Spaces-1/feeds/Feeds-9", """{"Id":"Feeds-9","Name":"Hub","FeedType":"NuGet"}""");
        await using var server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + app.Database.ConnectionString);
        await ConnectAsync();
        await Patience.UntilAsync(async () => (await CountsAsync()) is { Records: > 0 }, () => server.Output);

        server.Kill();
        Assert.True((await CountsAsync()).Waiting > 0);
        await server.StartAgainAsync();
        await Patience.UntilAsync(async () => (await CountsAsync()) is { Waiting: 0 }, () => server.Output);

        Assert.Equal(all, (await RecordsAsync()).Count);
    }

    string Server => fake.Url.AbsoluteUri.TrimEnd('/');

    async Task<string> ConnectAsync()
    {
        using var answer = await app.Admin.PostAsJsonAsync("/api/integrations/octopus", new
        {
            name = "prod",
            url = Server,
            apiKey = FakeOctopus.ApiKey,
            from = "2026-11-01T00:00:00Z",
        });
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        var made = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return made.GetProperty("events").GetProperty("secret").GetString()!;
    }

    /// <summary>A round as the job makes it, by a poller that remembers nothing, on a clock that leaps.</summary>
    async Task PollAsync(CancellationToken ct = default)
    {
        using var client = Make<OctopusClient>(time);
        var reader = Make<OctopusReader>(client, time);
        var recorder = Make<OctopusRecorder>(Make<OctopusFeeds>(reader), time);
        await Make<OctopusPoller>(client, reader, recorder, time).RunOnceAsync(ct);
    }

    T Make<T>(params object[] parts) => ActivatorUtilities.CreateInstance<T>(app.App.Services, parts);

    async Task<OctopusConnection> OctopusAsync() =>
        (await app.Service<OctopusConnectionStore>().FindOrNullAsync("prod", default))!;

    async Task<OctopusCounts> CountsAsync() =>
        await app.Service<OctopusDeploymentStore>().CountsAsync((await OctopusAsync()).ConnectionId, default);

    Task<HttpResponseMessage> PushAsync(string deployment, string secret) => PushBodyAsync(
        JsonSerializer.Serialize(new
        {
            EventType = "SubscriptionPayload",
            Payload = new
            {
                Event = new
                {
                    Id = "Events-900",
                    RelatedDocumentIds = new[] { deployment, "Projects-3", "Releases-42" },
                    Category = "DeploymentSucceeded",
                    SpaceId = "Spaces-1",
                },
            },
        }), secret);

    async Task<HttpResponseMessage> PushBodyAsync(string body, string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/integrations/octopus/prod/events")
        {
            Content = new StringContent(body),
        };
        request.Headers.Add(OctopusDesk.SecretHeader, secret);
        return await app.Client.SendAsync(request);
    }

    async Task<List<dynamic>> RecordsAsync()
    {
        await using var connection = new NpgsqlConnection(app.Database.ConnectionString);
        return [.. await connection.QueryAsync(
            """
            select p.name, v.version, t.name as target, u.name as user_name, a.name as application,
                d.name as description, l.name as url, r.deployed_at, f.name as feed, r.road::int as road
            from deployments r
            join packages p using (package_id)
            join package_versions v using (version_id)
            join targets t using (target_id)
            join users u using (user_id)
            join applications a using (application_id)
            join texts d on d.text_id = r.description_id
            left join texts l on l.text_id = r.url_id
            join feeds f using (feed_id)
            """)];
    }
}
