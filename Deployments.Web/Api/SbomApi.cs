using Deployments.Data.Accounts;
using Deployments.Data.Targets;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Api;

/// <summary>Exports what runs on a target, now or at any time, as a bill of materials.</summary>
static class SbomApi
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/targets/{name}/sbom.json", SbomAsync).RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);

    static async Task<IResult> SbomAsync(
        string name, HttpContext context, TargetQueries targets, CycloneDx cycloneDx, CancellationToken ct)
    {
        var atText = context.Request.Query["at"].ToString();
        var at = TimeText.TryParseEnd(atText);
        if (atText.Length > 0 && at is null)
            throw new ApiRefusal(StatusCodes.Status400BadRequest, $"at {TimeText.Problem}.");
        var visible = CallerFeeds.Of(context);
        if (await targets.FindOrNullAsync(RecordText.FromPath(name), visible, ct) is not { } target)
            throw ApiRefusal.NotFound("Nothing was ever deployed to a target of that name.");
        var installed = at is { } then
            ? await targets.AtAsync(target.TargetId, then, visible, ct)
            : await targets.NowAsync(target.TargetId, visible, ct);
        return Results.Text(cycloneDx.WriteSbom(target.Name, installed, at), CycloneDx.MediaType);
    }
}
