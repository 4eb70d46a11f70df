using System.Net;
using Deployments.Data.Audit;
using Deployments.Data.Jobs;
using Deployments.Tests.Support;
using Deployments.Web.Jobs;

namespace Deployments.Tests.Jobs;

public sealed class JobPagesTests
{
    [Fact]
    public async Task A_job_asked_for_on_one_node_is_run_by_the_cluster_and_shown_with_its_result()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(app.Database);
        using var admin = await Browser.SignedInAsync(app);
        Assert.Contains("none yet", await admin.ReadAsync("/admin/jobs"), StringComparison.Ordinal);

        using var asked = await admin.PostAsync(
            "/admin/jobs", "/admin/jobs?handler=Run", ("job", ApplyRetentionJob.Name));

        Assert.Equal(HttpStatusCode.Found, asked.StatusCode);
        var run = await EndedAsync(app, ApplyRetentionJob.Name);
        Assert.Equal((JobRunState.Ok, "No rule is active."), (run.State, run.Message));
        using var otherAdmin = await Browser.SignedInAsync(other);
        foreach (var page in new[] { "/admin/jobs", $"/admin/jobs/{ApplyRetentionJob.Name}" })
            Assert.Contains("No rule is active.", await otherAdmin.ReadAsync(page), StringComparison.Ordinal);
        var entry = (await app.Service<AuditQueries>().PageAsync(new AuditFilter(null, "job.run"), null, 2, default));
        Assert.Equal(("Admin", ApplyRetentionJob.Name), (Assert.Single(entry).Actor, entry[0].SubjectName));
    }

    [Fact]
    public async Task Draining_is_written_down_once_it_did_something()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        await using (var command = app.Database.DataSource.CreateCommand(Records.PageSeed.Waiting(71)))
            await command.ExecuteNonQueryAsync();

        var run = await EndedAsync(app, DrainInboxJob.Name);

        Assert.Equal((JobRunState.Ok, 1L), (run.State, run.Items));
    }

    [Fact]
    public async Task The_timetable_says_when_each_job_runs_next()
    {
        await using var app = await TestApp.StartAsync();

        var next = await app.Service<IJobEngine>().NextRunsAsync(default);

        Assert.Equal((2, 30), (next[ApplyRetentionJob.Name].UtcDateTime.Hour, next[ApplyRetentionJob.Name].Minute));
        Assert.True(next.ContainsKey(DrainInboxJob.Name));
    }

    [Fact]
    public async Task A_daily_job_that_no_node_was_there_for_runs_when_one_is()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using (var command = database.DataSource.CreateCommand(
            """
            insert into job_runs (job, node_id, node, started_at, ended_at, outcome)
            values ('apply-retention', gen_random_uuid(), 'n', now() - interval '26 hours', now(), 'ok'),
                ('prune-job-runs', gen_random_uuid(), 'n', now() - interval '24 hours', now(), 'ok')
            """))
            await command.ExecuteNonQueryAsync();

        await using var app = await TestApp.StartAsync(database);

        var patience = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (await CountAsync(app, ApplyRetentionJob.Name) < 2)
        {
            Assert.True(TimeProvider.System.GetUtcNow() < patience);
            await Task.Delay(50);
        }

        Assert.Equal(1, await CountAsync(app, PruneJobRunsJob.Name));
    }

    [Theory]
    [InlineData("/admin/jobs/nothing", HttpStatusCode.NotFound)]
    [InlineData("/admin/jobs/drain-inbox", HttpStatusCode.OK)]
    [InlineData("/admin/jobs/drain-inbox?before=1", HttpStatusCode.OK)]
    [InlineData("/admin/jobs/drain-inbox?before=x", HttpStatusCode.BadRequest)]
    public async Task Each_address_answers_with_its_status(string address, HttpStatusCode status)
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.GetAsync(address);

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task An_unknown_job_cannot_be_asked_for()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync("/admin/jobs", "/admin/jobs?handler=Run", ("job", "rm -rf"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    static async Task<int> CountAsync(TestApp app, string job) =>
        (await app.Service<JobRunQueries>().PageAsync(job, null, 10, TimeProvider.System.GetUtcNow(), default)).Count;

    static async Task<JobRun> EndedAsync(TestApp app, string job)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var newest = await app.Service<JobRunQueries>()
                .NewestAsync([job], TimeProvider.System.GetUtcNow(), patience.Token);
            if (newest.TryGetValue(job, out var run) && run.EndedAt is not null)
                return run;
            await Task.Delay(50, patience.Token);
        }
    }
}
