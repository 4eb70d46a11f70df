using Deployments.Data.Accounts;
using Deployments.Data.Inventory;
using Deployments.Data.Targets;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Api;

/// <summary>Exports what runs on a target, now or at any time, as a bill of materials.</summary>
static class SbomApi
{
    const int SeenMax = 100_000;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/targets/{name}/sbom.json", SbomAsync).RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);

    static async Task<IResult> SbomAsync(
        string name, HttpContext context, TargetQueries targets, ObservationQueries observations, CycloneDx cycloneDx,
        CancellationToken ct)
    {
        var atText = context.Request.Query["at"].ToString();
        var at = TimeText.TryParseEnd(atText);
        if (atText.Length > 0 && at is null)
            throw new ApiRefusal(StatusCodes.Status400BadRequest, $"at {TimeText.Problem}.");
        var source = context.Request.Query["source"].ToString() is { Length: > 0 } given ? given : "recorded";
        if (source is not ("recorded" or "observed" or "both"))
            throw new ApiRefusal(
                StatusCodes.Status400BadRequest, "source is not one of recorded, observed, both.");
        var visible = CallerFeeds.Of(context);
        if (await targets.FindOrNullAsync(RecordText.FromPath(name), visible, ct) is not { } target)
            throw ApiRefusal.NotFound("Nothing was ever deployed to a target of that name.");
        IReadOnlyList<InstalledRow> installed = source == "observed" ? []
            : at is { } then ? await targets.AtAsync(target.TargetId, then, visible, ct)
            : await targets.NowAsync(target.TargetId, visible, ct);
        IReadOnlyList<ObservationRow> seen = source == "recorded" ? []
            : await observations.OfTargetAsync(target.TargetId, at, true, SeenMax, visible, ct);
        return Results.Text(cycloneDx.WriteSbom(target.Name, installed, at, seen), CycloneDx.MediaType);
    }
}
