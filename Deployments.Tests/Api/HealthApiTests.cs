using System.Net;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Api;

public sealed class HealthApiTests
{
    [Fact]
    public async Task Health_is_told_as_JSON_and_as_text_without_credentials()
    {
        await using var app = await TestApp.StartAsync();
        foreach (var url in new[] { "/health", "/health/json", "/health?format=json" })
        {
            var health = await app.Client.JsonAsync("GET", url);
            Assert.Equal("OK", (string?)health["databaseStatus"]);
            Assert.Equal("24.0.3", (string?)health["releaseNumber"]);
            foreach (var name in new[] { "licenseStatus", "versionNumber", "serviceStatus" })
                Assert.NotNull(health[name]);
        }

        Assert.Equal((HttpStatusCode.OK, "OK"),
            await app.Client.AskAsync("GET", "/health", null, ("Accept", "text/plain")));
        var (_, json) = await app.Client.AskAsync("GET", "/health?format=json", null, ("Accept", "text/plain"));
        Assert.StartsWith("{", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alive_is_whoever_answers_and_ready_who_has_a_database_of_this_version_and_goes_on()
    {
        await using var app = await TestApp.StartAsync();
        foreach (var path in new[] { "/health/live", "/health/ready" })
            Assert.Equal((HttpStatusCode.OK, "OK"), await app.Client.AskAsync("GET", path));

        await ExecuteAsync(app, "update schema_migrations set name = name || '_' where name = '0004_create_accounts'");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "The database lacks migration 0004_create_accounts."),
            await app.Client.AskAsync("GET", "/health/ready"));
        await ExecuteAsync(app, "update schema_migrations set name = '0004_create_accounts' where name like '0004%'");
        Assert.Equal(HttpStatusCode.OK, (await app.Client.AskAsync("GET", "/health/ready")).Status);

        await app.Database.TakeAwayAsync();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "The database does not answer."),
            await app.Client.AskAsync("GET", "/health/ready"));
        Assert.Equal((HttpStatusCode.OK, "OK"), await app.Client.AskAsync("GET", "/health/live"));
        await app.Database.BringBackAsync();
        await Patience.UntilAsync(async () =>
            (await app.Client.AskAsync("GET", "/health/ready")).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_is_stopping_is_alive_and_not_ready()
    {
        await using var app = await TestApp.StartAsync();
        // Asked while it stops: the last thing that is stopped of what answers.
        (HttpStatusCode, string) live = default, ready = default;
        var lifetime = app.Service<Microsoft.Extensions.Hosting.IHostApplicationLifetime>();
        using var asked = lifetime.ApplicationStopping.Register(() =>
            (live, ready) = Task.Run(async () => (await app.Client.AskAsync("GET", "/health/live"),
                await app.Client.AskAsync("GET", "/health/ready"))).GetAwaiter().GetResult());

        lifetime.StopApplication();

        Assert.Equal((HttpStatusCode.OK, "OK"), live);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "The program is stopping."), ready);
    }

    [Theory]
    [InlineData(null, "OK")]
    [InlineData("2 seconds", "OK")]
    [InlineData("2 minutes", "Warning")]
    public async Task How_long_records_have_waited_is_told(string? age, string status)
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        await app.StopJobsAsync();
        if (age is not null)
        {
            await InboxSeed.FillAsync(app.Database.DataSource, 3);
            await using var command = app.Database.DataSource.CreateCommand(
                $"update deployment_inbox set received_at = now() - interval '{age}'");
            await command.ExecuteNonQueryAsync();
        }

        var health = await app.Client.JsonAsync("GET", "/health");

        Assert.Equal(status, (string?)health["inboxStatus"]);
        Assert.Equal(age is not null, health["inboxOldestSeconds"] is not null);
    }

    [Fact]
    public async Task A_schema_that_is_not_current_is_unhealthy()
    {
        await using var app = await TestApp.StartAsync();
        await using (var command = app.Database.DataSource.CreateCommand(
            "delete from schema_migrations where name = '0004_create_accounts'"))
            await command.ExecuteNonQueryAsync();

        const string Reason = "The database lacks migration 0004_create_accounts.";
        var (status, text) = await app.Client.AskAsync("GET", "/health", null, ("Accept", "text/plain"));
        Assert.Equal((HttpStatusCode.InternalServerError, Reason), (status, text));
        foreach (var address in new[] { "/health", "/health/json", "/health?format=json" })
        {
            (status, text) = await app.Client.AskAsync("GET", address);
            Assert.Equal(HttpStatusCode.InternalServerError, status);
            Assert.Equal(("Error", Reason), ((string?)JsonNode.Parse(text)!["databaseStatus"],
                (string?)JsonNode.Parse(text)!["databaseStatusDetails"]));
        }
    }

    static async Task ExecuteAsync(TestApp app, string sql)
    {
        await using var command = app.Database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
