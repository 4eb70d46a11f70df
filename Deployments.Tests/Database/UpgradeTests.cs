using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using Deployments.Tests.Support;
using Deployments.Web.Jobs;
using Npgsql;

namespace Deployments.Tests.Database;

/// <summary>
/// A database that an earlier release left behind is upgraded by starting this one, and says what it said. See
/// Fixtures/upgrade/SOURCES.md.
/// </summary>
public sealed partial class UpgradeTests
{
    const long WaitedInTheInbox = 14;

    static readonly string Fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures", "upgrade");

    [Fact]
    public async Task A_database_of_the_last_release_with_Quartz_is_upgraded_by_starting_and_loses_nothing()
    {
        await using var database = await TestDatabase.CreateAsync(migrated: false);
        await RestoreAsync(database, "1578bd6.sql.gz");
        var said = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Fixtures, "1578bd6.records.json.txt")))!
            ["items"]!.AsArray();

        await using var app = await TestApp.StartAsync(database);

        Assert.Null(await ScalarAsync<string?>(database, "select to_regnamespace('quartz')::text"));
        Assert.Equal(await SchemaTests.FileAsync(), await SchemaTests.MadeAsync(database));
        await AssertJobsRunAsync(app);
        await AssertRecordsAreTheSameAsync(app, said);
        using var browser = await Browser.SignedInAsync(app);
        foreach (var (feed, package) in new[] { ("libs", "Acme.Accounts"), ("apps", "acme") })
        {
            var history = await browser.ReadAsync($"/feeds/{feed}/packages/{package}/history");
            Assert.Equal(
                said.Where(record => (string)record!["name"]! == package).Select(record => (long)record!["id"]!),
                RecordLink().Matches(history).Select(link => long.Parse(link.Groups[1].ValueSpan, null)).Distinct()
                    .Where(id => id != WaitedInTheInbox));
        }

        Assert.Contains("X-ProGet-Deployment-Description is missing", await browser.ReadAsync("/admin/rejected"),
            StringComparison.Ordinal);
        Assert.Contains("TEST-2026-0001", await browser.ReadAsync("/vulnerabilities"), StringComparison.Ordinal);
        Assert.Equal(1, await ScalarAsync<long>(database, "select count(*) from accounts"));
    }

    // The one that was accepted, and not yet recorded, when the release before was stopped; and the timetable.
    static async Task AssertJobsRunAsync(TestApp app)
    {
        await Recorded.DrainedAsync(app.Database);
        var records = await Recorded.AllAsync(app.Database);
        Assert.Equal("WEB-09", records.Single(row => row.Id == WaitedInTheInbox).Target);
        Assert.All(app.Service<JobQueue>().Rows(), row => Assert.NotNull(row.Next));
    }

    static async Task AssertRecordsAreTheSameAsync(TestApp app, JsonArray said)
    {
        var says = JsonNode.Parse(await app.Admin.GetStringAsync("/api/package-deployments"))!["items"]!.AsArray();
        Assert.Equal(
            said.Select(record => record!.ToJsonString()),
            says.Where(record => (long)record!["id"]! != WaitedInTheInbox).Select(record => Only(record!, said[0]!)));
    }

    // What the earlier release said of a record; a later one may say more.
    static string Only(JsonNode record, JsonNode like) => new JsonObject(
        like.AsObject().Select(pair => KeyValuePair.Create(pair.Key, record[pair.Key]?.DeepClone()))).ToJsonString();

    static async Task RestoreAsync(TestDatabase database, string fixture)
    {
        await using var packed = File.OpenRead(Path.Combine(Fixtures, fixture));
        using var dump = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        // The dump changes the settings of the session: no other statement may have it.
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.ExecuteAsync(await dump.ReadToEndAsync());
    }

    static async Task<T?> ScalarAsync<T>(TestDatabase database, string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql);
    }

    [GeneratedRegex(@"href=""/deployments/(\d+)""")]
    private static partial Regex RecordLink();
}
