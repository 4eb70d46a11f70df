using Deployments.Data.Audit;
using Deployments.Data.Jobs;
using Deployments.Web.Accounts;
using Deployments.Web.Jobs;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Jobs;

/// <summary>The timetable, and how its jobs fare.</summary>
public sealed class JobsModel(
    IReadOnlyList<ScheduledJob> timetable, JobRunQueries runs, IJobEngine engine, AuditStore audit, TimeProvider time)
    : PageModel
{
    /// <summary>The jobs, in the order of the timetable.</summary>
    public IReadOnlyList<JobRow> Rows { get; private set; } = [];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the timetable.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        var newest = await runs.NewestAsync([.. timetable.Select(job => job.Name)], time.GetUtcNow(), ct);
        var next = await engine.NextRunsAsync(ct);
        Rows = [.. timetable.Select(job => new JobRow(
            job, newest.GetValueOrDefault(job.Name), next.TryGetValue(job.Name, out var at) ? at : null))];
    }

    /// <summary>Has a job run now, on any node.</summary>
    public async Task<IActionResult> OnPostRunAsync(string job, CancellationToken ct)
    {
        if (timetable.FirstOrDefault(line => line.Name == job) is not { } line)
            return BadRequest();
        await audit.AddAsync(
            new AuditedChange("job.run", "job", line.Name, null, null),
            PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
        await engine.RunNowAsync(line.Name, ct);
        Notice = $"{line.Name} will run in a moment. Reload this page to see how it went.";
        return RedirectToPage();
    }
}

/// <summary>The runs of one job.</summary>
public sealed class JobModel(
    IReadOnlyList<ScheduledJob> timetable, JobRunQueries queries, IJobEngine engine, TimeProvider time) : PageModel
{
    internal const int PageSize = 50;

    /// <summary>The job.</summary>
    public ScheduledJob Job { get; private set; } = null!;

    /// <summary>When it runs next; null when it is not scheduled.</summary>
    public DateTimeOffset? Next { get; private set; }

    /// <summary>The page of its runs, newest first.</summary>
    public IReadOnlyList<JobRun> Runs { get; private set; } = [];

    /// <summary>The first page; null on the first.</summary>
    public string? NewestUrl { get; private set; }

    /// <summary>The next page; null on the last.</summary>
    public string? OlderUrl { get; private set; }

    /// <summary>Shows the runs.</summary>
    public async Task<IActionResult> OnGetAsync(string name, long? before, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        if (timetable.FirstOrDefault(line => line.Name == name) is not { } line)
            return NotFound();
        Job = line;
        Next = (await engine.NextRunsAsync(ct)).TryGetValue(name, out var at) ? at : null;
        var found = await queries.PageAsync(name, before, PageSize + 1, time.GetUtcNow(), ct);
        Runs = [.. found.Take(PageSize)];
        NewestUrl = before is null ? null : $"/admin/jobs/{name}";
        OlderUrl = found.Count > PageSize ? $"/admin/jobs/{name}?before={Runs[^1].JobRunId}" : null;
        return Page();
    }
}
