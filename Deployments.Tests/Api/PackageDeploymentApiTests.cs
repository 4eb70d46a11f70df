using System.Net;
using System.Text;
using System.Text.Json;
using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Api;

/// <summary>The Package Deployment API, row by row as the outside contract lists it.</summary>
public sealed class PackageDeploymentApiTests(RecordApiFixture fixture) : IClassFixture<RecordApiFixture>
{
    readonly string target = RecordApiFixture.NewTarget();

    [Theory]
    [InlineData("/api/package-deployment/")]
    [InlineData("/api/package-deployment")]
    public async Task A_JSON_object_is_recorded_durably_and_visible_at_once(string path)
    {
        var answer = await fixture.SendWithKeyAsync(path, Json(("Url", "https://ci.example/7"), ("UserName", "ada"),
            ("Date", "2026-01-31T09:15:00+01:00")));

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var record = Assert.Single(await fixture.RecordsAsync(target)); // without waiting for any job
        Assert.Equal(("", "Acme.Web", "1.2.0"), (record.GroupName, record.Name, record.Version));
        Assert.Equal(("BuildMaster", "Release 7"), (record.Application, record.Description));
        Assert.Equal(("https://ci.example/7", "ada"), (record.Url, record.UserName));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 8, 15, 0, TimeSpan.Zero), record.DeployedAt);
        Assert.Equal((short)RecordRoad.Api, record.Road);
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal(record.Id, json.RootElement.GetProperty("id").GetInt64());
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-8")]
    [InlineData(null)]
    public async Task A_form_is_recorded_even_when_no_content_type_says_that_it_is_one(string? contentType)
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single,
            "FeedName=main&PackageName=Acme.Web&Version=1.2.0%2Bb1&Application=Build+Master"
            + $"&Description=Z%C3%BCrich%20%26%20more&Target={target}", contentType);

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var record = Assert.Single(await fixture.RecordsAsync(target));
        Assert.Equal(("Build Master", "Zürich & more"), (record.Application, record.Description));
    }

    [Fact]
    public async Task Property_names_may_be_in_any_letter_case()
    {
        var json = await fixture.SendWithKeyAsync(RecordApiFixture.Single,
            $$"""
            {"feedname":"main","PACKAGENAME":"a","version":"1.0.0","aPPLICATION":"x","description":"",
             "target":"{{target}}"}
            """);
        var form = await fixture.SendWithKeyAsync(RecordApiFixture.Single,
            $"feedName=main&packagename=a&VERSION=2.0.0&application=x&DESCRIPTION=&target={target}", null);

        Assert.True(json.Status == HttpStatusCode.OK, json.Body);
        Assert.True(form.Status == HttpStatusCode.OK, form.Body);
        Assert.Equal(["1.0.0", "2.0.0"], (await fixture.RecordsAsync(target)).Select(record => record.Version));
    }

    [Fact]
    public async Task A_byte_order_mark_does_no_harm()
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single, "\ufeff" + Json());

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("query")]
    [InlineData("basic")]
    [InlineData("key")]
    [InlineData("ApiKey")]
    [InlineData("form")]
    public async Task The_key_may_be_in_any_of_its_places(string place)
    {
        var form = $"FeedName=main&PackageName=a&Version=1.0.0&Application=a&Description=d&Target={target}";
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + TestApp.ApiKey));
        var answer = place switch
        {
            "header" => await fixture.SendWithKeyAsync(RecordApiFixture.Single, Json()),
            "query" => await fixture.SendAsync(
                $"{RecordApiFixture.Single}?key={TestApp.ApiKey}", Json(), "application/json"),
            "basic" => await fixture.SendAsync(
                RecordApiFixture.Single, Json(), "application/json", ("Authorization", "Basic " + basic)),
            "form" => await fixture.SendAsync(RecordApiFixture.Single, $"{form}&key={TestApp.ApiKey}", null),
            _ => await fixture.SendAsync(RecordApiFixture.Single, Json((place, TestApp.ApiKey)), "application/json"),
        };

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Single(await fixture.RecordsAsync(target));
    }

    [Fact]
    public async Task Every_problem_has_a_line_that_names_the_property()
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single,
            """
            {"FeedName":"","Url":"javascript:alert(1)","Date":"2199-01-01","UserName":"a\u0007","GroupName":"\u0001"}
            """);

        Assert.Equal((HttpStatusCode.BadRequest, "text/plain"), (answer.Status, answer.MediaType));
        Assert.Equal(
            [
                "Application", "Date", "Description", "FeedName", "GroupName", "PackageName", "Target", "Url",
                "UserName", "Version",
            ],
            answer.Lines.Select(line => line.Split(':')[0]).Order(StringComparer.Ordinal));
    }

    public static TheoryData<string, string, string> Invalid => new()
    {
        { "Application", " ", "Application: is blank" },
        { "Target", "", "Target: is blank" },
        { "Target", new string('x', 201), "Target: is longer than 200 characters" },
        { "Description", new string('x', 2001), "Description: is longer than 2000 characters" },
        { "Description", "a\0b", "Description: has control characters" },
        { "Url", "javascript:alert(1)", "Url: must be an absolute http or https URL" },
        { "Url", "/relative", "Url: must be an absolute http or https URL" },
        { "Date", "2199-01-01T00:00:00Z", "Date: is more than 5 minutes in the future" },
        { "Date", "tomorrow", "Date: is not an ISO 8601 date" },
        { "PackageName", "", "PackageName: is missing" },
        { "PackageName", "a\u0001", "PackageName: has control characters" },
        { "Version", " ", "Version: is missing" },
        { "Version", new string('1', 501), "Version: is longer than 500 characters" },
        { "FeedName", "", "FeedName: is missing" },
        { "FeedName", "a\0b", "FeedName: has control characters" },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task An_invalid_property_is_refused(string property, string value, string problem)
    {
        var body = property == "Target" ? Json((property, value)) : Json((property, value), ("Target", target));
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single, body);

        Assert.Equal((HttpStatusCode.BadRequest, "text/plain"), (answer.Status, answer.MediaType));
        Assert.StartsWith(problem, Assert.Single(answer.Lines), StringComparison.Ordinal);
        Assert.Empty(await fixture.RecordsAsync(target));
    }

    [Theory]
    [InlineData("{", "The body is not valid JSON")]
    [InlineData("[]", "A JSON object is expected")]
    [InlineData("", "The body is not valid JSON")]
    [InlineData("""{"Version":{}}""", "Version: must be text")]
    [InlineData("""{"Target":"a","target":"b"}""", "Target: is given 2 times")]
    [InlineData("""{"Target":"\ud800"}""", "Target: must be text")]
    public async Task A_body_that_is_no_such_object_is_refused(string body, string problem)
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single, body);

        Assert.Equal((HttpStatusCode.BadRequest, "text/plain"), (answer.Status, answer.MediaType));
        Assert.StartsWith(problem, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_is_taken_as_it_is_written()
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single,
            $$"""
            {"FeedName":"js","PackageName":"a","Version":1.10,"Application":"a","Description":"d","Target":"{{target}}"}
            """);

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Equal("1.10", Assert.Single(await fixture.RecordsAsync(target)).Version);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("unknown")]
    [InlineData("unknown in the body")]
    [InlineData("expired")]
    [InlineData("revoked")]
    [InlineData("view only")]
    [InlineData("another feed's")]
    public async Task Without_a_key_that_may_record_here_it_is_forbidden(string which)
    {
        var answer = which switch
        {
            "none" => await fixture.SendAsync(RecordApiFixture.Single, Json(), "application/json"),
            "unknown in the body" => await fixture.SendAsync(
                RecordApiFixture.Single, Json(("key", "wrong-key-1234567890")), "application/json"),
            _ => await fixture.SendAsync(
                RecordApiFixture.Single, Json(), "application/json", ("X-ApiKey", await RefusedKeyAsync(which))),
        };

        Assert.Equal((HttpStatusCode.Forbidden, "text/plain"), (answer.Status, answer.MediaType));
        Assert.Empty(await fixture.RecordsAsync(target));
    }

    [Fact]
    public async Task A_key_of_the_feed_may_record_and_is_remembered_as_the_recorder()
    {
        var (key, _) = await fixture.NewKeyAsync(
            new { type = "Feed", displayName = "ci", feed = "main", packagePermissions = new[] { "add" } });

        var answer = await fixture.SendAsync(RecordApiFixture.Single, Json(), "application/json", ("X-ApiKey", key));

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Contains("ci", Assert.Single(await fixture.RecordsAsync(target)).Recorder, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_is_not_told_what_else_is_wrong()
    {
        var answer = await fixture.SendAsync(RecordApiFixture.Single, "{", "application/json");

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
    }

    [Fact]
    public async Task A_feed_that_does_not_exist_is_not_found()
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single, Json(("FeedName", "nowhere")));

        Assert.Equal((HttpStatusCode.NotFound, "text/plain"), (answer.Status, answer.MediaType));
        Assert.Contains("nowhere", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        var answer = await fixture.SendWithKeyAsync(
            RecordApiFixture.Single, Json(("Description", new string('x', 70_000))));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
    }

    [Theory]
    [InlineData("application/xml")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Another_content_type_is_refused(string contentType)
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single, Json(), contentType);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Status);
    }

    [Fact]
    public async Task Repeated_with_a_date_it_is_one_record_and_without_each_is_its_own()
    {
        for (var i = 0; i < 3; i++)
        {
            var answer = await fixture.SendWithKeyAsync(
                RecordApiFixture.Single, Json(("Date", "2026-01-31T08:15:00Z")));
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            using var json = JsonDocument.Parse(answer.Body);
            Assert.Equal(i > 0, json.RootElement.GetProperty("duplicate").GetBoolean());
        }

        Assert.Single(await fixture.RecordsAsync(target));
        for (var i = 0; i < 2; i++)
            await fixture.SendWithKeyAsync(RecordApiFixture.Single, Json());
        Assert.Equal(3, (await fixture.RecordsAsync(target)).Count);
    }

    [Theory]
    [InlineData(RecordApiFixture.Single)]
    [InlineData(RecordApiFixture.Batch)]
    public async Task The_unexpected_is_one_line_that_leads_to_the_log(string path)
    {
        await using var broken = await TestApp.StartAsync();
        await broken.CreateFeedAsync("main", "nuget");
        await using (var command = broken.Database.DataSource.CreateCommand("alter table deployments rename to gone"))
            await command.ExecuteNonQueryAsync();

        using var body = new StringContent(path == RecordApiFixture.Batch ? $"[{Json()}]" : Json());
        body.Headers.ContentType = new("application/json");
        using var answer = await broken.Admin.PostAsync(path, body);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        var line = Assert.Single((await answer.Content.ReadAsStringAsync()).Split('\n'));
        Assert.StartsWith("Unexpected error", line, StringComparison.Ordinal);
        Assert.DoesNotContain("deployments", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("js", "acme", "shop", "@acme", "shop")]
    [InlineData("js", "@acme", "shop", "@acme", "shop")]
    [InlineData("js", "", "@acme/shop", "@acme", "shop")]
    [InlineData("js", "acme", "@acme/shop", "@acme", "shop")]
    [InlineData("js", "", "shop", "", "shop")]
    [InlineData("java", "org.acme", "shop", "org.acme", "shop")]
    [InlineData("java", "", "org.acme:shop", "org.acme", "shop")]
    [InlineData("files", "acme/apps", "shop", "acme/apps", "shop")]
    [InlineData("files", "", "acme/apps/shop", "acme/apps", "shop")]
    [InlineData("files", "/acme/apps/", "shop", "acme/apps", "shop")]
    public async Task A_group_may_be_given_by_itself_or_within_the_name(
        string feed, string groupName, string packageName, string group, string name)
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Single,
            Json(("FeedName", feed), ("GroupName", groupName), ("PackageName", packageName)));

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var record = Assert.Single(await fixture.RecordsAsync(target));
        Assert.Equal((group, name), (record.GroupName, record.Name));
    }

    [Fact]
    public async Task A_package_recorded_by_header_and_by_API_is_one_package()
    {
        const string Path = "/maven2/java/org/acme/one/1.0/one-1.0.jar";
        using (var upload = await fixture.App.Admin.PutAsync(Path, new ByteArrayContent([1])))
            Assert.True(upload.IsSuccessStatusCode, await upload.Content.ReadAsStringAsync());
        using var download = new HttpRequestMessage(HttpMethod.Get, Path);
        foreach (var (name, value) in new[] { ("Application", "a"), ("Description", "d"), ("Target", target) })
            download.Headers.Add("X-ProGet-Deployment-" + name, value);
        (await fixture.App.Client.SendAsync(download)).Dispose();
        await Recorded.DrainedAsync(fixture.App.Database);

        await fixture.SendWithKeyAsync(RecordApiFixture.Single,
            Json(("FeedName", "java"), ("PackageName", "org.acme:one"), ("Version", "1.0")));

        Assert.Equal(2, (await fixture.RecordsAsync(target)).Count);
        await using var command = fixture.App.Database.DataSource.CreateCommand(
            "select count(*) from packages where group_name = 'org.acme' and name = 'one'");
        Assert.Equal(1L, await command.ExecuteScalarAsync());
    }

    async Task<string> RefusedKeyAsync(string which)
    {
        switch (which)
        {
            case "expired":
                var until = TimeProvider.System.GetUtcNow().AddSeconds(1.5);
                var (brief, _) = await fixture.NewKeyAsync(
                    new { type = "Feed", packagePermissions = new[] { "add" }, expiration = until });
                while (TimeProvider.System.GetUtcNow() < until)
                    await Task.Delay(100);
                return brief;
            case "revoked":
                var (revoked, id) = await fixture.NewKeyAsync(
                    new { type = "Feed", packagePermissions = new[] { "add" } });
                await fixture.App.Admin.AskAsync("POST", $"/api/api-keys/delete?id={id}");
                return revoked;
            case "view only":
                return (await fixture.NewKeyAsync(new { type = "Feed", packagePermissions = new[] { "view" } })).Key;
            case "another feed's":
                return (await fixture.NewKeyAsync(
                    new { type = "Feed", feed = "other", packagePermissions = new[] { "add" } })).Key;
            default:
                return "no-such-key-1234567890";
        }
    }

    /// <summary>A good object with some properties replaced or added.</summary>
    string Json(params (string Name, string Value)[] changes)
    {
        var properties = new Dictionary<string, string>
        {
            ["FeedName"] = "main",
            ["PackageName"] = "Acme.Web",
            ["Version"] = "1.2.0",
            ["Application"] = "BuildMaster",
            ["Description"] = "Release 7",
            ["Target"] = target,
        };
        foreach (var (name, value) in changes)
            properties[name] = value;
        return JsonSerializer.Serialize(properties);
    }
}
