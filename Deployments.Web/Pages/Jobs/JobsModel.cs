using Deployments.Data.Audit;
using Deployments.Web.Accounts;
using Deployments.Web.Jobs;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Jobs;

/// <summary>The timetable, and how its jobs fare.</summary>
public sealed class JobsModel(JobQueue jobs, AuditStore audit) : PageModel
{
    /// <summary>The jobs, in the order of the timetable.</summary>
    public IReadOnlyList<JobRow> Rows { get; private set; } = [];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the timetable.</summary>
    public void OnGet() => Rows = jobs.Rows();

    /// <summary>Has a job run now, on any node.</summary>
    public async Task<IActionResult> OnPostRunAsync(string job, CancellationToken ct)
    {
        if (jobs.Rows().FirstOrDefault(row => row.Job.Name == job) is not { Job: var line })
            return BadRequest();
        await audit.AddAsync(
            new AuditedChange("job.run", "job", line.Name, null, null),
            PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
        jobs.RunNow(line.Name);
        Notice = $"{line.Name} will run in a moment. Reload this page to see how it went.";
        return RedirectToPage();
    }
}
