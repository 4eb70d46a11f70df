using System.Globalization;
using Dapper;
using Deployments.Data.Octopus;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Octopus;

/// <summary>Of a backlog of deployments the next one is taken by an index, whatever the statistics say.</summary>
public sealed class OctopusBacklogTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task The_next_deployment_is_read_alone(bool isPushedDue, int next)
    {
        await using var database = await TestDatabase.CreateAsync();
        var seed = new Seed(database);
        await seed.ExecuteAsync(
            """
            insert into octopus_connections (
                name, url, api_key_encrypted, secret_encrypted, own_host, spaces, environments, from_at)
            values ('prod', 'https://octopus.example.com', 'x', 'x', '', '{}', '{}', now())
            """);
        // Odd ones were pushed; all of a kind are due at the same moment, or none.
        await RowsRead.WithLyingStatisticsAsync(database, "octopus_deployments", () => seed.ExecuteAsync(
            $"""
            insert into octopus_deployments (connection_id, deployment_id, space_id, is_pushed, next_at)
            select connection_id, 'Deployments-' || n, '', n % 2 = 1,
                   timestamptz '2026-01-01' + case when n % 2 = 1 and not {isPushedDue} then interval '1 year'
                                                   else interval '0' end
            from octopus_connections, generate_series(1, 20000) n
            """));
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var octopus = await connection.ExecuteScalarAsync<int>("select connection_id from octopus_connections");
        await connection.CloseAsync();

        OctopusWaiting? waiting = null;
        var read = await RowsRead.OfAsync(database, "octopus_deployments", async () =>
            waiting = await new OctopusDeploymentStore(database.DataSource)
                .NextOrNullAsync(octopus, Seed.Start, default));

        Assert.InRange(read, 1, 10);
        Assert.Equal(next, int.Parse(waiting!.DeploymentId["Deployments-".Length..], CultureInfo.InvariantCulture) % 2);
    }
}
