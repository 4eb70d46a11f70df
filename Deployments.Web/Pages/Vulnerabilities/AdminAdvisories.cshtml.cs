using Deployments.Web.Accounts;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Vulnerabilities;

/// <summary>Imports advisories from a file.</summary>
[RequestSizeLimit(AdvisoryImport.UploadBytesMax)]
[RequestFormLimits(MultipartBodyLengthLimit = AdvisoryImport.UploadBytesMax)]
public sealed class AdminAdvisoriesModel : PageModel
{
    /// <summary>What became of the file that was sent; null when none was.</summary>
    public ImportReport? Report { get; private set; }

    /// <summary>What is wrong with what was sent; null when nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Shows the form.</summary>
    public void OnGet()
    {
    }

    /// <summary>Imports the file; repeating it changes nothing.</summary>
    public async Task<IActionResult> OnPostAsync(IFormFile? file, CancellationToken ct)
    {
        if (file is null)
        {
            Problem = "Choose a file.";
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Page();
        }

        var upload = HttpContext.RequestServices.GetRequiredService<AdvisoryUpload>();
        await using var content = file.OpenReadStream();
        Report = await upload.RunOrNullAsync(content, PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
        return Page();
    }
}
