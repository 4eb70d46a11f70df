using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Events;

/// <summary>CDEvents as delivery tools send them, in every mode, more than once, and broken.</summary>
public sealed class CdEventsApiTests(CdEventsApiTests.Running running) : IClassFixture<CdEventsApiTests.Running>
{
    const string Path = "/api/events/cdevents";
    const string Digest = "sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427";

    readonly string environment = RecordApiFixture.NewTarget();
    int lastId;

    [Theory]
    [InlineData("0.4.0", "dev.cdevents.service.deployed.0.2.0", "deployed")]
    [InlineData("0.4.1", "dev.cdevents.service.upgraded.0.2.0", "upgraded")]
    [InlineData("0.5.0", "dev.cdevents.service.rolledback.0.3.0", "rolled back")]
    [InlineData("0.5.0-draft", "dev.cdevents.service.deployed.0.3.0-draft", "deployed")]
    public async Task A_bare_event_is_a_record(string version, string type, string description)
    {
        var @event = Event(type, "pkg:oci/myapp@sha256%3A" + Digest[7..]);
        @event["context"]!["version"] = version;

        var answer = await SendAsync(@event);

        var record = Assert.Single(await RecordsAsync());
        Assert.Equal(("recorded", $"/deployments/{record.Id}"), (Text(answer, "outcome"), Text(answer, "url")));
        Assert.Equal(
            ("myapp", Digest, "/event/source/123", $"mySubject123 {description}", environment, (short)7),
            (record.Name, record.Version, record.Application, record.Description, record.Target, record.Road));
        Assert.Equal(new DateTimeOffset(2023, 3, 20, 14, 27, 5, TimeSpan.Zero).AddTicks(3153840), record.DeployedAt);
        var page = await running.App.Client.GetStringAsync($"/deployments/{record.Id}");
        Assert.Contains("CDEvent of a delivery tool", page, StringComparison.Ordinal);
        var read = JsonNode.Parse(
            await running.App.Client.GetStringAsync($"/api/package-deployments?target={environment}"))!;
        Assert.Equal("cdevents", (string?)read["items"]![0]!["road"]);
    }

    [Fact]
    public async Task A_structured_a_binary_and_a_batched_CloudEvent_are_records_each_once()
    {
        var @event = Event("dev.cdevents.service.deployed.0.2.0", "pkg:nuget/Shop.Web@1.4.2?repository_url=x");
        var structured = Structured(@event);
        var base64 = Structured(@event);
        base64.Remove("data");
        base64["data_base64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(@event.ToJsonString()));

        var outcomes = new List<string?>
        {
            Text(await SendAsync(structured, "application/cloudevents+json; charset=utf-8"), "outcome"),
            Text(await SendAsync(base64, "application/cloudevents+json"), "outcome"),
            Text(await SendAsync(@event, "application/cdevents+json", ("ce-specversion", "1.0")), "outcome"),
            Text(await SendAsync(@event), "outcome"),
        };
        var batch = await SendAsync(
            new JsonArray(structured.DeepClone(), @event.DeepClone()), "application/cloudevents-batch+json");

        Assert.Equal(["recorded", "duplicate", "duplicate", "duplicate"], outcomes);
        Assert.Equal(2, (int)batch["counts"]!["duplicate"]!);
        var record = Assert.Single(await RecordsAsync());
        Assert.Equal(("Shop.Web", "1.4.2", ""), (record.Name, record.Version, record.Qualifier));
    }

    [Fact]
    public async Task A_binary_CloudEvent_says_in_headers_what_its_body_does_not()
    {
        var @event = Event("", "pkg:npm/%40acme/portal@2.0.0");
        @event.Remove("context");

        await SendAsync(@event, "application/json", ("ce-specversion", "1.0"), ("ce-id", "h-" + environment),
            ("ce-source", "/t%C3%A9kton"), ("ce-type", "dev.cdevents.service.deployed.0.3.0"),
            ("ce-time", "2026-01-02T03:04:05+01:00"));

        var record = Assert.Single(await RecordsAsync());
        Assert.Equal(("@acme", "portal", "2.0.0", "/tékton"),
            (record.GroupName, record.Name, record.Version, record.Application));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 2, 4, 5, TimeSpan.Zero), record.DeployedAt);
    }

    [Fact]
    public async Task The_same_event_many_times_at_once_is_one_record()
    {
        var @event = Event("dev.cdevents.service.deployed.0.3.0", "pkg:nuget/Shop.Web@1.4.2");

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => SendAsync(@event.DeepClone())));

        Assert.Single(answers, answer => Text(answer, "outcome") == "recorded");
        Assert.Single(answers.Select(answer => Text(answer, "url")).Distinct());
        Assert.Single(await RecordsAsync());
    }

    [Fact]
    public async Task A_removed_service_takes_away_what_its_events_had_brought_there()
    {
        await SendAsync(Event("dev.cdevents.service.deployed.0.3.0", "pkg:nuget/Shop.Web@1.4.2"));
        await SendAsync(Event("dev.cdevents.service.deployed.0.3.0", "pkg:npm/shop-ui@1.0.0"));
        await SendAsync(Event("dev.cdevents.service.deployed.0.3.0", "pkg:nuget/Other@1.0.0", "other"));
        var removed = Event("dev.cdevents.service.removed.0.3.0", null);
        removed["context"]!["timestamp"] = "2026-02-01T00:00:00Z";

        var first = await SendAsync(removed);
        var again = await SendAsync(removed);

        Assert.Equal(("removed", $"/targets/{environment}"), (Text(first, "outcome"), Text(first, "url")));
        Assert.Equal("duplicate", Text(again, "outcome"));
        var there = JsonNode.Parse(await running.App.Client.GetStringAsync($"/api/targets/{environment}"))!;
        Assert.Equal(["Other"], there["packages"]!.AsArray().Select(package => (string?)package!["name"]));
        var page = await running.App.Client.GetStringAsync(
            $"/feeds/main/packages/Shop.Web/history?target={environment}");
        Assert.Contains("told by a CDEvent", page, StringComparison.Ordinal);
        Assert.Contains("mySubject123 removed", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removal_that_names_a_version_removes_no_other()
    {
        await SendAsync(Event("dev.cdevents.service.deployed.0.3.0", "pkg:nuget/Shop.Web@2.0.0"));

        var old = await AnswerAsync(Event("dev.cdevents.service.removed.0.3.0", "pkg:nuget/Shop.Web@1.0.0"));
        var right = await SendAsync(Event("dev.cdevents.service.removed.0.3.0", "pkg:nuget/shop.web@2.0.0"));

        Assert.Equal(
            (HttpStatusCode.NotFound, "Shop.Web 1.0.0 did not run there then"), (old.Status, old.Body));
        Assert.Equal("removed", Text(right, "outcome"));
    }

    [Fact]
    public async Task A_removal_of_what_nobody_knows_is_refused_and_may_come_again()
    {
        var removed = Event("dev.cdevents.service.removed.0.2.0", null);

        var early = await AnswerAsync(removed);
        await SendAsync(Event("dev.cdevents.service.deployed.0.2.0", "pkg:nuget/Shop.Web@1.0.0"));
        var late = await SendAsync(removed);

        Assert.Equal(HttpStatusCode.NotFound, early.Status);
        Assert.Equal(
            $"subject.id: no event tells what the service mySubject123 had deployed to {environment}", early.Body);
        Assert.Equal("removed", Text(late, "outcome"));
    }

    [Fact]
    public async Task Of_a_batch_a_bad_event_does_not_keep_the_others_out()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 3000)) + string.Concat(Enumerable.Repeat("]", 3000));
        string[] items =
        [
            Good("1.0.0"), "7", "{}", "{\"a\": damaged}", deep, $"{{\"a\":\"{new string('x', 300_000)}\"}}",
            """{"specversion":"1.0","data":"no json"}""", """{"specversion":"2.0","data":{}}""",
            """{"context":{"id":"\ud800","source":"s","type":"t"}}""",
            """{"context":{"id":"i","source":"s","type":"dev.cdevents.build.finished.0.2.0"}}""",
            """{"context":{"id":7,"source":"s","type":"t"}}""",
            Event("dev.cdevents.service.deployed.0.3.0", "nuget/Shop").ToJsonString(),
            Event("dev.cdevents.service.deployed.0.3.0", "pkg:cobol/shop@1").ToJsonString(), Good("2.0.0"),
        ];

        var report = await SendAsync(
            $"[{string.Join(',', items)}]", "application/cloudevents-batch+json");

        var events = report["events"]!.AsArray();
        Assert.Equal(
            "recorded failed failed failed failed failed failed failed failed ignored failed failed failed recorded",
            string.Join(' ', events.Select(item => Text(item!, "outcome"))));
        Assert.Equal(2, (int)report["counts"]!["recorded"]!);
        Assert.Equal(["1.0.0", "2.0.0"], (await RecordsAsync()).Select(record => record.Version));
        Assert.All(events, item => Assert.True(
            Text(item!, "outcome") is "recorded" || Text(item!, "reason") is { Length: > 10 }, item!.ToJsonString()));
        Assert.Contains("build.finished", Text(events[9]!, "reason"), StringComparison.Ordinal);
        Assert.Equal("context.id: must be text", Text(events[10]!, "reason"));
        Assert.StartsWith("subject.content.artifactId: must begin with pkg:", Text(events[11]!, "reason"),
            StringComparison.Ordinal);

        string Good(string version) =>
            Event("dev.cdevents.service.deployed.0.3.0", $"pkg:nuget/Shop.Web@{version}").ToJsonString();
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("[{},")]
    public async Task A_damaged_batch_is_told(string body)
    {
        var report = await SendAsync(body, "application/cloudevents-batch+json");

        Assert.Contains("damaged", Text(report["events"]!.AsArray()[^1]!, "reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_has_at_most_a_thousand_events()
    {
        const string other = """{"context":{"id":"i","source":"s","type":"dev.cdevents.build.queued.0.2.0"}}""";

        var report = await SendAsync(
            $"[{string.Join(',', Enumerable.Repeat(other, 1100))}]", "application/cloudevents-batch+json");

        Assert.Equal((1000, 1), ((int)report["counts"]!["ignored"]!, (int)report["counts"]!["failed"]!));
    }

    [Fact]
    public async Task An_event_that_lacks_something_is_set_aside_and_can_be_mended()
    {
        var @event = Event("dev.cdevents.service.deployed.0.3.0", "pkg:nuget/Set.Aside@1.0.0");
        @event["context"]!["timestamp"] = "2199-01-01T00:00:00Z";
        @event["subject"]!["id"] = "a\nb\0c";

        var answer = await SendAsync(@event);
        var again = await SendAsync(@event);

        Assert.Equal("setAside", Text(answer, "outcome"));
        Assert.Equal("subject.id: has control characters", Text(answer, "reason"));
        Assert.Equal(("duplicate", Text(answer, "url")), (Text(again, "outcome"), Text(again, "url")));
        var rejected = Assert.Single(
            await Recorded.RejectedAsync(running.App.Database), row => row.Name == "Set.Aside");
        Assert.Equal(answer["url"]!.ToString(), $"/deployments/{rejected.Id}");
        Assert.Contains($"X-ProGet-Deployment-Target: {environment}\n", rejected.RawHeaders, StringComparison.Ordinal);
        Assert.Contains("X-ProGet-Deployment-Date: 2199-01-01T00:00:00Z\n", rejected.RawHeaders,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_feed_is_the_one_that_knows_the_package_or_the_one_that_is_named()
    {
        const string type = "dev.cdevents.service.deployed.0.3.0";
        var unknown = await SendAsync(Event(type, "pkg:maven/org.acme/pay@1.0?type=war"));
        Assert.Equal("setAside", Text(unknown, "outcome"));
        Assert.StartsWith("Which feed? None of java, java2 knows the package yet", Text(unknown, "reason"),
            StringComparison.Ordinal);

        await SendAsync(
            Event(type, "pkg:maven/org.acme/pay@1.0?type=war"), "application/json", query: "?feed=JAVA2");
        await SendAsync(Event(type, "pkg:maven/org.acme/pay@2.0?type=jar"));

        Assert.Equal([("1.0", "ext=war"), ("2.0", "")],
            (await RecordsAsync()).Select(record => (record.Version, record.Qualifier)));
        await using var connection = await running.App.Database.DataSource.OpenConnectionAsync();
        Assert.Equal(["java2"], await connection.QueryAsync<string>(
            "select distinct f.name from deployments join feeds f using (feed_id) join packages p using (package_id)"
            + " where p.name = 'pay'"));
        var nowhere = await AnswerAsync(Event("x", null), query: "?feed=nowhere");
        Assert.Equal(
            (HttpStatusCode.NotFound, "feed: there is no feed called nowhere"), (nowhere.Status, nowhere.Body));
    }

    [Fact]
    public async Task Only_who_may_record_may_send_and_a_key_of_one_feed_only_for_it()
    {
        var made = await running.App.Admin.JsonAsync("POST", "/api/api-keys/create",
            new { type = "Feed", feed = "js", packagePermissions = new[] { "add" } });
        var key = (string)made["key"]!;
        var nuget = Event("dev.cdevents.service.deployed.0.3.0", "pkg:nuget/Shop.Web@1.0.0");

        Assert.Equal(HttpStatusCode.Forbidden, (await AnswerAsync(nuget, key: null)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AnswerAsync(nuget, key: "wrong")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AnswerAsync(nuget, key: key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AnswerAsync(nuget, key: key, query: "?feed=main")).Status);
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync(
            Event("dev.cdevents.service.deployed.0.3.0", "pkg:npm/shop-ui@1.0.0"), key: key)).Status);
        await SendAsync(nuget);
        Assert.Equal(HttpStatusCode.OK,
            (await AnswerAsync(Event("dev.cdevents.service.removed.0.3.0", null), key: key)).Status);
        var there = JsonNode.Parse(await running.App.Client.GetStringAsync($"/api/targets/{environment}"))!;
        Assert.Equal(["Shop.Web"], there["packages"]!.AsArray().Select(package => (string?)package!["name"]));
    }

    [Theory]
    [InlineData("{ damaged", "application/json", 400)]
    [InlineData("", "application/cloudevents+json", 400)]
    [InlineData("[]", "application/json", 400)]
    [InlineData("{}", "text/xml", 415)]
    [InlineData("{}", null, 415)]
    public async Task A_body_that_is_no_event_is_refused(string body, string? mediaType, int status)
    {
        var answer = await running.SendAsync(Path, body, mediaType, TestApp.ApiKey);

        Assert.Equal(status, (int)answer.Status);
        Assert.NotEmpty(answer.Body);
    }

    JsonObject Event(string type, string? artifact, string subject = "mySubject123")
    {
        var content = new JsonObject { ["environment"] = new JsonObject { ["id"] = environment } };
        if (artifact is not null)
            content["artifactId"] = artifact;
        return new JsonObject
        {
            ["context"] = new JsonObject
            {
                ["version"] = "0.5.0",
                ["id"] = $"{environment}-{++lastId}",
                ["chainId"] = "4c8cb7dd-3448-41de-8768-eec704e2829b",
                ["source"] = "/event/source/123",
                ["type"] = type,
                ["timestamp"] = "2023-03-20T14:27:05.315384Z",
            },
            ["subject"] = new JsonObject { ["id"] = subject, ["type"] = "service", ["content"] = content },
        };
    }

    static JsonObject Structured(JsonObject @event) => new()
    {
        ["specversion"] = "1.0",
        ["id"] = @event["context"]!["id"]!.DeepClone(),
        ["source"] = @event["context"]!["source"]!.DeepClone(),
        ["type"] = @event["context"]!["type"]!.DeepClone(),
        ["datacontenttype"] = "application/cdevents+json",
        ["data"] = @event.DeepClone(),
    };

    static string? Text(JsonNode json, string name) => (string?)json[name];

    async Task<IReadOnlyList<Recorded.Row>> RecordsAsync() =>
        [.. (await Recorded.AllAsync(running.App.Database)).Where(row => row.Target == environment)];

    Task<Running.Answer> AnswerAsync(JsonNode body, string? key = TestApp.ApiKey, string query = "") =>
        running.SendAsync(Path + query, body.ToJsonString(), "application/json", key);

    Task<JsonNode> SendAsync(
        JsonNode body, string mediaType = "application/json", params (string Name, string Value)[] headers) =>
        SendAsync(body.ToJsonString(), mediaType, "", headers);

    Task<JsonNode> SendAsync(JsonNode body, string mediaType, string query) =>
        SendAsync(body.ToJsonString(), mediaType, query);

    async Task<JsonNode> SendAsync(
        string body, string mediaType, string query = "", params (string Name, string Value)[] headers)
    {
        var answer = await running.SendAsync(Path + query, body, mediaType, TestApp.ApiKey, headers);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return JsonNode.Parse(answer.Body)!;
    }

    public sealed class Running : IAsyncLifetime
    {
        public TestApp App { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            App = await TestApp.StartAsync();
            foreach (var (name, type) in ((string, string)[])[
                ("main", "nuget"), ("js", "npm"), ("images", "docker"), ("java", "maven"), ("java2", "maven")])
                await App.CreateFeedAsync(name, type);
        }

        public Task DisposeAsync() => App.DisposeAsync().AsTask();

        internal async Task<Answer> SendAsync(
            string path, string body, string? mediaType, string? key, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path);
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (mediaType is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
            if (key is not null)
                request.Headers.TryAddWithoutValidation("X-ApiKey", key);
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await App.Client.SendAsync(request);
            return new Answer(answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        internal sealed record Answer(HttpStatusCode Status, string Body);
    }
}
