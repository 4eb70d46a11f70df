using System.Text.Json;
using Deployments.Data.Accounts;
using Deployments.Data.Database;
using Deployments.Data.Records;
using Deployments.Data.Targets;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Inventory;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>The API that reads deployment records and what runs on targets.</summary>
static class ReadApi
{
    const int LimitDefault = 100;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/package-deployments", RecordsAsync).RequirePermission(Permissions.View, anyFeed: true);
        endpoints.MapGet("/api/package-deployments.csv", Csv).RequirePermission(Permissions.View, anyFeed: true);
        endpoints.MapGet("/api/targets/{**name}", TargetAsync).RequirePermission(Permissions.View, anyFeed: true);
    }

    static async Task<IResult> RecordsAsync(
        HttpContext context, RecordQueries records, ExportGate gate, ExportDatabase exports, FeedTypeCatalog types,
        TimeProvider time, CancellationToken ct)
    {
        context.Response.Headers.Vary = "Accept";
        if (PrefersCsv(context.Request))
            return Csv(context, gate, exports, types, time, ct);
        var query = RecordQuery.Read(context.Request.Query, types, LimitDefault, time.GetUtcNow());
        if (query.Given.Errors.Count > 0)
            return Refusal(query.Given);
        var page = await records.PageAsync(query.Filter, CallerFeeds.Of(context), ct);
        return Results.Json(new
        {
            items = page.Items.Select(row => new
            {
                row.Id,
                deployedAt = TimeText.Write(row.DeployedAt),
                recordedAt = TimeText.Write(row.RecordedAt),
                row.Feed,
                row.Type,
                row.Group,
                row.Name,
                row.Version,
                row.Qualifier,
                purl = RecordText.PurlOrNull(types, row),
                row.Application,
                row.Description,
                row.Target,
                row.Url,
                row.User,
                row.RecordedBy,
                road = RecordText.Name(row.Road),
            }),
            next = page.Older?.ToString(),
        });
    }

    static IResult Csv(
        HttpContext context, ExportGate gate, ExportDatabase exports, FeedTypeCatalog types, TimeProvider time,
        CancellationToken ct)
    {
        var query = RecordQuery.Read(context.Request.Query, types, LimitDefault, time.GetUtcNow());
        if (query.Given.Errors.Count > 0)
            return Refusal(query.Given);
        if (gate.RefusalOrNull(context) is { } busy)
            return busy;
        var records = RecordQueries.StreamAsync(exports, query.Filter, CallerFeeds.Of(context), ct);
        return Results.Stream(
            output => RecordCsv.WriteAsync(output, records, types, ct), "text/csv; charset=utf-8",
            "package-deployments.csv");
    }

    static async Task<IResult> TargetAsync(
        string name, HttpContext context, TargetQueries targets, TargetObserver observer, FeedTypeCatalog types,
        CancellationToken ct)
    {
        var atText = context.Request.Query["at"].ToString();
        var at = TimeText.TryParseEnd(atText);
        if (atText.Length > 0 && at is null)
            return Results.Text($"at {TimeText.Problem}.", statusCode: 400);
        var visible = CallerFeeds.Of(context);
        if (await targets.FindOrNullAsync(RecordText.FromPath(name), visible, ct) is not { } target)
            return Results.Text("Nothing was ever deployed to a target of that name.", statusCode: 404);

        var installed = at is { } time
            ? await targets.AtAsync(target.TargetId, time, visible, ct)
            : await targets.NowAsync(target.TargetId, visible, ct);
        // Of a time in the past, /api/inventory tells what was seen.
        var knowledge = at is null ? (await observer.OfAsync(target, visible, ct)).Knowledge : null;
        return Results.Json(new
        {
            target.Name,
            targetGroup = target.Group,
            at = at is null ? null : TimeText.Write(at.Value),
            lastDeployedAt = target.LastDeployedAt is { } last ? TimeText.Write(last) : null,
            packages = installed.Select(row => new
            {
                row.Feed,
                row.Type,
                row.Group,
                row.Name,
                row.Version,
                row.Qualifier,
                purl = RecordText.PurlOrNull(
                    types, row.FeedType, new PackageCoordinates(row.Group, row.Name, row.Version, row.Qualifier)),
                row.Application,
                row.User,
                deployedAt = TimeText.Write(row.DeployedAt),
                deploymentId = row.DeploymentId,
                known = knowledge?.Of(row) is { } known
                    ? new { by = JsonNamingPolicy.CamelCase.ConvertName(known.By.ToString()), at = Text(known.At) }
                    : null,
            }),
            observed = knowledge?.SeenOnly(installed).Select(row => new
            {
                row.Type,
                row.Group,
                row.Name,
                row.Version,
                row.Qualifier,
                firstSeenAt = Text(row.FirstSeenAt),
                lastSeenAt = Text(row.LastSeenAt),
            }),
        });
    }

    static string? Text(DateTimeOffset? time) => time is { } known ? TimeText.Write(known) : null;

    static IResult Refusal(FilterQuery query) =>
        Results.Text(query.Problem, statusCode: 400);

    static bool PrefersCsv(HttpRequest request) => request.GetTypedHeaders().Accept
        .OrderByDescending(type => type.Quality ?? 1)
        .FirstOrDefault(type => type.MatchesMediaType("text/csv") || type.MatchesMediaType("application/json"))
        is { } first && first.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase);
}
