using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Api;

/// <summary>The exposure to one vulnerability, as the report that people print has it.</summary>
sealed class ExposureApi(VulnerabilityQueries queries, ExposureReader exposures)
{
    static readonly string[] Header =
    [
        "target", "targetGroup", "feed", "type", "group", "name", "version", "fixed", "certain", "exposedFrom",
        "deployedAt", "application", "user",
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var exposure = routes.MapGroup("/api/vulnerabilities/{id}").RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        exposure.MapGet("/exposure", (HttpContext context, string id, ExposureApi api) => api.JsonAsync(context, id));
        exposure.MapGet("/exposure.csv",
            (HttpContext context, string id, ExposureApi api) => api.CsvAsync(context, id));
    }

    async Task<IResult> JsonAsync(HttpContext context, string id)
    {
        var (found, report) = await ReadAsync(context, id);
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

    async Task<IResult> CsvAsync(HttpContext context, string id)
    {
        var (_, report) = await ReadAsync(context, id);
        var text = new StringBuilder(CsvCell.Line(Header));
        foreach (var row in report.Exposure.Open)
            text.Append(CsvCell.Line(
            [
                row.Target, report.Groups.GetValueOrDefault(row.Target, ""), row.Feed, row.Type, row.Group, row.Name,
                row.Version, row.Fixed ?? "", row.IsCertain ? "yes" : "unknown", TimeText.Write(row.ExposedFrom),
                TimeText.Write(row.DeployedAt), row.Application, row.User,
            ]));
        return Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", "exposure.csv");
    }

    async Task<(Vulnerability Found, ExposureReport Report)> ReadAsync(HttpContext context, string id)
    {
        var (visible, ct) = (CallerFeeds.Of(context), context.RequestAborted);
        var found = await AssessmentApi.FindAsync(queries, id, visible, ct);
        var given = VulnerabilityQuery.OfTargets(context.Request.Query);
        return (found, await exposures.OfAsync(found.GroupId, given.TextOrNull("targetGroup"), visible, ct));
    }
}
