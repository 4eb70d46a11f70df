using Dapper;
using Deployments.Tests.Support;
using Deployments.Web.Demo;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Demo;

public sealed class DemoLoaderTests
{
    [Fact]
    public async Task Loads_once_a_history_that_the_pages_show()
    {
        await using var app = await TestApp.StartAsync();
        await app.Service<DemoLoader>().LoadOnceAsync(600, CancellationToken.None);
        await app.Service<DemoLoader>().LoadOnceAsync(600, CancellationToken.None);

        await Recorded.DrainedAsync(app.Database);

        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        Assert.Equal(600, await connection.ExecuteScalarAsync<int>("select count(*) from deployments"));
        Assert.Equal(app.Service<FeedTypeCatalog>().All.Count,
            await connection.ExecuteScalarAsync<int>("select count(*) from feeds"));
        Assert.Equal(0, await connection.ExecuteScalarAsync<int>("select count(*) from deployment_inbox"));
        Assert.Equal(0, await connection.ExecuteScalarAsync<int>(
            "select count(*) from package_versions where sort_key is null"));
        var reasons = (await connection.QueryAsync<string>("select reason from rejected_records")).AsList();
        Assert.Equal(12, reasons.Count);
        Assert.All(reasons, reason => Assert.StartsWith("X-ProGet-Deployment-", reason, StringComparison.Ordinal));
        Assert.InRange(reasons.Distinct().Count(), 9, 12);

        Assert.Equal(6, await connection.ExecuteScalarAsync<int>(
            "select count(distinct advisory_id) from findings where closed_at is null and is_certain"));

        using var visitor = new Browser(app.Url);
        Assert.Contains("PROD-", await visitor.ReadAsync("/targets"), StringComparison.Ordinal);
        Assert.Contains("BuildMaster", await visitor.ReadAsync("/deployments?application=BuildMaster"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Goes_on_at_the_next_start_where_it_was_interrupted_and_doubles_nothing()
    {
        const int Records = 4000; // more than a batch
        await using var app = await TestApp.StartAsync();
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            create function end_here() returns trigger language plpgsql as $$ begin raise 'killed'; end $$;
            create trigger end_here before update on demo_load for each row execute function end_here()
            """);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() =>
            app.Service<DemoLoader>().LoadOnceAsync(Records, CancellationToken.None));
        Assert.InRange(await connection.ExecuteScalarAsync<int>("select count(*) from deployments"), 1, Records - 1);
        await connection.ExecuteAsync("drop trigger end_here on demo_load");

        await app.Service<DemoLoader>().LoadOnceAsync(600, CancellationToken.None);
        await app.Service<DemoLoader>().LoadOnceAsync(600, CancellationToken.None);

        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(Records, await connection.ExecuteScalarAsync<int>("select count(*) from deployments"));
        Assert.Equal(12, (await Recorded.RejectedAsync(app.Database)).Count);
        Assert.Equal(app.Service<FeedTypeCatalog>().All.Count,
            await connection.ExecuteScalarAsync<int>("select count(*) from feeds"));
    }

    [Fact]
    public async Task Adds_nothing_to_a_server_in_use()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("apps", "universal");

        await app.Service<DemoLoader>().LoadOnceAsync(600, CancellationToken.None);

        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<int>("select count(*) from deployments"));
        Assert.Equal(1, await connection.ExecuteScalarAsync<int>("select count(*) from feeds"));
    }

    [Fact]
    public async Task The_switch_leaves_the_arguments_that_follow_it_alone()
    {
        await using var database = await TestDatabase.CreateAsync();

        // With --migrate the program ends; were --demo to swallow what follows, this database would not be found.
        var (exitCode, output, errors) = await ServerProcess.RunToEndAsync(null, "--demo", "--migrate",
            "--demo", "--ConnectionStrings:Deployments", database.ConnectionString);

        Assert.True(exitCode == 0 && errors.Length == 0, output + errors);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<int>("select count(*) from deployments"));
    }
}
