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
        var all = routes.MapGroup("/api/vulnerabilities").RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        all.MapGet("/vex.openvex.json", (HttpContext context, VexApi api) =>
            api.OpenVexAsync(context, null));
        all.MapGet("/vex.cdx.json", (HttpContext context, VexApi api) =>
            api.CycloneDxAsync(context, null));
        all.MapGet("/{id}/vex.openvex.json", (HttpContext context, string id, VexApi api) =>
            api.OpenVexAsync(context, id));
        all.MapGet("/{id}/vex.cdx.json", (HttpContext context, string id, VexApi api) =>
            api.CycloneDxAsync(context, id));
    }

    async Task<IResult> OpenVexAsync(HttpContext context, string? id)
    {
        var (versions, changed) = await ReadAsync(context, id);
        return versions.Count == 0
            ? throw ApiRefusal.NotFound(
                "Nothing is assessed that was deployed, and an OpenVEX document needs something to say.")
            : Results.Text(openVex.Write(versions, changed!.Value), "application/json; charset=utf-8");
    }

    async Task<IResult> CycloneDxAsync(HttpContext context, string? id)
    {
        var (versions, changed) = await ReadAsync(context, id);
        return Results.Text(cycloneDx.WriteVex(versions, changed), CycloneDx.MediaType);
    }

    async Task<(IReadOnlyList<AssessedVersion> Versions, DateTimeOffset? Changed)> ReadAsync(
        HttpContext context, string? id)
    {
        var (visible, ct) = (CallerFeeds.Of(context), context.RequestAborted);
        int? group = id is null ? null : (await AssessmentApi.FindAsync(vulnerabilities, id, visible, ct)).GroupId;
        var now = time.GetUtcNow();
        var versions = await assessments.VersionsAsync(group, now, VersionsMax + 1, visible, ct);
        if (versions.Count > VersionsMax)
        {
            throw new ApiRefusal(StatusCodes.Status400BadRequest, string.Create(
                CultureInfo.InvariantCulture,
                $"More than {VersionsMax:N0} versions are assessed; ask for one vulnerability, by its id."));
        }

        return (versions, await assessments.LastChangeOrNullAsync(group, now, visible, ct));
    }
}
