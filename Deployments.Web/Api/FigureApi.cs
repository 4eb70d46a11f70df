using System.Globalization;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Figures;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Figures;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary><c>/api/figures</c>: how often and how fast software is delivered, and what had to be taken back.</summary>
sealed class FigureApi(FigureReader reader, FigureQueries figures, TimeProvider time)
{
    const int LimitDefault = 100;

    static readonly string[] Header =
    [
        "quarter", "type", "group", "name", "application", "targetGroup", "deployments", "deploymentsPerWeek",
        "leadTimeVersions", "leadTimeMedianSeconds", "rolledBackVersions", "rolledBackShare", "restoreMedianSeconds",
    ];

    static readonly string[] VersionHeader =
    [
        "arrivedAt", "targetGroup", "feed", "type", "group", "name", "version", "application", "deploymentId",
        "begunAt", "leadTimeSeconds", "restoredAt", "restoreSeconds",
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        api.MapGet("/figures", (HttpContext context, FigureApi api) => api.JsonAsync(context));
        api.MapGet("/figures.csv", (HttpContext context, FigureApi api) => api.CsvAsync(context));
        api.MapGet("/figures/versions", (HttpContext context, FigureApi api) => api.VersionsAsync(context));
        api.MapGet("/figures/versions.csv", (HttpContext context, FigureApi api) => api.VersionsCsvAsync(context));
    }

    async Task<IResult> JsonAsync(HttpContext context)
    {
        var query = await ReadAsync(context);
        var limit = LimitOf(query, FigureQueries.RowsMax);
        var report = await reader.OfAsync(
            query, query.By, limit, CallerFeeds.Of(context), context.RequestAborted);
        var whole = FigureQuery.Weeks(query.FirstQuarter, query.LastQuarter, time.GetUtcNow());
        return Results.Json(new
        {
            from = TimeText.Write(query.Filter.From),
            to = TimeText.Write(query.Filter.To),
            targetGroup = query.Filter.TargetGroup,
            fromGroup = query.Filter.FromGroup,
            by = FigureQuery.Ways.First(way => way.By == query.By).Name,
            complete = report.IsComplete,
            countedAt = report.OldestAt is { } oldest ? TimeText.Write(oldest) : null,
            truncated = report.IsTruncated,
            total = Figures(report.Total, whole),
            items = report.Rows.Select(row =>
            {
                var named = Named(query, row);
                return new
                {
                    quarter = NullIfEmpty(named[0]),
                    type = NullIfEmpty(named[1]),
                    group = query.By == FigureBy.Package ? row.Group : null,
                    name = NullIfEmpty(named[3]),
                    application = NullIfEmpty(named[4]),
                    targetGroup = NullIfEmpty(named[5]),
                    figures = Figures(row, WeeksOf(query, row, whole)),
                };
            }),
        });
    }

    async Task<IResult> CsvAsync(HttpContext context)
    {
        var query = await ReadAsync(context);
        var limit = LimitOf(query, FigureQueries.RowsMax, FigureQueries.RowsMax);
        var report = await reader.OfAsync(
            query, query.By, limit, CallerFeeds.Of(context), context.RequestAborted);
        var whole = FigureQuery.Weeks(query.FirstQuarter, query.LastQuarter, time.GetUtcNow());
        var text = new StringBuilder(CsvCell.Line(Header));
        foreach (var row in report.Rows)
            text.Append(CsvCell.Line(
            [
                .. Named(query, row), Text(row.Deployments), Text(row.Deployments / WeeksOf(query, row, whole)),
                Text(row.Led), Text(row.LeadSeconds), Text(row.RolledBack), Text(ShareOrNull(row)),
                Text(row.RestoreSeconds),
            ]));
        return Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", "figures.csv");
    }

    async Task<IResult> VersionsAsync(HttpContext context)
    {
        var query = await ReadAsync(context);
        var limit = LimitOf(query, FigureQueries.RowsMax);
        var cursor = query.Given.CursorOrNull();
        Refuse(query);
        var rows = await figures.ArrivalsAsync(
            query.Filter, query.Kind, cursor, limit, CallerFeeds.Of(context), context.RequestAborted);
        var page = rows.Take(limit).ToList();
        return Results.Json(new
        {
            items = page.Select(row => new
            {
                arrivedAt = TimeText.Write(row.ArrivedAt),
                row.TargetGroup,
                row.Feed,
                row.Type,
                row.Group,
                row.Name,
                row.Version,
                row.Application,
                row.DeploymentId,
                begunAt = row.BegunAt is { } begun ? TimeText.Write(begun) : null,
                leadTimeSeconds = FigureText.Seconds(row.BegunAt, row.ArrivedAt),
                restoredAt = row.RestoredAt is { } restored ? TimeText.Write(restored) : null,
                restoreSeconds = FigureText.Seconds(row.ArrivedAt, row.RestoredAt),
            }),
            next = rows.Count > page.Count ? CursorAt(page[^1]).ToString() : null,
        });
    }

    async Task<IResult> VersionsCsvAsync(HttpContext context)
    {
        var query = await ReadAsync(context);
        var visible = CallerFeeds.Of(context);
        return Results.Stream(
            output => WriteAsync(output, query, visible, context.RequestAborted), "text/csv; charset=utf-8",
            "figures-versions.csv");
    }

    async Task WriteAsync(Stream output, FigureQuery query, VisibleFeeds visible, CancellationToken ct)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), 32 * 1024, leaveOpen: true);
        await writer.WriteAsync(CsvCell.Line(VersionHeader));
        RecordCursor? cursor = null;
        IReadOnlyList<ArrivalRow> rows;
        do
        {
            rows = await figures.ArrivalsAsync(
                query.Filter, query.Kind, cursor, FigureQueries.RowsMax, visible, ct);
            foreach (var row in rows.Take(FigureQueries.RowsMax))
            {
                cursor = CursorAt(row);
                await writer.WriteAsync(CsvCell.Line(
                [
                    TimeText.Write(row.ArrivedAt), row.TargetGroup ?? TargetGroupSql.None, row.Feed, row.Type,
                    row.Group, row.Name, row.Version, row.Application, Text(row.DeploymentId),
                    row.BegunAt is { } begun ? TimeText.Write(begun) : "",
                    Text(FigureText.Seconds(row.BegunAt, row.ArrivedAt)),
                    row.RestoredAt is { } restored ? TimeText.Write(restored) : "",
                    Text(FigureText.Seconds(row.ArrivedAt, row.RestoredAt)),
                ]));
            }
        }
        while (rows.Count > FigureQueries.RowsMax);
    }

    async Task<FigureQuery> ReadAsync(HttpContext context)
    {
        var (_, query) = await reader.QueryAsync(context.Request.Query, context.RequestAborted);
        Refuse(query);
        return query;
    }

    static int LimitOf(FigureQuery query, int max, int usual = LimitDefault)
    {
        var limit = query.Given.LimitOr(usual, max);
        Refuse(query);
        return limit;
    }

    static void Refuse(FigureQuery query)
    {
        if (query.Given.Problem is { } problem)
            throw new ApiRefusal(StatusCodes.Status400BadRequest, problem);
    }

    static object Figures(FigureRow row, double weeks) => new
    {
        row.Deployments,
        deploymentsPerWeek = Math.Round(row.Deployments / weeks, 3),
        leadTimeVersions = row.Led,
        leadTimeMedianSeconds = row.LeadSeconds,
        rolledBackVersions = row.RolledBack,
        rolledBackShare = ShareOrNull(row),
        restoreMedianSeconds = row.RestoreSeconds,
    };

    static string[] Named(FigureQuery query, FigureRow row) =>
    [
        query.By == FigureBy.Quarter ? FigureQuery.Write(row.Key) : "", row.Type, row.Group,
        query.By == FigureBy.Package ? row.Name : "", query.By == FigureBy.Application ? row.Name : "",
        query.By != FigureBy.TargetGroup ? "" : row.Key == 0 ? TargetGroupSql.None : row.Name,
    ];

    double WeeksOf(FigureQuery query, FigureRow row, double whole) => query.By == FigureBy.Quarter
        ? FigureQuery.Weeks(row.Key, row.Key, time.GetUtcNow()) : whole;

    static RecordCursor CursorAt(ArrivalRow row) => new(row.ArrivedAt, row.DeploymentId, TowardsNewer: false);

    static double? ShareOrNull(FigureRow row) =>
        row.Deployments == 0 ? null : Math.Round((double)row.RolledBack / row.Deployments, 4);

    static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    static string Text(double? number) => number?.ToString("0.####", CultureInfo.InvariantCulture) ?? "";
}
