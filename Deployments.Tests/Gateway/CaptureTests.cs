using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Gateway;

/// <summary>
/// What is recorded of tagged downloads through a connector, row by row as the outside contract lists it.
/// </summary>
public sealed class CaptureTests : IAsyncLifetime
{
    const string Package = "/nuget/main/package/Acme.Web/1.2.0";
    static readonly byte[] Content = Encoding.ASCII.GetBytes("0123456789");

    TestApp app = null!;
    FakeUpstream upstream = null!;

    public async Task InitializeAsync()
    {
        upstream = await FakeUpstream.StartAsync(AnswerAsync);
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "nuget", upstream.Url);
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_tagged_download_is_recorded_with_every_field()
    {
        using var answer = await GetAsync(Package, ("Application", "BuildMaster"), ("Description", "Release 7"),
            ("Target", "WEB-07"),
            ("Url", "https://ci.example/7"), ("UserName", "ada"), ("Date", "2026-01-31T08:15:00Z"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Content, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal("recorded", Header(answer, "X-Deployment-Status"));
        var record = await OnlyRecordAsync();
        Assert.Equal(record.Id.ToString(CultureInfo.InvariantCulture), Header(answer, "X-Deployment-Id"));
        Assert.Equal(("Acme.Web", "1.2.0"), (record.Name, record.Version));
        Assert.Equal(("BuildMaster", "Release 7", "WEB-07"), (record.Application, record.Description, record.Target));
        Assert.Equal(("https://ci.example/7", "ada", "Anonymous"), (record.Url, record.UserName, record.Recorder));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 8, 15, 0, TimeSpan.Zero), record.DeployedAt);
    }

    [Fact]
    public async Task The_optional_fields_have_defaults_and_the_description_may_be_empty()
    {
        var before = TimeProvider.System.GetUtcNow().AddMilliseconds(-1);
        using var answer = await GetAsync(Package, ("Application", "Otter"), ("Description", ""), ("Target", "db-1"),
            ("Url", ""));

        Assert.Equal("recorded", Header(answer, "X-Deployment-Status"));
        var record = await OnlyRecordAsync();
        Assert.Equal(("", null, "Anonymous"), (record.Description, record.Url, record.UserName));
        Assert.InRange(record.DeployedAt, before, TimeProvider.System.GetUtcNow());
    }

    public static TheoryData<string[], string> Refused => new()
    {
        { ["Description: d", "Target: t"], "X-ProGet-Deployment-Application is missing" },
        { ["Application: a", "Target: t"], "X-ProGet-Deployment-Description is missing" },
        { ["Application: a", "Description: d"], "X-ProGet-Deployment-Target is missing" },
        { ["Application: a", "Description: d", "Target:  "], "X-ProGet-Deployment-Target is blank" },
        { ["Application: a", "Description: d", "Target: t", "Target: u"],
            "X-ProGet-Deployment-Target is given 2 times" },
        { ["Application: a", "Description: d", "Target: t", "Date: tomorrow"],
            "X-ProGet-Deployment-Date is not an ISO 8601 date" },
        { ["Application: a", "Description: d", "Target: t", "Date: 2199-01-01"],
            "X-ProGet-Deployment-Date is more than 5 minutes" },
        { ["Application: a", "Description: d", "Target: t", "Url: javascript:alert(1)"],
            "X-ProGet-Deployment-Url must be an absolute" },
        { ["Application: a", "Description: d", "Target: a\u0001b"],
            "X-ProGet-Deployment-Target has control characters" },
        { ["Application: a", "Description: d", "Target: a%00%C3%BC"],
            "X-ProGet-Deployment-Target has control characters" },
        { ["Application: a", "Description: " + new string('x', 8192), "Target: t"],
            "X-ProGet-Deployment-Description is longer" },
        { ["Application: a", "Description: d", "Target: t", "Date: 0001-01-01"],
            "X-ProGet-Deployment-Date is before 1990-01-01" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_record_that_cannot_be_accepted_is_kept_with_its_reason_and_the_download_is_served(
        string[] headers, string reason)
    {
        // By hand: HttpClient refuses to send some of these.
        var answer = await SendRawAsync("GET", Package, headers.Select(header => "X-ProGet-Deployment-" + header));

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.EndsWith(Encoding.ASCII.GetString(Content), answer, StringComparison.Ordinal);
        Assert.Contains($"X-Deployment-Status: rejected; {reason}", answer, StringComparison.Ordinal);
        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database));
        var rejected = Assert.Single(await Recorded.RejectedAsync(app.Database));
        Assert.StartsWith(reason, rejected.Reason, StringComparison.Ordinal);
        Assert.Contains("X-ProGet-Deployment-Description", rejected.RawHeaders + reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_beyond_ASCII_are_UTF8()
    {
        var answer = await SendRawAsync("GET", Package,
            ["X-ProGet-Deployment-Application: a", "X-ProGet-Deployment-Description: M%C3%BCller",
                "X-ProGet-Deployment-Target: Z\u00c3\u00bcrich"]);

        Assert.Contains("X-Deployment-Status: recorded", answer, StringComparison.Ordinal);
        var record = await OnlyRecordAsync();
        Assert.Equal(("Zürich", "Müller"), (record.Target, record.Description));
        Assert.Contains("M%C3%BCller", record.RawHeaders, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HEAD", Package)]
    [InlineData("GET", "/nuget/main/v3/index.json")]
    [InlineData("GET", "/nuget/main/package/Missing/1.0.0")]
    [InlineData("GET", "/nuget/main/package/Broken/1.0.0")]
    public async Task Nothing_is_recorded_for_what_is_no_successful_download_of_a_package(string method, string path)
    {
        var answer = await SendRawAsync(method, path,
            ["X-ProGet-Deployment-Application: a", "X-ProGet-Deployment-Description: d",
                "X-ProGet-Deployment-Target: t"]);

        Assert.DoesNotContain("X-Deployment-Status", answer, StringComparison.Ordinal);
        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database));
        Assert.Empty(await Recorded.RejectedAsync(app.Database));
    }

    [Theory]
    [InlineData("bytes=0-3", HttpStatusCode.PartialContent, 1)]
    [InlineData("bytes=4-", HttpStatusCode.PartialContent, 0)]
    public async Task A_range_counts_when_it_begins_at_the_first_byte(string range, HttpStatusCode status, int records)
    {
        using var request = Tagged(Package);
        request.Headers.Range = RangeHeaderValue.Parse(range);
        using var answer = await app.Client.SendAsync(request);

        Assert.Equal(status, answer.StatusCode);
        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(records, (await Recorded.AllAsync(app.Database)).Count);
    }

    [Fact]
    public async Task A_304_counts_because_the_client_deploys_what_it_holds()
    {
        using var request = Tagged(Package);
        request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"v1\""));
        using var answer = await app.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
        Assert.Equal("recorded", Header(answer, "X-Deployment-Status"));
        await OnlyRecordAsync();
    }

    [Fact]
    public async Task A_repeated_request_with_a_date_is_one_record_and_its_id_leads_there()
    {
        for (var i = 0; i < 3; i++)
        {
            using var answer = await GetAsync(Package,
                ("Application", "a"), ("Description", "d"), ("Target", "t"), ("Date", "2026-01-31T08:15:00Z"));
            Assert.Equal("recorded", Header(answer, "X-Deployment-Status"));
        }

        var record = await OnlyRecordAsync();
        await using var command = app.Database.DataSource.CreateCommand(
            $"select count(*) from duplicate_records where deployment_id = {record.Id}");
        Assert.Equal(2L, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Without_a_date_each_download_is_a_record_of_its_own()
    {
        for (var i = 0; i < 3; i++)
            (await GetAsync(Package, ("Application", "a"), ("Description", "d"), ("Target", "t"))).Dispose();

        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(3, (await Recorded.AllAsync(app.Database)).Count);
    }

    [Fact]
    public async Task Deployment_headers_and_credentials_stay_here()
    {
        using var request = Tagged(Package + "?key=" + TestApp.ApiKey + "&x=1");
        request.Headers.Add("Cookie", "session=1");
        (await app.Client.SendAsync(request)).Dispose();

        var (target, headers) = Assert.Single(upstream.Requests);
        Assert.StartsWith("/package/Acme.Web/1.2.0", target, StringComparison.Ordinal);
        Assert.DoesNotContain("key", target, StringComparison.Ordinal);
        Assert.DoesNotContain(headers.Keys, name => name.StartsWith("X-ProGet", StringComparison.OrdinalIgnoreCase)
            || name is "Cookie" or "Authorization" or "X-ApiKey");
    }

    [Fact]
    public async Task Recording_can_be_switched_off_for_a_feed()
    {
        using (var off = await app.Admin.PostAsync("/api/management/feeds/update/main",
            new StringContent("""{"deploymentRecordsEnabled":false}""", Encoding.UTF8, "application/json")))
            off.EnsureSuccessStatusCode();

        using var answer = await GetAsync(Package, ("Application", "a"), ("Description", "d"), ("Target", "t"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Null(Header(answer, "X-Deployment-Status"));
    }

    static Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path.Value!.Contains("Broken", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        }

        return context.Request.Path.Value.StartsWith("/package/Acme.Web", StringComparison.Ordinal)
            ? TypedResults.Bytes(Content, "application/zip", enableRangeProcessing: true,
                entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue("\"v1\"")).ExecuteAsync(context)
            : TypedResults.NotFound().ExecuteAsync(context);
    }

    async Task<Recorded.Row> OnlyRecordAsync()
    {
        await Recorded.DrainedAsync(app.Database);
        return Assert.Single(await Recorded.AllAsync(app.Database));
    }

    async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation("X-ProGet-Deployment-" + name, value);
        return await app.Client.SendAsync(request);
    }

    static HttpRequestMessage Tagged(string path) => new(HttpMethod.Get, path)
    {
        Headers =
        {
            { "X-ProGet-Deployment-Application", "a" },
            { "X-ProGet-Deployment-Description", "d" },
            { "X-ProGet-Deployment-Target", "t" },
        },
    };

    static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    async Task<string> SendRawAsync(string method, string path, IEnumerable<string> headers)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(app.Url.Host, app.Url.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + string.Concat(headers.Select(header => header + "\r\n")) + "\r\n"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }
}
