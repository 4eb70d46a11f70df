using Deployments.Data.Audit;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>Imports advisories from a file, and says where they are fetched from.</summary>
[RequestSizeLimit(AdvisoryImport.UploadBytesMax)]
[RequestFormLimits(MultipartBodyLengthLimit = AdvisoryImport.UploadBytesMax)]
public sealed class AdminAdvisoriesModel(AdvisorySourceStore sources) : PageModel
{
    const int NameLengthMax = 100;

    /// <summary>What became of the file that was sent; null when none was.</summary>
    public ImportReport? Report { get; private set; }

    /// <summary>What is wrong with what was sent; null when nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Where advisories are fetched from.</summary>
    public IReadOnlyList<AdvisorySource> Sources { get; private set; } = [];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the forms.</summary>
    public async Task OnGetAsync(CancellationToken ct) => Sources = await sources.AllAsync(ct);

    /// <summary>Imports the file; repeating it changes nothing.</summary>
    public async Task<IActionResult> OnPostAsync(IFormFile? file, CancellationToken ct)
    {
        if (file is null)
            return await RefuseAsync("Choose a file.", ct);
        var upload = HttpContext.RequestServices.GetRequiredService<AdvisoryUpload>();
        await using var content = file.OpenReadStream();
        Report = await upload.RunOrNullAsync(content, By, ct);
        if (Report is null)
            return await RefuseAsync($"The file is larger than {AdvisoryImport.UploadBytesMax >> 20} MB.", ct);
        await OnGetAsync(ct);
        return Page();
    }

    /// <summary>Adds a source.</summary>
    public async Task<IActionResult> OnPostSourceAsync(string? name, string? location, CancellationToken ct)
    {
        var called = name?.Trim() ?? "";
        var place = location?.Trim() ?? "";
        if (called.Length is 0 or > NameLengthMax || called.Any(char.IsControl))
            return await RefuseAsync($"The name must have 1 to {NameLengthMax} characters.", ct);
        if (AdvisoryFetch.ProblemOrNull(place) is { } problem)
            return await RefuseAsync(problem, ct);
        if (!await sources.AddAsync(called, place, By, ct))
            return await RefuseAsync("Another source has this name.", ct);
        Notice = $"Added {called}.";
        return RedirectToPage();
    }

    /// <summary>Removes a source.</summary>
    public async Task<IActionResult> OnPostRemoveAsync(int id, CancellationToken ct)
    {
        if (!await sources.DeleteAsync(id, By, ct))
            return NotFound();
        Notice = "Removed. What was imported from it stays.";
        return RedirectToPage();
    }

    /// <summary>Fetches from a source now.</summary>
    public async Task<IActionResult> OnPostFetchAsync(int id, CancellationToken ct)
    {
        var source = (await sources.AllAsync(ct)).FirstOrDefault(source => source.AdvisorySourceId == id);
        if (source is null)
            return NotFound();
        Notice = await HttpContext.RequestServices.GetRequiredService<AdvisoryFetch>().RunAsync(source, ct);
        return RedirectToPage();
    }

    async Task<IActionResult> RefuseAsync(string problem, CancellationToken ct)
    {
        Problem = problem;
        Response.StatusCode = StatusCodes.Status400BadRequest;
        await OnGetAsync(ct);
        return Page();
    }
}
