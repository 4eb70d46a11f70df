using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Inventory;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary><c>/api/drift</c>: where what was recorded and what was seen differ.</summary>
static class DriftApi
{
    const int LimitDefault = 100;

    static readonly string[] Header =
    [
        "target", "type", "group", "name", "kind", "recorded", "deployedAt", "feed", "seen", "scope", "checkedAt",
        "since", "acceptedBy", "acceptedReason", "acceptedUntil",
    ];

    /// <summary>Maps the addresses.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/drift", JsonAsync).RequirePermission(Permissions.View, anyFeed: true);
        routes.MapGet("/api/drift.csv", Csv).RequirePermission(Permissions.View, anyFeed: true);
    }

    static async Task<IResult> JsonAsync(HttpContext context, DriftQueries drift, CancellationToken ct)
    {
        var query = DriftQuery.Read(context.Request.Query, LimitDefault);
        if (query.Given.Problem is { } problem)
            return Results.Text(problem, statusCode: 400);
        var page = await drift.PageAsync(query.Filter, CallerFeeds.Of(context), ct);
        return Results.Json(new
        {
            items = page.Items.Select(row => new
            {
                row.Target,
                row.Type,
                row.Group,
                row.Name,
                kind = DriftText.Name(row.Kind),
                row.Recorded,
                row.DeploymentId,
                deployedAt = Text(row.DeployedAt),
                row.Feed,
                row.Seen,
                row.Scope,
                checkedAt = Text(row.CheckedAt),
                since = TimeText.Write(row.Since),
                row.AcceptedBy,
                row.AcceptedReason,
                acceptedUntil = Text(row.AcceptedUntil),
            }),
            next = page.Next?.ToString(),
        });
    }

    static IResult Csv(HttpContext context, DriftQueries drift, CancellationToken ct)
    {
        var query = DriftQuery.Read(context.Request.Query, LimitDefault);
        var visible = CallerFeeds.Of(context);
        return query.Given.Problem is { } problem
            ? Results.Text(problem, statusCode: 400)
            : Results.Stream(
                output => WriteAsync(output, drift, query.Filter, visible, ct), "text/csv; charset=utf-8", "drift.csv");
    }

    static async Task WriteAsync(
        Stream output, DriftQueries drift, DriftFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), 32 * 1024, leaveOpen: true);
        var line = new StringBuilder();
        Append(line, Header);
        filter = filter with { Cursor = null, Limit = DriftQuery.LimitMax };
        while (true)
        {
            var page = await drift.PageAsync(filter, visible, ct);
            foreach (var row in page.Items)
                Append(line,
                [
                    row.Target, row.Type, row.Group, row.Name, DriftText.Name(row.Kind), row.Recorded ?? "",
                    Text(row.DeployedAt) ?? "", row.Feed ?? "", row.Seen ?? "", row.Scope, Text(row.CheckedAt) ?? "",
                    TimeText.Write(row.Since), row.AcceptedBy ?? "", row.AcceptedReason ?? "",
                    Text(row.AcceptedUntil) ?? "",
                ]);
            await writer.WriteAsync(line, ct);
            line.Clear();
            if (page.Next is null)
                return;
            filter = filter with { Cursor = page.Next };
        }
    }

    static void Append(StringBuilder line, IEnumerable<string> cells) =>
        line.AppendJoin(',', cells.Select(CsvCell.Write)).Append("\r\n");

    static string? Text(DateTimeOffset? time) => time is { } known ? TimeText.Write(known) : null;
}
