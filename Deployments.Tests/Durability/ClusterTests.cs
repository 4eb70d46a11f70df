using System.Globalization;
using System.Net;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Retention;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Web.Jobs;
using Hangfire;
using Hangfire.States;

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

    [Fact]
    public async Task A_job_whose_node_is_killed_in_the_middle_is_finished_by_the_other_and_does_nothing_twice()
    {
        await using var database = await TestDatabase.CreateStartedAsync();
        await SeedRetentionAsync(database);
        string[] settings = ["ConnectionStrings:Deployments=" + database.ConnectionString];
        var starting = new[] { ServerProcess.StartAsync(settings), ServerProcess.StartAsync(settings) };
        await Task.WhenAll(starting).ContinueWith(_ => { }, TaskScheduler.Default);
        await using var one = await starting[0];
        await using var other = await starting[1];
        var storage = JobServer.OpenStorage(database.ConnectionString);

        // A lock on a record of the second batch holds the job up, when the first batch is gone for good.
        var blocker = await database.DataSource.OpenConnectionAsync();
        await using var blocking = await blocker.BeginTransactionAsync();
        await blocker.ExecuteAsync("select from deployments where id = 1000 + 2500 for update");
        new RecurringJobManager(storage).Trigger(ApplyRetentionJob.Name);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var session = 0;
        await Patience.UntilAsync(async () => (session = await connection.ExecuteScalarAsync<int>(
            "select pid from pg_stat_activity where @pid = any (pg_blocking_pids(pid))",
            new { pid = blocker.ProcessID })) > 0);
        Assert.Equal(3001, await connection.ExecuteScalarAsync<long>("select count(*) from deployments"));
        var (job, running) = storage.GetMonitoringApi().ProcessingJobs(0, 10)
            .Single(pair => pair.Value.Job.Args.Contains(ApplyRetentionJob.Name));
        new[] { one, other }.Single(node => running.ServerId.Contains($":{node.ProcessId}:", StringComparison.Ordinal))
            .Kill();
        await blocking.RollbackAsync();
        await blocker.DisposeAsync();
        await Patience.UntilAsync(async () => !await connection.ExecuteScalarAsync<bool>(
            "select exists (select from pg_stat_activity where pid = @session)", new { session }));
        // As if the two minutes of the dead node's lease had passed.
        await connection.ExecuteAsync(
            "update hangfire.jobqueue set fetchedat = fetchedat - interval '2 minutes' where jobid = @job",
            new { job = long.Parse(job, CultureInfo.InvariantCulture) });

        await Patience.UntilAsync(() =>
            storage.GetMonitoringApi().JobDetails(job).History[0].StateName == SucceededState.StateName);

        Assert.Equal(["Succeeded", "Processing", "Processing", "Enqueued"],
            storage.GetMonitoringApi().JobDetails(job).History.Select(state => state.StateName));
        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("select count(*) from deployments"));
        Assert.Equal([2000L, 3000L], await connection.QueryAsync<long>(
            """
            select (before ->> 'deploymentRecords')::bigint
            from audit_events
            where action = 'retention.remove'
            order by 1
            """));
    }

    // 5,000 copies of an old record, which a rule removes, and the newest one, which stays.
    static async Task SeedRetentionAsync(TestDatabase database)
    {
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.ExecuteAsync(
            """
            insert into deployments (
                id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
                description_id, feed_id, road)
            select 1000 + n, deployed_at - interval '1 minute' * n, recorded_at, package_id, version_id,
                   target_id, application_id, user_id, recorder_id, description_id, feed_id, road
            from deployments cross join generate_series(1, 5000) as n
            """);
        var rules = new RetentionStore(database.DataSource);
        var by = new Actor("test", null);
        var (_, id) = await rules.AddAsync(new RetentionFields(1, null, null), by, default);
        Assert.Equal(RetentionOutcome.Saved, await rules.SwitchAsync(id, 1, true, by, default));
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
