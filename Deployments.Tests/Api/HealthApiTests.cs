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
}
