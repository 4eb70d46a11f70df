using System.Globalization;
using Deployments.Data.Accounts;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Api;

/// <summary>Exports what was decided about vulnerabilities for other tools.</summary>
sealed class VexApi(
    VulnerabilityQueries vulnerabilities, AssessmentQueries assessments, OpenVex openVex, CycloneDx cycloneDx,
    TimeProvider time)
{
    const int VersionsMax = 100_000; // keeps a document within some ten megabytes

    public static void Map(IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/api/vulnerabilities").RequirePermission(Permissions.View)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        all.MapGet("/vex.openvex.json", (VexApi api, CancellationToken ct) => api.OpenVexAsync(null, ct));
        all.MapGet("/vex.cdx.json", (VexApi api, CancellationToken ct) => api.CycloneDxAsync(null, ct));
        all.MapGet("/{id}/vex.openvex.json", (string id, VexApi api, CancellationToken ct) =>
            api.OpenVexAsync(id, ct));
        all.MapGet("/{id}/vex.cdx.json", (string id, VexApi api, CancellationToken ct) =>
            api.CycloneDxAsync(id, ct));
    }

    async Task<IResult> OpenVexAsync(string? id, CancellationToken ct)
    {
        var (versions, changed) = await ReadAsync(id, ct);
        return versions.Count == 0
            ? throw ApiRefusal.NotFound(
                "Nothing is assessed that was deployed, and an OpenVEX document needs something to say.")
            : Results.Text(openVex.Write(versions, changed!.Value), "application/json; charset=utf-8");
    }

    async Task<IResult> CycloneDxAsync(string? id, CancellationToken ct)
    {
        var (versions, changed) = await ReadAsync(id, ct);
        return Results.Text(cycloneDx.WriteVex(versions, changed), CycloneDx.MediaType);
    }

    async Task<(IReadOnlyList<AssessedVersion> Versions, DateTimeOffset? Changed)> ReadAsync(
        string? id, CancellationToken ct)
    {
        int? group = id is null ? null : (await AssessmentApi.FindAsync(vulnerabilities, id, ct)).GroupId;
        var now = time.GetUtcNow();
        var versions = await assessments.VersionsAsync(group, now, VersionsMax + 1, ct);
        if (versions.Count > VersionsMax)
        {
            throw new ApiRefusal(StatusCodes.Status400BadRequest, string.Create(
                CultureInfo.InvariantCulture,
                $"More than {VersionsMax:N0} versions are assessed; ask for one vulnerability, by its id."));
        }

        return (versions, await assessments.LastChangeOrNullAsync(group, now, ct));
    }
}
