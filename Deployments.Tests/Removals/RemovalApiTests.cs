using System.Net;
using System.Text.Json.Nodes;
using Deployments.Tests.Api;

namespace Deployments.Tests.Removals;

/// <summary>What tools may say of removals, and what they are answered.</summary>
public sealed class RemovalApiTests(RecordApiFixture fixture) : IClassFixture<RecordApiFixture>
{
    const string Path = "/api/package-deployments/removals";

    readonly string target = RecordApiFixture.NewTarget();

    [Fact]
    public async Task A_removal_is_answered_and_what_runs_there_respects_it()
    {
        await DeployAsync("Acme", "1.0.0", "2026-01-01");
        await DeployAsync("Other", "1.0.0", "2026-01-01");

        var answer = await RemoveAsync(Body("acme", "2026-02-01"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var json = JsonNode.Parse(answer.Body)!;
        Assert.Equal((false, $"/targets/{target}"), ((bool)json["duplicate"]!, (string?)json["url"]));
        Assert.Equal(["Other"], await RunningAsync());
        Assert.Equal(["Acme", "Other"], await RunningAsync("2026-01-31"));
        Assert.Equal(["Other"], await RunningAsync("2026-02-01"));
        var sbom = JsonNode.Parse(await fixture.App.Client.GetStringAsync($"/api/targets/{target}/sbom.json"))!;
        Assert.Equal(["Other"], sbom["components"]!.AsArray().Select(component => (string?)component!["name"]));
        Assert.Contains("pkg:nuget/Acme@1.0.0",
            await fixture.App.Client.GetStringAsync($"/api/targets/{target}/sbom.json?at=2026-01-30"),
            StringComparison.Ordinal);

        var again = JsonNode.Parse((await RemoveAsync(Body("Acme", "2026-02-01"))).Body)!;
        Assert.Equal(((long)json["id"]!, true), ((long)again["id"]!, (bool)again["duplicate"]!));
    }

    [Theory]
    [InlineData("""{}""", 400, "FeedName: is missing", "PackageName: is missing", "Target: is missing")]
    [InlineData("""{"FeedName":7,"PackageName":[]}""", 400, "PackageName: must be text")]
    [InlineData("""{"Target":"a","target":"b"}""", 400, "Target: is given 2 times")]
    [InlineData("""7""", 400, "A JSON object is expected.")]
    [InlineData("""{ damaged""", 400, "The body is not valid JSON")]
    [InlineData("", 400, "The body is not valid JSON")]
    [InlineData("""{"Date":"2199-01-01","Url":"javascript:alert(1)","Target":"\u0007"}""", 400,
        "Date: is more than", "Url: must be", "Target: has control")]
    public async Task What_is_wrong_is_named(string body, int status, params string[] lines)
    {
        var answer = await RemoveAsync(body);

        Assert.Equal(status, (int)answer.Status);
        Assert.All(lines, line => Assert.Contains(line, answer.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_unknown_is_named_and_changes_nothing()
    {
        await DeployAsync("Acme", "1.0.0", "2026-01-01");

        var package = await RemoveAsync(Body("Acne", "2026-02-01"));
        var feed = await RemoveAsync(Body("Acme", "2026-02-01", ("FeedName", "nowhere")));
        var otherFeed = await RemoveAsync(Body("Acme", "2026-02-01", ("FeedName", "other")));
        var version = await RemoveAsync(Body("Acme", "2026-02-01", ("Version", "2.0.0")));

        Assert.Equal(HttpStatusCode.NotFound, package.Status);
        Assert.Equal($"PackageName, Target: nothing of Acne was ever deployed to {target} through main", package.Body);
        Assert.Equal((HttpStatusCode.NotFound, "FeedName: there is no feed called nowhere"), (feed.Status, feed.Body));
        Assert.Equal(HttpStatusCode.NotFound, otherFeed.Status);
        Assert.Equal(
            (HttpStatusCode.Conflict, $"Version: Acme 2.0.0 did not run on {target} at that time"),
            (version.Status, version.Body));
        Assert.Equal(["Acme"], await RunningAsync());
    }

    [Fact]
    public async Task Of_an_array_good_items_count_and_bad_ones_are_named()
    {
        await DeployAsync("Acme", "1.0.0", "2026-01-01");
        await DeployAsync("Other", "1.0.0", "2026-01-01");

        var answer = await RemoveAsync(
            $"\n [{Body("Acme", "2026-02-01")}, 7, {Body("Nothing", "2026-02-01")}, {Body("Acme", "2026-02-01")}, "
            + $"{{\"Target\":\"{new string('x', 70_000)}\"}}, {Body("Other", "2026-02-01")}]");

        var report = JsonNode.Parse(answer.Body)!;
        Assert.Equal((2, 1, 3),
            ((int)report["removed"]!, (int)report["duplicates"]!, (int)report["failed"]!));
        Assert.Equal([2, 3, 5], report["errors"]!.AsArray().Select(error => (int)error!["line"]!));
        Assert.Empty(await RunningAsync());
    }

    [Fact]
    public async Task A_body_that_is_too_large_or_no_json_is_refused()
    {
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge,
            (await RemoveAsync($"{{\"Target\":\"{new string('x', 70_000)}\"}}")).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType,
            (await fixture.SendWithKeyAsync(Path, "Target=a", "application/x-www-form-urlencoded")).Status);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await RemoveAsync(string.Concat(Enumerable.Repeat("{\"a\":", 5000)))).Status);
    }

    [Fact]
    public async Task Only_who_may_record_may_remove_and_a_key_of_one_feed_only_there()
    {
        await DeployAsync("Acme", "1.0.0", "2026-01-01");
        var viewer = await fixture.NewKeyAsync(new { type = "Feed", packagePermissions = new[] { "view" } });
        var other = await fixture.NewKeyAsync(
            new { type = "Feed", feed = "other", packagePermissions = new[] { "view", "add" } });

        foreach (var headers in ((string, string)[][])[
            [], [("X-ApiKey", "wrong")], [("X-ApiKey", viewer.Key)], [("X-ApiKey", other.Key)]])
            Assert.Equal(HttpStatusCode.Forbidden,
                (await fixture.SendAsync(Path, Body("Acme", null), "application/json", headers)).Status);

        var elsewhere = await fixture.SendAsync(Path, Body("Acme", null, ("FeedName", "other")), "application/json",
            ("X-ApiKey", other.Key));
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.Status);
        Assert.Equal(["Acme"], await RunningAsync());
    }

    [Fact]
    public async Task Removals_are_read_back_in_pages()
    {
        foreach (var package in (string[])["One", "Two", "Three"])
        {
            await DeployAsync(package, "1.0.0", "2026-01-01");
            await RemoveAsync(Body(package, "2026-02-01", ("Url", "https://example.com/7"), ("UserName", "jdoe")));
        }

        var first = await ListAsync($"?target={target}&limit=2");
        var second = await ListAsync($"?target={target}&limit=2&cursor={first["next"]}");

        Assert.Equal(["Three", "Two"], NamesIn(first));
        Assert.Equal(["One"], NamesIn(second));
        Assert.Null(second["next"]);
        var item = second["items"]![0]!;
        Assert.Equal("2026-02-01T00:00:00Z main nuget One 1.0.0 deploy.sh https://example.com/7 jdoe api", string.Join(
            ' ', new[] { "removedAt", "feed", "type", "name", "version", "application", "url", "user", "road" }
                .Select(name => (string?)item[name])));
        Assert.Equal(["Two"], NamesIn(await ListAsync($"?target={target}&feed=main&type=nuget&name=two")));
        Assert.Empty(NamesIn(await ListAsync($"?target={target}&from=2026-02-02")));
        Assert.Empty(NamesIn(await ListAsync("?target=nowhere")));
        using var bad = await fixture.App.Client.GetAsync(Path + "?version=1&limit=0");
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Equal(
            "limit is not a number from 1 to 1000.\nversion is no condition on removals.",
            await bad.Content.ReadAsStringAsync());

        static IEnumerable<string?> NamesIn(JsonNode page) =>
            page["items"]!.AsArray().Select(removal => (string?)removal!["name"]);

        async Task<JsonNode> ListAsync(string query) =>
            JsonNode.Parse(await fixture.App.Client.GetStringAsync(Path + query))!;
    }

    Task<RecordApiFixture.Answer> RemoveAsync(string body) => fixture.SendWithKeyAsync(Path, body);

    async Task DeployAsync(string package, string version, string date) => Assert.Equal(HttpStatusCode.OK,
        (await fixture.SendWithKeyAsync(RecordApiFixture.Single, Body(package, date, ("Version", version)))).Status);

    async Task<IEnumerable<string?>> RunningAsync(string? at = null)
    {
        var address = $"/api/targets/{target}" + (at is null ? "" : $"?at={at}T12:00Z");
        var packages = JsonNode.Parse(await fixture.App.Client.GetStringAsync(address))!["packages"]!.AsArray();
        return packages.Select(package => (string?)package!["name"]);
    }

    string Body(string package, string? date, params (string Name, string Value)[] others)
    {
        var body = new JsonObject
        {
            ["FeedName"] = "main",
            ["PackageName"] = package,
            ["Application"] = "deploy.sh",
            ["Description"] = "",
            ["Target"] = target,
            ["Date"] = date,
        };
        foreach (var (name, value) in others)
            body[name] = value;
        return body.ToJsonString();
    }
}
