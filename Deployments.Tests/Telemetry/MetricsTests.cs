using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Data.Telemetry;
using Deployments.Tests.Api;
using Deployments.Tests.Support;
using Deployments.Web.Telemetry;

namespace Deployments.Tests.Telemetry;

public sealed partial class MetricsTests(MeasuredServer measured) : IClassFixture<MeasuredServer>
{
    [Theory]
    [InlineData("deployments_captures_total", "nuget", "recorded", 2)]
    [InlineData("deployments_captures_total", "nuget", "rejected", 1)]
    [InlineData("deployments_inbox_written_total", null, "inbox", 3)]
    [InlineData("deployments_inbox_written_total", null, "journal", 0)]
    [InlineData("deployments_drain_entries_total", null, null, 3)]
    [InlineData("deployments_journal_delivered_total", null, null, 0)]
    [InlineData("deployments_upstream_duration_seconds_count", null, "2xx", 2)]
    [InlineData("deployments_inbox_entries", null, null, 0)]
    [InlineData("deployments_database_reachable", null, null, 1)]
    public async Task What_happened_is_counted(string name, string? type, string? outcome, long value)
    {
        var text = await measured.ReadAsync();
        var line = Assert.Single(text.Split('\n'), line => line.StartsWith(name + "{", StringComparison.Ordinal)
            && (type is null || line.Contains($"deployments_feed_type=\"{type}\"", StringComparison.Ordinal))
            && (outcome is null || line.Contains($"deployments_outcome=\"{outcome}\"", StringComparison.Ordinal)));
        Assert.Equal(value, long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Nothing_that_somebody_chose_a_name_for_is_told()
    {
        var text = await measured.ReadAsync();
        Assert.Contains("/nuget/{feed}/{**path}", text, StringComparison.Ordinal);
        Assert.DoesNotContain(MeasuredServer.Name, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("test_", text, StringComparison.Ordinal); // the database
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_for_administrators_and_its_own_key_which_opens_nothing_else()
    {
        var server = measured.Server;
        foreach (var wrong in new[] { null, "Bearer x", "Bearer " + MeasuredServer.MetricsKey + "x", "Basic x" })
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("/metrics", wrong));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/metrics", "Bearer " + MeasuredServer.MetricsKey));
        Assert.Equal(HttpStatusCode.Forbidden,
            await StatusAsync("/api/management/feeds/list", "Bearer " + MeasuredServer.MetricsKey));
        using var answer = await server.Admin.GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task A_setting_opens_it_and_a_key_that_may_only_look_does_not_suffice()
    {
        await using (var app = await TestApp.StartAsync(null, "Deployments:AnonymousMetrics=true"))
            Assert.Equal(HttpStatusCode.OK, (await app.Client.AskAsync("GET", "/metrics")).Status);
        await using (var app = await TestApp.StartAsync())
        {
            var key = await PolicyKey.AddAsync(app, null);
            Assert.Equal(HttpStatusCode.Forbidden,
                (await app.Client.AskAsync("GET", "/metrics", null, ("X-ApiKey", key))).Status);
        }
    }

    [Fact]
    public async Task The_inbox_is_no_number_while_the_database_is_away()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        await app.StopJobsAsync();
        await InboxSeed.FillAsync(app.Database.DataSource, 3);
        await using (var command = app.Database.DataSource.CreateCommand(
            "update deployment_inbox set received_at = now() - interval '1 hour'"))
            await command.ExecuteNonQueryAsync();
        var gauges = app.Service<Gauges>();

        await gauges.LookAsync(default);
        Assert.Equal([1], Read("deployments.database.reachable"));
        Assert.Equal([3], Read("deployments.inbox.entries"));
        Assert.InRange(Assert.Single(Read("deployments.inbox.age")), 3600, 3600 + 600);

        await app.Database.TakeAwayAsync();
        await gauges.LookAsync(default);
        Assert.Equal([0], Read("deployments.database.reachable"));
        Assert.Empty(Read("deployments.inbox.entries"));
        Assert.Empty(Read("deployments.inbox.age"));

        // Other programs of this process have their own.
        List<long> Read(string name)
        {
            var found = new List<long>();
            using var listener = new MeterListener();
            listener.InstrumentPublished = (instrument, me) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, gauges) && instrument.Name == name)
                    me.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((_, value, _, _) => found.Add(value));
            listener.Start();
            listener.RecordObservableInstruments();
            return found;
        }
    }

    [Fact]
    public async Task A_collector_that_the_standard_variables_name_is_sent_the_same()
    {
        foreach (var name in new[]
            { "deployments.captures", "deployments.inbox.entries", "deployments.job.duration",
                "http.server.request.duration", "service.name" })
            await Patience.UntilAsync(
                () => measured.Sent.Any(sent => sent.Contains(name, StringComparison.Ordinal)),
                () => $"{name} was never sent.");
        Assert.DoesNotContain(measured.Sent, sent => sent.Contains(MeasuredServer.Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Counting_a_download_allocates_nothing_while_it_is_listened_to()
    {
        await using var app = await TestApp.StartAsync(); // has what listens
        for (var n = 0; n < 100; n++)
            Count();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 0; n < 1000; n++)
            Count();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100); // of 3000 measurements

        static void Count()
        {
            Measures.Captured("universal", "recorded");
            Measures.LookedInCache(isHit: true);
            Measures.Asked(200, 0);
        }
    }

    [Fact]
    public async Task Every_query_of_the_dashboard_asks_for_what_there_is()
    {
        await Patience.UntilAsync(async () => (await measured.ReadAsync()).Contains(
            "deployments_job_duration_seconds_count{", StringComparison.Ordinal));
        var series = SeriesOf(await measured.ReadAsync());
        var dashboard = Repository.Files.Single(file => file.Path == "eng/grafana.json").Text;
        var queries = Values(JsonNode.Parse(dashboard)!, "expr").ToList();
        Assert.True(queries.Count > 20);
        var asked = new HashSet<string>(StringComparer.Ordinal);
        foreach (var query in queries)
        {
            var names = MetricName().Matches(Labels().Replace(query, "")).Select(match => match.Value).ToList();
            Assert.NotEmpty(names);
            foreach (var name in names)
            {
                Assert.True(series.ContainsKey(name), $"There is no {name}: {query}");
                asked.Add(name);
            }

            foreach (var label in Labels().Matches(query).SelectMany(match => match.Groups[1].Value.Split(','))
                .Concat(Selectors().Matches(query).Select(match => match.Groups[1].Value))
                .Select(label => label.Trim()).Except(["instance", "le", ""]))
                Assert.True(names.TrueForAll(name => series[name].Contains(label))
                    || names.Exists(name => name.EndsWith("_limit", StringComparison.Ordinal)
                        && series[names[0]].Contains(label)), $"No label {label}: {query}");
        }

        // And the other way round: what is measured of the program's own work is on it.
        var own = series.Keys.Where(name => name.StartsWith("deployments_", StringComparison.Ordinal));
        Assert.Empty(own.Select(Base).Except(asked.Select(Base)));
        Assert.Contains("label_values(deployments_database_reachable, instance)", dashboard, StringComparison.Ordinal);
    }

    async Task<HttpStatusCode> StatusAsync(string path, string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var answer = await measured.Server.Client.SendAsync(request);
        return answer.StatusCode;
    }

    // Each name with the labels that some line of it has.
    static Dictionary<string, HashSet<string>> SeriesOf(string text)
    {
        var found = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            var name = line[..line.IndexOfAny(['{', ' '])];
            if (!found.TryGetValue(name, out var labels))
                found[name] = labels = new(StringComparer.Ordinal);
            labels.UnionWith(Selectors().Matches(line).Select(match => match.Groups[1].Value));
        }

        return found;
    }

    static string Base(string name) => Part().Replace(name, "");

    static IEnumerable<string> Values(JsonNode node, string name) => node switch
    {
        JsonObject all => all.SelectMany(pair => pair.Key == name
            ? [pair.Value!.GetValue<string>()]
            : pair.Value is null ? [] : Values(pair.Value, name)),
        JsonArray all => all.SelectMany(one => one is null ? [] : Values(one, name)),
        _ => [],
    };

    [GeneratedRegex(@"\b(deployments|http|dotnet)_[a-z_]+(?=\{|\)|\[|$)")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"\b(?:by|on) \(([^)]*)\)")]
    private static partial Regex Labels();

    [GeneratedRegex("""([a-z_]+)=~?"[^"]*["]""")]
    private static partial Regex Selectors();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();
}
