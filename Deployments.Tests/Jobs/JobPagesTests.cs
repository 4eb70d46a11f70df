using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;
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
        var page = await otherAdmin.ReadAsync("/admin/jobs");
        Assert.Contains("No rule is active.", page, StringComparison.Ordinal);
        using var details = await otherAdmin.GetAsync($"/admin/jobs/dashboard/jobs/details/{run.Id}");
        Assert.Equal(HttpStatusCode.OK, details.StatusCode);
        var entry = (await app.Service<AuditQueries>().PageAsync(new AuditFilter(null, "job.run"), null, 2, default));
        Assert.Equal(("Admin", ApplyRetentionJob.Name), (Assert.Single(entry).Actor, entry[0].SubjectName));
    }

    [Fact]
    public async Task The_timetable_says_when_each_job_runs_next()
    {
        await using var app = await TestApp.StartAsync();

        Dictionary<string, DateTimeOffset?> next = [];
        await Patience.UntilAsync(() =>
        {
            next = app.Service<JobQueue>().Rows().ToDictionary(row => row.Job.Name, row => row.Next);
            return next[DrainInboxJob.Name] > TimeProvider.System.GetUtcNow();
        });

        Assert.DoesNotContain(null, next.Values);
        Assert.Equal((2, 30), (next[ApplyRetentionJob.Name]!.Value.Hour, next[ApplyRetentionJob.Name]!.Value.Minute));
    }

    [Fact]
    public async Task A_job_that_fails_says_so_on_the_page_and_on_the_page_of_the_system()
    {
        await using var app = await TestApp.StartAsync();
        await using (var command = app.Database.DataSource.CreateCommand("drop table retention_rules cascade"))
            await command.ExecuteNonQueryAsync();

        app.Service<JobQueue>().RunNow(ApplyRetentionJob.Name);

        var run = await EndedAsync(app, ApplyRetentionJob.Name);
        Assert.Equal(JobRunState.Failed, run.State);
        Assert.Contains("retention_rules", run.Message, StringComparison.Ordinal);
        using var admin = await Browser.SignedInAsync(app);
        Assert.Contains("Failed", await admin.ReadAsync("/admin/jobs"), StringComparison.Ordinal);
        Assert.Contains(
            $"The job {ApplyRetentionJob.Name} failed", await admin.ReadAsync("/admin/system"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dashboard_is_for_administrators_alone_and_keeps_the_policy_of_the_pages()
    {
        await using var app = await TestApp.StartAsync();
        await app.Service<AccountStore>().AddAsync(
            "viewer", app.Service<Passwords>().Hash("a fine password"), AccountRole.Viewer, Actor.Program, default);
        using var viewer = await Browser.SignedInAsync(app, "viewer", "a fine password");
        using var stranger = new Browser(app.Url);
        foreach (var path in new[] { "", "/recurring", "/jobs/succeeded", "/servers", "/stats", "/css1", "/js1" })
        {
            using var refused = await viewer.GetAsync("/admin/jobs/dashboard" + path);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            using var sent = await stranger.GetAsync("/admin/jobs/dashboard" + path);
            Assert.Equal(HttpStatusCode.Found, sent.StatusCode);
        }

        foreach (var visitor in new[] { viewer, stranger })
        {
            using var answer = await visitor.PostWithoutTokenAsync(
                "/admin/jobs/dashboard/recurring/trigger", ("jobs[]", ApplyRetentionJob.Name));
            Assert.NotEqual(HttpStatusCode.NoContent, answer.StatusCode);
        }

        using var admin = await Browser.SignedInAsync(app);
        using var page = await admin.GetAsync("/admin/jobs/dashboard/recurring");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains(
            "script-src 'self'; style-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single(),
            StringComparison.Ordinal);
        // An administrator's session alone, without the token of a page, triggers nothing.
        using var forged = await admin.PostWithoutTokenAsync(
            "/admin/jobs/dashboard/recurring/trigger", ("jobs[]", ApplyRetentionJob.Name));
        Assert.False(forged.IsSuccessStatusCode);
        Assert.Null(app.Service<JobQueue>().Rows().Single(row => row.Job.Name == ApplyRetentionJob.Name).Last);
    }

    [Fact]
    public async Task The_page_of_a_single_job_is_no_more()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.GetAsync("/admin/jobs/drain-inbox");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task An_unknown_job_cannot_be_asked_for()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync("/admin/jobs", "/admin/jobs?handler=Run", ("job", "rm -rf"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    static async Task<JobRun> EndedAsync(TestApp app, string job)
    {
        JobRun? Last() => app.Service<JobQueue>().Rows().Single(row => row.Job.Name == job).Last;
        await Patience.UntilAsync(() => Last() is { EndedAt: not null });
        return Last()!;
    }
}
