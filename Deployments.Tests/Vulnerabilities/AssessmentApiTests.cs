using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Vulnerabilities;

public sealed class AssessmentApiTests : IAsyncLifetime
{
    const string Path = "/api/vulnerabilities/GHSA-1/assessments";

    VulnerableApp vulnerable = null!;

    public async Task InitializeAsync() => vulnerable = await VulnerableApp.StartAsync();

    public async Task DisposeAsync() => await vulnerable.DisposeAsync();

    [Fact]
    public async Task An_assessment_is_told_of_where_it_holds_and_listed()
    {
        var made = await vulnerable.AssessAsync(
            new
            {
                type = "nuget",
                name = "ACME.json",
                target = "web-1",
                state = "notaffected",
                justification = "component_not_present",
                reason = "  Stripped at build.\r\nSee <b>wiki</b>. ",
            }, "CVE-2026-1");

        Assert.Equal(
            ("GHSA-1", "Acme.Json", "WEB-1", "notAffected", "Stripped at build.\nSee <b>wiki</b>.", true),
            ((string?)made["advisory"], (string?)made["name"], (string?)made["target"], (string?)made["state"],
                (string?)made["reason"], (bool?)made["inForce"]));
        Assert.Null((string?)made["expiresAt"]);
        var targets = (await vulnerable.ReadAsync("/api/vulnerabilities/GHSA-1"))["targets"]!.AsArray();
        Assert.Equal(3, targets.Count);
        Assert.All(targets.Take(2), target => Assert.Null(target!["assessment"]));
        Assert.Equal((int)made["id"]!, (int)targets[2]!["assessment"]!["id"]!);
        var listed = Assert.Single((await vulnerable.ReadAsync(Path))["items"]!.AsArray());
        Assert.Equal(made.ToJsonString(), listed!.ToJsonString());
    }

    [Fact]
    public async Task A_day_means_its_end_and_revoking_reopens()
    {
        var made = await vulnerable.AssessAsync(
            new { state = "accepted", reason = "Release in June.", expiresAt = "2099-06-30" });
        Assert.Equal("2099-07-01T00:00:00Z", (string?)made["expiresAt"]);

        using var revoked = await vulnerable.App.Admin.DeleteAsync($"{Path}/{made["id"]}");
        using var again = await vulnerable.App.Admin.DeleteAsync($"{Path}/{made["id"]}");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (revoked.StatusCode, again.StatusCode));
        var listed = Assert.Single((await vulnerable.ReadAsync(Path))["items"]!.AsArray())!;
        Assert.False((bool)listed["inForce"]!);
        Assert.NotNull((string?)listed["revokedBy"]);
        Assert.All((await vulnerable.ReadAsync("/api/vulnerabilities/GHSA-1"))["targets"]!.AsArray(),
            target => Assert.Null(target!["assessment"]));
    }

    [Theory]
    [InlineData("{}", "state: is missing.\nreason: is missing.")]
    [InlineData("""{"state":"ignored","reason":"x"}""", "state: must be notAffected, accepted or fixedByOtherMeans.")]
    [InlineData("""{"state":"1","reason":"x"}""", "state: must be notAffected, accepted or fixedByOtherMeans.")]
    [InlineData("""{"state":"notAffected","reason":"x"}""",
        "justification: is missing: it says why nothing is affected.")]
    [InlineData("""{"state":"notAffected","justification":"no","reason":"x"}""", "justification: must be one of *")]
    [InlineData("""{"state":"accepted","reason":"x"}""",
        "expiresAt: is missing: a vulnerability is accepted until a date.")]
    [InlineData("""{"state":"accepted","reason":"x","expiresAt":"2026-01-01"}""", "expiresAt: is not in the future.")]
    [InlineData("""{"state":"accepted","reason":"x","expiresAt":"soon"}""", "expiresAt: is not an ISO 8601 date *")]
    [InlineData("""{"state":"fixedByOtherMeans","justification":"component_not_present","reason":"x"}""",
        "justification: is only for what is not affected.")]
    [InlineData("""{"state":"fixedByOtherMeans","reason":"a\u0007b"}""", "reason: has control characters.")]
    [InlineData("""{"state":"fixedByOtherMeans","reason":"a\ud800b"}""", "reason: is not text.")]
    [InlineData("""{"state":"fixedByOtherMeans","reason":"a\u0000b"}""", "reason: must not contain control *")]
    [InlineData("""{"state":"fixedByOtherMeans","reason":"x","name":"Acme.Json"}""",
        "type: and name are given both or neither.")]
    [InlineData("""{"state":"fixedByOtherMeans","reason":"x","group":"g"}""", "group: is given without a name.")]
    [InlineData("""{"state":"fixedByOtherMeans","reason":"x","type":"nuget","name":"Other"}""",
        "name: is no package with a version that it concerns.")]
    [InlineData("""{"state":"fixedByOtherMeans","reason":"x","target":"WEB-9"}""",
        "target: is none that anything was ever deployed to.")]
    [InlineData("""{"state":1,"reason":"x"}""", "state: must be a string.")]
    [InlineData("[]", "The body must be a JSON object.")]
    [InlineData("{", "The body must be a JSON object.")]
    public async Task What_makes_no_sense_is_refused(string body, string problem)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await vulnerable.App.Admin.PostAsync(Path, content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync();
        if (problem.EndsWith('*'))
            Assert.StartsWith(problem[..^1], text, StringComparison.Ordinal);
        else
            Assert.Equal(problem, text);
        Assert.Empty((await vulnerable.ReadAsync(Path))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_reason_may_be_long_but_not_longer()
    {
        var longest = string.Concat(Enumerable.Repeat("\U0001F600", 1000));
        await vulnerable.AssessAsync(new { state = "fixedByOtherMeans", reason = longest });

        using var refused = await vulnerable.App.Admin.PostAsJsonAsync(
            Path, new { state = "fixedByOtherMeans", reason = longest + "x" });

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task A_vulnerability_that_is_unknown_is_not_found()
    {
        const string path = "/api/vulnerabilities/GHSA-none/assessments";
        using var listed = await vulnerable.App.Client.GetAsync(path);
        using var assessed = await vulnerable.App.Admin.PostAsJsonAsync(
            path, new { state = "fixedByOtherMeans", reason = "x" });
        using var revoked = await vulnerable.App.Admin.DeleteAsync(path + "/1");

        Assert.All(new[] { listed, assessed, revoked }, answer =>
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("99999999999")]
    [InlineData("x")]
    public async Task An_assessment_that_is_unknown_is_not_found(string id)
    {
        using var answer = await vulnerable.App.Admin.DeleteAsync($"{Path}/{id}");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Only_who_may_manage_assesses_and_revokes()
    {
        var made = await vulnerable.AssessAsync(new { state = "fixedByOtherMeans", reason = "x" });
        var viewer = await KeyAsync("feeds");

        foreach (var client in new[] { vulnerable.App.Client, viewer })
        {
            using var assessed = await client.PostAsJsonAsync(Path, new { state = "fixedByOtherMeans", reason = "x" });
            using var revoked = await client.DeleteAsync($"{Path}/{made["id"]}");
            using var listed = await client.GetAsync(Path);
            Assert.Equal(
                (HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.OK),
                (assessed.StatusCode, revoked.StatusCode, listed.StatusCode));
        }

        viewer.Dispose();
        Assert.True((bool)Assert.Single((await vulnerable.ReadAsync(Path))["items"]!.AsArray())!["inForce"]!);
    }

    async Task<HttpClient> KeyAsync(string api)
    {
        using var made = await vulnerable.App.Admin.PostAsJsonAsync(
            "/api/api-keys/create", new { type = "System", systemApis = new[] { api } });
        var client = vulnerable.App.NewClient();
        client.DefaultRequestHeaders.Add(
            "X-ApiKey", (string)JsonNode.Parse(await made.Content.ReadAsStringAsync())!["key"]!);
        return client;
    }
}
