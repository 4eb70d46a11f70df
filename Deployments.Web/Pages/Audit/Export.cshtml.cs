using Deployments.Web.Settings;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Audit;

/// <summary>The form for the audit CSV, and what its columns mean.</summary>
public sealed class ExportModel : PageModel
{
    /// <summary>How a tool fetches the same file.</summary>
    internal string Command =>
        $"curl -fsS -o deployments.csv -H \"X-ApiKey: $KEY\" \\\n"
        + $"  '{ServerAddress.Of(HttpContext)}/admin/export.csv?from=2026-01-01&to=2026-01-31'";
}
