using System.Collections.Concurrent;
using Deployments.Data.Inbox;
using Deployments.Tests.Support;
using Deployments.Web.Jobs;
using Hangfire;

namespace Deployments.Tests.Jobs;

/// <summary>
/// The engine, against a real PostgreSQL: drains are gathered, outages leave nothing stuck or piled up.
/// </summary>
public sealed class JobServerTests
{
    [Fact]
    public async Task A_drain_that_waits_is_the_only_one_however_many_nodes_ask()
    {
        await using var database = await TestDatabase.CreateAsync();
        var storage = JobServer.OpenStorage(database.ConnectionString); // nobody works on it
        var queues = Enumerable.Range(0, 4).Select(_ => new JobQueue(
            storage, new RecurringJobManager(storage), new BackgroundJobClient(storage),
            new InboxStore(database.DataSource), [])).ToArray();
        var queued = new ConcurrentBag<bool>();

        await Task.WhenAll(queues.Select(queue => Task.Run(async () =>
        {
            for (var n = 0; n < 5; n++)
                queued.Add(await queue.DrainAsync(default));
        })));

        Assert.Single(queued, asked => asked);
        Assert.Equal(1, storage.GetMonitoringApi().EnqueuedCount(JobCall.DrainQueue));
    }

    [Fact]
    public async Task A_record_that_waits_is_drained_at_once_and_leaves_no_pile_of_jobs()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(app.Database);
        await app.CreateFeedAsync("main", "universal");
        for (var n = 0; n < 20; n++)
        {
            await using var command = app.Database.DataSource.CreateCommand(Records.PageSeed.Waiting(1000 + n));
            await command.ExecuteNonQueryAsync();
        }

        await Recorded.DrainedAsync(app.Database);

        Assert.Equal(20, (await Recorded.AllAsync(app.Database)).Count);
        Assert.InRange(app.Service<JobStorage>().GetMonitoringApi().EnqueuedCount(JobCall.DrainQueue), 0, 1);
    }

    [Fact]
    public async Task After_the_database_was_away_jobs_run_again_and_none_is_stuck()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");

        await app.Database.TakeAwayAsync();
        await Task.Delay(TimeSpan.FromSeconds(3)); // the servers notice
        await app.Database.BringBackAsync();
        await using (var command = app.Database.DataSource.CreateCommand(Records.PageSeed.Waiting(71)))
            await Patience.UntilAsync(async () => await command.ExecuteNonQueryAsync() > 0);
        await Recorded.DrainedAsync(app.Database);

        await Patience.UntilAsync(() => TryRunNow(app));
        await Patience.UntilAsync(() =>
            app.Service<JobQueue>().Rows().Single(row => row.Job.Name == PruneNodesJob.Name).Last is
            { State: JobRunState.Ok });
        Assert.InRange(app.Service<JobStorage>().GetMonitoringApi().EnqueuedCount(JobCall.DrainQueue), 0, 1);
    }

    [Fact]
    public async Task A_job_of_another_version_is_passed_over()
    {
        await using var database = await TestDatabase.CreateAsync();
        var call = new JobCall([], null!);

        Assert.Null(await call.RunAsync("of-tomorrow", default));
    }

    [Fact]
    public async Task A_drain_goes_on_at_once_only_after_a_full_batch()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        await app.StopJobsAsync();
        await InboxSeed.FillAsync(app.Database.DataSource, 5001);

        var drained = await app.Service<InboxDrainer>().RunOnceAsync(default);
        Assert.Equal(5001, drained); // a full batch, then the rest

        await InboxSeed.FillAsync(app.Database.DataSource, 3);
        Assert.Equal(3, await app.Service<InboxDrainer>().RunOnceAsync(default));
    }

    [Theory]
    [InlineData(10, null, "*/10 * * * * *")]
    [InlineData(60, null, "*/1 * * * *")]
    [InlineData(3600, null, "0 */1 * * *")]
    [InlineData(86400, "02:30", "30 2 * * *")]
    public void Each_line_has_its_cron_expression(int seconds, string? at, string cron) =>
        Assert.Equal(cron, JobServer.CronOf(new ScheduledJob(
            "job", TimeSpan.FromSeconds(seconds), typeof(string), "",
            at is null ? null : TimeOnly.Parse(at, System.Globalization.CultureInfo.InvariantCulture))));

    static bool TryRunNow(TestApp app)
    {
        try
        {
            app.Service<JobQueue>().RunNow(PruneNodesJob.Name);
            return true;
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException or InvalidOperationException)
        {
            return false; // a connection that broke
        }
    }
}
