using System.Net;
using System.Text.Json;
using Dapper;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Durability;

/// <summary>Pages, lists and exports that are read from a standby: never without what was recorded before.</summary>
public sealed class StandbyReadTests : IAsyncLifetime
{
    const string List = "/api/package-deployments?target=";

    static readonly string[] Addresses =
    [
        "/", "/deployments", "/targets", "/targets/WEB-1", "/matrix", "/calendar", "/figures", "/vulnerabilities",
        "/drift", "/feeds/main", "/feeds/main/packages/app/history", "/feeds/main/packages/app/versions",
        "/feeds/main/packages/app/usage", "/feeds/main/packages/app/rollout", "/removals", "/safe-to-delete",
        "/search?q=app", "/admin/export.csv", "/admin/audit.csv", "/api/package-deployments.csv",
    ];

    PostgresPair servers = null!;
    ServerProcess server = null!;

    public async Task InitializeAsync()
    {
        servers = await PostgresPair.StartAsync();
        server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + servers.First, "Deployments:StandbyHosts=" + servers.SecondHost);
        await UniversalPackage.InNewFeedAsync(server.Admin, "main");
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await servers.DisposeAsync();
    }

    [Fact]
    public async Task Reads_go_to_the_standby_and_see_what_was_recorded_a_moment_ago()
    {
        await using var standby = NpgsqlDataSource.Create(servers.Second);
        await using var connection = await standby.OpenConnectionAsync();

        for (var n = 0; n < 20; n++)
        {
            await RecordAsync($"WEB-{n}");
            Assert.Equal(1, await CountAsync($"WEB-{n}"));
        }

        foreach (var address in Addresses)
        {
            using var answer = await server.Admin.GetAsync(address);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{address}: {answer.StatusCode}\n{server.Output}");
        }

        // On a busy machine it may have been behind for a moment, and is left alone for some seconds then.
        await Patience.UntilAsync(async () =>
        {
            Assert.Equal(1, await CountAsync("WEB-1"));
            return await ReadsAsync(connection) > 0;
        });
    }

    [Fact]
    public async Task A_standby_that_is_behind_is_not_read_from()
    {
        await RecordAsync("WEB-01");
        await using var standby = NpgsqlDataSource.Create(servers.Second);
        await using var connection = await standby.OpenConnectionAsync();
        await connection.ExecuteAsync("select pg_wal_replay_pause()");

        await RecordAsync("WEB-02");
        var seen = await CountAsync("WEB-02");
        var there = await connection.ExecuteScalarAsync<long>(
            "select count(*) from deployments join targets using (target_id) where name = 'WEB-02'");
        await connection.ExecuteAsync("select pg_wal_replay_resume()");

        Assert.Equal((1, 0L), (seen, there));
    }

    [Fact]
    public async Task Without_the_standby_reads_go_to_the_primary()
    {
        await RecordAsync("WEB-01");
        Assert.Equal(1, await CountAsync("WEB-01"));
        await servers.StopStandbyAsync();

        Assert.Equal(1, await CountAsync("WEB-01"));
        using var page = await server.Client.GetAsync("/deployments");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task A_standby_that_has_become_the_primary_is_not_taken_for_one()
    {
        await RecordAsync("WEB-01");
        Assert.Equal(1, await CountAsync("WEB-01"));
        await using (var second = NpgsqlDataSource.Create(servers.Second))
        {
            await using var promote = second.CreateCommand("select pg_promote()");
            await promote.ExecuteNonQueryAsync();
            await using var empty = second.CreateCommand(
                "set synchronous_commit = local; delete from installations; delete from deployments");
            await empty.ExecuteNonQueryAsync();
        }

        Assert.Equal(1, await CountAsync("WEB-01"));
    }

    // Sessions of the program that asked for something else than whether the standby is up to date.
    static Task<long> ReadsAsync(NpgsqlConnection standby) => standby.ExecuteScalarAsync<long>(
        """
        select count(*) from pg_stat_activity
        where application_name = 'Deployments' and query not like '%pg_last_wal_replay_lsn%'
        """);

    async Task RecordAsync(string target)
    {
        using var answer = await server.Admin.PostAsync("/api/package-deployment/", new StringContent(
            $$"""
            { "FeedName": "main", "PackageName": "app", "Version": "1.0.0", "Application": "a", "Description": "d",
              "Target": "{{target}}" }
            """, System.Text.Encoding.UTF8, "application/json"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    async Task<int> CountAsync(string target)
    {
        using var list = JsonDocument.Parse(await server.Admin.GetStringAsync(List + target));
        return list.RootElement.GetProperty("items").GetArrayLength();
    }
}
