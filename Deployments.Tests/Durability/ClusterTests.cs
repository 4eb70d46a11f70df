using System.Net;
using Dapper;
using Deployments.Tests.Support;

namespace Deployments.Tests.Durability;

/// <summary>Two nodes, each with a data directory of its own, on one database.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task Two_nodes_start_at_once_on_an_empty_database_and_either_may_be_killed()
    {
        await using var database = await TestDatabase.CreateAsync(migrated: false);
        var packages = Directory.CreateTempSubdirectory("deployments-test-").FullName;
        try
        {
            string[] settings =
            [
                "ConnectionStrings:Deployments=" + database.ConnectionString,
                "Deployments:PackagesDirectory=" + packages,
            ];
            var starting = new[] { ServerProcess.StartAsync(settings), ServerProcess.StartAsync(settings) };
            await Task.WhenAll(starting).ContinueWith(_ => { }, TaskScheduler.Default);
            await using var one = await starting[0];
            await using var other = await starting[1];
            await GoOnAsync(database, one, other);
        }
        finally
        {
            Directory.Delete(packages, recursive: true);
        }
    }

    static async Task GoOnAsync(TestDatabase database, ServerProcess one, ServerProcess other)
    {
        var path = await UniversalPackage.InNewFeedAsync(one.Admin, "main");
        using (var answer = await other.Client.GetAsync(path))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        await using var onOne = new TaggedLoad(one.Client, path, parallel: 8);
        await using var onOther = new TaggedLoad(other.Client, path, parallel: 8, pause: TimeSpan.FromMilliseconds(5));
        await onOther.MoreAsync("recorded", more: 200);
        await onOne.MoreAsync("recorded", more: 200);
        one.Kill();
        await onOne.StopAsync();
        await onOther.MoreAsync("recorded", more: 200);
        await onOther.StopAsync();

        // A drain that the dead node had begun is nobody's any more: the other one finishes it.
        await Recorded.DrainedAsync(database);

        await one.StartAgainAsync();
        other.Kill();
        await using var again = new TaggedLoad(one.NewClient(), path, parallel: 4);
        await again.MoreAsync("recorded");
        await again.StopAsync();
        await Recorded.DrainedAsync(database);

        var promised = onOne.Promised.Keys.Concat(onOther.Promised.Keys).Concat(again.Promised.Keys).ToList();
        Assert.Equal(promised.Count, promised.Distinct().Count());
        var ids = (await Recorded.AllAsync(database)).Select(record => record.Id).ToList();
        Assert.Empty(promised.Except(ids));
        Assert.InRange(ids.Count, promised.Count, promised.Count + onOne.Unread);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(Data.Database.Migrator.All.Count,
            await connection.ExecuteScalarAsync<long>("select count(*) from schema_migrations"));
    }
}
