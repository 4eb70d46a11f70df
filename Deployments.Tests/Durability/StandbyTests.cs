using System.Net;
using Dapper;
using Deployments.Data.Database;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Durability;

/// <summary>A primary and a synchronous standby: what is told to be recorded is on both.</summary>
public sealed class StandbyTests : IAsyncLifetime
{
    PostgresPair servers = null!;

    public async Task InitializeAsync() => servers = await PostgresPair.StartAsync();

    public async Task DisposeAsync() => await servers.DisposeAsync();

    [Fact]
    public async Task What_no_standby_has_is_not_told_to_be_recorded_and_follows_when_one_is_back()
    {
        // PostgreSQL ends a wait for the standby that is cancelled with a warning and success.
        await using var server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + servers.First + ";Command Timeout=2");
        var path = await UniversalPackage.InNewFeedAsync(server.Admin, "main");
        await using var load = new TaggedLoad(server.Client, path, parallel: 2);
        await load.MoreAsync("recorded");
        await servers.StopStandbyAsync();
        await load.MoreAsync("journaled", more: 4); // each group waits two seconds for the standby
        await load.StopAsync();
        using (var answer = await PostAsync(server))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);

        await servers.StartStandbyAsync();

        await EmptyAsync(server);
        await using var database = NpgsqlDataSource.Create(servers.First);
        await using var connection = await database.OpenConnectionAsync();
        await Patience.UntilAsync(async () => !await connection.ExecuteScalarAsync<bool>(
            "select exists (select from deployment_inbox)"));
        var ids = (await connection.QueryAsync<long>("select id from deployments order by id")).ToList();
        Assert.Empty(load.Promised.Keys.Except(ids));
        Assert.InRange(ids.Count, load.Promised.Count, load.Promised.Count + 1); // the one that was not promised
        Assert.True(load.Others == 0 && load.Unread == 0, load.LastOther);
    }

    [Fact]
    public async Task Of_several_hosts_the_primary_is_meant_and_the_next_one_is_found()
    {
        await using var server = await ServerProcess.StartAsync("ConnectionStrings:Deployments=" + servers.Both);
        var path = await UniversalPackage.InNewFeedAsync(server.Admin, "main");
        await using var load = new TaggedLoad(server.Client, path, parallel: 2) { Log = () => server.Output };
        await load.MoreAsync("recorded");

        await servers.FailOverAsync();
        await servers.FirstReturnsAsStandbyAsync();

        await load.MoreAsync("recorded");
        await load.StopAsync();
        Assert.True(load.Others == 0 && load.Unread == 0, load.LastOther);
        using (var answer = await PostAsync(server))
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await EmptyAsync(server);
        await using var database = NpgsqlDataSource.Create(servers.Second);
        await using var connection = await database.OpenConnectionAsync();
        await Patience.UntilAsync(async () => !await connection.ExecuteScalarAsync<bool>(
            "select exists (select from deployment_inbox)"), () => server.Output);
        var ids = (await connection.QueryAsync<long>("select id from deployments")).ToList();
        Assert.Equal(load.Promised.Count + 1, ids.Count);
        Assert.Empty(load.Promised.Keys.Except(ids));
    }

    [Theory]
    [InlineData("read-write")]
    [InlineData("prefer-standby")]
    public async Task What_a_connection_string_says_of_the_hosts_stays(string wanted)
    {
        await using var database = DatabaseSetup.CreateDataSource(
            servers.Both + ";Target Session Attributes=" + wanted);
        await using var connection = await database.OpenConnectionAsync();

        Assert.Equal(wanted == "prefer-standby",
            await connection.ExecuteScalarAsync<bool>("select pg_is_in_recovery()"));
    }

    [Fact]
    public async Task What_a_standby_or_a_shutdown_answers_is_no_fault_of_what_was_sent()
    {
        await using var database = DatabaseSetup.CreateDataSource(servers.Second);
        var onStandby = await Assert.ThrowsAsync<PostgresException>(() => WriteAsync(database));
        var ended = await Assert.ThrowsAsync<PostgresException>(() => EndedAsync(database));
        await using var primary = DatabaseSetup.CreateDataSource(servers.First);
        var wrong = await Assert.ThrowsAsync<PostgresException>(async () =>
        {
            await using var connection = await primary.OpenConnectionAsync();
            await connection.ExecuteAsync("select 1 / 0");
        });

        Assert.Equal(["25006", "57P01", "22012"], [onStandby.SqlState, ended.SqlState, wrong.SqlState]);
        Assert.All([onStandby, ended], fault => Assert.True(
            DatabaseFaults.IsPassing(fault) && !DatabaseFaults.IsAboutTheData(fault), fault.SqlState));
        Assert.True(DatabaseFaults.IsAboutTheData(wrong) && !DatabaseFaults.IsPassing(wrong));
    }

    static async Task WriteAsync(NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("create table t (id int)");
    }

    // As every session when a server is shut down.
    static async Task EndedAsync(NpgsqlDataSource database)
    {
        await using var one = await database.OpenConnectionAsync();
        await using var other = await database.OpenConnectionAsync();
        var waiting = one.ExecuteAsync("select pg_sleep(600)");
        await Patience.UntilAsync(async () => await other.ExecuteScalarAsync<bool>(
            "select count(*) > 0 from pg_stat_activity where wait_event = 'PgSleep'"));
        await other.ExecuteAsync("select pg_terminate_backend(@pid)", new { pid = one.ProcessID });
        await waiting;
    }

    static async Task<HttpResponseMessage> PostAsync(ServerProcess server) =>
        await server.Admin.PostAsync("/api/package-deployment/", new StringContent(
            """
            { "FeedName": "main", "PackageName": "app", "Version": "1.0.0", "Application": "a", "Description": "d",
              "Target": "posted" }
            """, System.Text.Encoding.UTF8, "application/json"));

    static Task EmptyAsync(ServerProcess server)
    {
        var journal = Path.Combine(server.DataDirectory, "journal");
        return Patience.UntilAsync(() => !Directory.Exists(journal) || !Directory.EnumerateFiles(journal).Any(),
            () => $"The journal is not delivered:\n{server.Output}");
    }
}
