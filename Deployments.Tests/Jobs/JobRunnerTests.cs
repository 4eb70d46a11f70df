using Deployments.Data.Jobs;
using Deployments.Tests.Support;
using Deployments.Web.Jobs;
using Deployments.Web.Startup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deployments.Tests.Jobs;

/// <summary>What is written down of runs.</summary>
public sealed class JobRunnerTests
{
    static readonly ThisNode Here = new(Guid.NewGuid(), "node-a", 1, "1.0", TimeProvider.System.GetUtcNow());

    [Fact]
    public void Every_job_of_the_timetable_has_a_name_of_its_own_and_says_what_it_does()
    {
        Assert.Equal(JobsSetup.Timetable.Length, JobsSetup.Timetable.DistinctBy(line => line.Name).Count());
        Assert.All(JobsSetup.Timetable, line =>
        {
            Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", line.Name);
            Assert.Matches(@"^[A-Z].*\.$", line.Does);
            Assert.True(line.At is null || line.Every == TimeSpan.FromDays(1));
        });
    }

    [Fact]
    public async Task A_run_is_written_down_with_its_result()
    {
        await using var work = await Work.StartAsync(_ => Task.FromResult(new JobResult(12, "Did twelve.")));

        await work.Runner.RunAsync("nightly", default);

        var run = Assert.Single(await work.RunsAsync("nightly"));
        Assert.Equal((JobRunState.Ok, 12L, "Did twelve.", "node-a", 1),
            (run.State, run.Items, run.Message, run.Node, run.Runs));
        Assert.True(run.EndedAt >= run.StartedAt);
    }

    [Fact]
    public async Task A_failure_is_written_down_and_goes_no_further()
    {
        await using var work = await Work.StartAsync(_ =>
            throw new InvalidDataException("Nothing\0 there: " + new string('x', 1979) + "\U0001F600"));

        await work.Runner.RunAsync("nightly", default);

        var run = Assert.Single(await work.RunsAsync("nightly"));
        Assert.Equal(JobRunState.Failed, run.State);
        Assert.StartsWith("InvalidDataException: Nothing\ufffd there", run.Message, StringComparison.Ordinal);
        Assert.InRange(run.Message!.Length, 1999, 2000);
    }

    [Fact]
    public async Task A_run_that_ends_with_the_program_is_stopped_not_failed()
    {
        using var ending = new CancellationTokenSource();
        await using var work = await Work.StartAsync(async ct =>
        {
            await ending.CancelAsync();
            ct.ThrowIfCancellationRequested();
            return JobResult.Nothing;
        });

        await work.Runner.RunAsync("nightly", ending.Token);

        Assert.Equal(JobRunState.Stopped, Assert.Single(await work.RunsAsync("nightly")).State);
    }

    [Fact]
    public async Task A_run_goes_on_while_its_node_is_heard_of_and_is_lost_when_it_is_not()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (store, queries) = (new JobRunStore(database.DataSource), new JobRunQueries(database.DataSource));
        var now = TimeProvider.System.GetUtcNow();
        await store.BeginAsync("nightly", Here, now, default);
        async Task<JobRunState> StateAsync(DateTimeOffset at) =>
            (await queries.NewestAsync(["nightly", "other"], at, default))["nightly"].State;

        Assert.Equal(JobRunState.Lost, await StateAsync(now)); // never heard of
        await new NodeStore(database.DataSource).SeeAsync(Here, new NodeCondition(0, 0, null, null), now, default);
        Assert.Equal(JobRunState.Running, await StateAsync(now));
        Assert.Equal(JobRunState.Lost, await StateAsync(now + Node.Silence + TimeSpan.FromSeconds(1)));
        await new NodeStore(database.DataSource).StopAsync(Here, now, default);
        Assert.Equal(JobRunState.Lost, await StateAsync(now));
    }

    [Fact]
    public async Task Of_a_frequent_job_a_minute_is_one_row_and_runs_that_did_nothing_are_none()
    {
        var results = new Queue<JobResult>([JobResult.Nothing, new(5), new(7), JobResult.Nothing, new(9)]);
        await using var work = await Work.StartAsync(_ => Task.FromResult(results.Dequeue()));

        await work.Runner.RunAsync("frequent", default);
        Assert.Empty(await work.RunsAsync("frequent"));
        await work.Runner.RunAsync("frequent", default);
        Assert.Equal(5, Assert.Single(await work.RunsAsync("frequent")).Items); // the first of its minute, at once
        for (var i = 0; i < 3; i++)
            await work.Runner.RunAsync("frequent", default);
        Assert.Single(await work.RunsAsync("frequent"));

        work.Time.Pass(TimeSpan.FromMinutes(1));
        await work.Runner.FlushAsync(atOnce: false);

        var runs = await work.RunsAsync("frequent");
        Assert.Equal((2, 16L, JobRunState.Ok), (runs[0].Runs, runs[0].Items, runs[0].State));
    }

    [Fact]
    public async Task Failures_of_a_frequent_job_are_told_together_and_kept_until_the_database_is_back()
    {
        await using var work = await Work.StartAsync(_ => throw new InvalidDataException("No."));
        await work.Runner.RunAsync("frequent", default);
        Assert.Equal("InvalidDataException: No.", Assert.Single(await work.RunsAsync("frequent")).Message);
        await work.Runner.RunAsync("frequent", default);
        await work.Runner.RunAsync("frequent", default);

        await work.Database.TakeAwayAsync();
        await work.Runner.FlushAsync(atOnce: true);
        await work.Runner.RunAsync("nightly", default);
        await work.Database.BringBackAsync();
        await work.Runner.FlushAsync(atOnce: true);

        var run = (await work.RunsAsync("frequent"))[0];
        Assert.Equal((JobRunState.Failed, 2), (run.State, run.Runs));
        Assert.Equal("2 of 2 runs failed. InvalidDataException: No.", run.Message);
    }

    [Fact]
    public async Task Old_runs_are_forgotten_but_never_the_newest_twenty_of_a_job()
    {
        await using var database = await TestDatabase.CreateAsync();
        var store = new JobRunStore(database.DataSource);
        var now = TimeProvider.System.GetUtcNow();
        await using (var command = database.DataSource.CreateCommand(
            """
            insert into job_runs (job, node_id, node, started_at, ended_at, outcome)
            select job, gen_random_uuid(), 'n', now() - age, now() - age, 'ok'
            from (values ('rare', 25, interval '200 days'), ('busy', 2010, interval '1 day'),
                ('calm', 30, interval '89 days')) as t (job, n, age)
            cross join lateral generate_series(1, n)
            """))
            await command.ExecuteNonQueryAsync();

        Assert.Equal(5 + 10, await store.PruneAsync(now, default));

        var queries = new JobRunQueries(database.DataSource);
        Assert.Equal(20, (await queries.PageAsync("rare", null, 100, now, default)).Count);
        Assert.Equal(2000, (await queries.PageAsync("busy", null, 3000, now, default)).Count);
        var calm = await queries.PageAsync("calm", null, 20, now, default);
        Assert.Equal(10, (await queries.PageAsync("calm", calm[^1].JobRunId, 20, now, default)).Count);
        Assert.Equal(0, await store.PruneAsync(now, default));
    }

    /// <summary>A runner whose jobs do what the test says.</summary>
    sealed class Work : IAsyncDisposable
    {
        readonly ServiceProvider services;

        Work(TestDatabase database, Func<CancellationToken, Task<JobResult>> does)
        {
            Database = database;
            services = new ServiceCollection().AddSingleton(new Job(does)).BuildServiceProvider();
            Runner = new JobRunner(
                [
                    new("nightly", TimeSpan.FromDays(1), typeof(Job)),
                    new("frequent", TimeSpan.FromSeconds(10), typeof(Job)),
                ],
                services, new JobRunStore(database.DataSource), Here, Time, NullLogger<JobRunner>.Instance);
        }

        public TestDatabase Database { get; }

        public MovableTime Time { get; } = new();

        public JobRunner Runner { get; }

        public static async Task<Work> StartAsync(Func<CancellationToken, Task<JobResult>> does) =>
            new(await TestDatabase.CreateAsync(), does);

        public Task<IReadOnlyList<JobRun>> RunsAsync(string job) =>
            new JobRunQueries(Database.DataSource).PageAsync(job, null, 100, Time.GetUtcNow(), default);

        public async ValueTask DisposeAsync()
        {
            await services.DisposeAsync();
            await Database.DisposeAsync();
        }
    }

    sealed class Job(Func<CancellationToken, Task<JobResult>> does) : IBackgroundJob
    {
        public Task<JobResult> RunAsync(CancellationToken ct) => does(ct);
    }

    sealed class MovableTime : TimeProvider
    {
        DateTimeOffset now = new(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);

        public void Pass(TimeSpan time) => now += time;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
