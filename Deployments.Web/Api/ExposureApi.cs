using Deployments.Data.Accounts;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Api;

/// <summary>The exposure to one vulnerability, as the report that people print has it.</summary>
sealed class ExposureApi(VulnerabilityQueries queries, ExposureReader exposures)
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/vulnerabilities/{id}/exposure",
            (HttpContext context, string id, ExposureApi api) => api.OfAsync(context, id))
            .RequirePermission(Permissions.View, anyFeed: true).AddEndpointFilter(ApiRefusal.AnswerAsync);

    async Task<IResult> OfAsync(HttpContext context, string id)
    {
        var (visible, ct) = (CallerFeeds.Of(context), context.RequestAborted);
        var found = await AssessmentApi.FindAsync(queries, id, visible, ct);
        var report = await exposures.OfAsync(found.GroupId, visible, ct);
        var exposure = report.Exposure;
        return Results.Json(new
        {
            found.Id,
            madeAt = TimeText.Write(report.At),
            madeBy = ApiAccess.CallerOf(context).Name,
            publishedAt = found.PublishedAt is { } published ? TimeText.Write(published) : null,
            firstExposedAt = exposure.FirstAt is { } first ? TimeText.Write(first) : null,
            truncated = report.IsTruncated,
            exposedTargets = exposure.OpenTargets,
            exposure.AssessedTargets,
            exposure.Mended,
            exposure.MedianDays,
            flows = exposure.Flows.Select(flow => new { flow.Version, targetGroup = flow.Group, flow.Targets }),
            targets = exposure.Open.Select(row => new
            {
                row.Target,
                targetGroup = report.Groups.GetValueOrDefault(row.Target),
                row.Type,
                row.Group,
                row.Name,
                row.Version,
                row.Fixed,
                exposedFrom = TimeText.Write(row.ExposedFrom),
            }),
        });
    }
}
