using Dapper;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Durability;

/// <summary>Kill -9 under load, on real processes: whoever has read an id finds its record, once.</summary>
public sealed class KillTests
{
    static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(20); // this machine has other tests to run

    [Fact]
    public async Task A_killed_web_process_loses_and_doubles_nothing()
    {
        await using var server = await ServerProcess.StartAsync();
        var path = await UniversalPackage.InNewFeedAsync(server.Admin, "main");
        await using var load = new TaggedLoad(server.Client, path, pause: Rest) { Log = () => server.Output };

        await load.MoreAsync("recorded", more: 200);
        server.Kill();
        await server.StartAgainAsync();
        await load.MoreAsync("recorded");
        await load.StopAsync();
        Assert.True(load.Others == 0, load.LastOther);
        await AssertAllThereOnceAsync(server, load);
    }

    [Fact]
    public async Task A_killed_PostgreSQL_fails_no_download_and_loses_and_doubles_nothing()
    {
        await using var server = await ServerProcess.StartAsync();
        var path = await UniversalPackage.InNewFeedAsync(server.Admin, "main");
        await using var load = new TaggedLoad(server.Client, path, pause: Rest) { Log = () => server.Output };

        await load.MoreAsync("recorded", more: 200);
        server.KillPostgres();
        await load.MoreAsync("journaled");
        await load.MoreAsync("recorded", more: 100);
        await load.StopAsync();

        Assert.True(load.Others == 0 && load.Unread == 0, $"{load.LastOther}, {load.Unread} unread\n{server.Output}");
        await AssertAllThereOnceAsync(server, load);
    }

    [Fact]
    public async Task Both_killed_at_once_lose_and_double_nothing()
    {
        await using var server = await ServerProcess.StartAsync();
        var path = await UniversalPackage.InNewFeedAsync(server.Admin, "main");
        await using var load = new TaggedLoad(server.Client, path, pause: Rest) { Log = () => server.Output };

        await load.MoreAsync("recorded", more: 200);
        server.KillPostgres();
        await load.MoreAsync("journaled", more: 20); // so that a journal is left behind
        server.Kill();
        server.KillPostgres(); // in case it was being started again
        await server.StartAgainAsync();
        await load.MoreAsync("recorded");
        await load.StopAsync();

        Assert.True(load.Others == 0, load.LastOther);
        await AssertAllThereOnceAsync(server, load);
    }

    static async Task AssertAllThereOnceAsync(ServerProcess server, TaggedLoad load)
    {
        await using var database = server.OpenDatabase();
        var journal = Path.Combine(server.DataDirectory, "journal");
        await Patience.UntilAsync(
            async () => !(Directory.Exists(journal) && Directory.EnumerateFiles(journal).Any())
                && !await IsWaitingAsync(database),
            () => $"Not drained; the server said:\n{server.Output}");

        await using var connection = await database.OpenConnectionAsync();
        var ids = (await connection.QueryAsync<long>("select id from deployments")).AsList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.Empty(load.Promised.Keys.Except(ids));
        Assert.InRange(ids.Count, load.Promised.Count, load.Promised.Count + load.Unread);
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>(
            "select (select count(*) from rejected_records) + (select count(*) from duplicate_records)"));
    }

    static async Task<bool> IsWaitingAsync(NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<bool>("select exists (select from deployment_inbox)");
    }
}
