using System.Globalization;
using Deployments.Data.Octopus;
using Deployments.Web.Accounts;
using Deployments.Web.Octopus;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Octopus;

/// <summary>Octopus servers whose deployments become records.</summary>
public sealed class AdminOctopusModel(
    OctopusConnectionStore connections, OctopusDeploymentStore deployments, OctopusDesk desk,
    OctopusValidator validator) : PageModel
{
    /// <summary>The connections with what came of them.</summary>
    public IReadOnlyList<(OctopusConnection Octopus, OctopusCounts Counts)> Rows { get; private set; } = [];

    /// <summary>What was typed in.</summary>
    public OctopusInput Input { get; private set; } = new();

    /// <summary>What is wrong with it, in sentences; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the connections.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        var rows = new List<(OctopusConnection, OctopusCounts)>();
        foreach (var octopus in await connections.AllAsync(ct))
            rows.Add((octopus, await deployments.CountsAsync(octopus.ConnectionId, ct)));
        Rows = rows;
    }

    /// <summary>Makes a connection.</summary>
    public async Task<IActionResult> OnPostAsync(
        string? name, string? url, string? apiKey, string? spaces, string? environments, string? from,
        CancellationToken ct)
    {
        var isDate = DateOnly.TryParseExact(
            from, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day);
        Input = new OctopusInput
        {
            Name = name?.Trim() ?? "",
            Url = url?.Trim() ?? "",
            ApiKey = apiKey?.Trim() ?? "",
            Spaces = Names(spaces),
            Environments = Names(environments),
            From = isDate ? new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero) : null,
        };
        var problems = (await validator.ValidateAsync(Input, ct)).Errors
            .Select(error => $"{Label(error.PropertyName)} {error.ErrorMessage}.").ToList();
        if (!isDate && !string.IsNullOrEmpty(from))
            problems.Add("Deployments since must be a day such as 2026-01-31.");
        if (problems.Count == 0
            && !await desk.AddAsync(
                Input, Request.Host.Value ?? "", PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct))
            problems.Add("Another connection has this name.");
        if (problems.Count == 0)
            return RedirectToPage("/Octopus/AdminOctopusServer", new { name = Input.Name });
        Problems = problems;
        Response.StatusCode = StatusCodes.Status400BadRequest;
        await OnGetAsync(ct);
        return Page();
    }

    static string Label(string property) => property switch
    {
        nameof(OctopusInput.Url) => "The address",
        nameof(OctopusInput.ApiKey) => "The API key",
        nameof(OctopusInput.From) => "Deployments since",
        _ => property,
    };

    static string[] Names(string? text) =>
        (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
