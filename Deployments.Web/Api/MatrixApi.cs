using System.Globalization;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Matrix;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Matrix;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary><c>/api/matrix</c>: which version of which package is in which group.</summary>
sealed class MatrixApi(MatrixQueries matrix, VulnerabilityQueries vulnerabilities, FeedTypeCatalog types)
{
    const int LimitDefault = 100;

    static readonly string[] Header =
    [
        "type", "group", "name", "column", "version", "qualifier", "targets", "since", "last", "behind",
        "vulnerabilities", "drift",
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/matrix", (HttpContext context, MatrixApi api) => api.JsonAsync(context))
            .RequirePermission(Permissions.View, anyFeed: true);
        routes.MapGet("/api/matrix.csv", (HttpContext context, MatrixApi api) => api.Csv(context))
            .RequirePermission(Permissions.View, anyFeed: true);
    }

    async Task<IResult> JsonAsync(HttpContext context)
    {
        var query = MatrixQuery.Read(context.Request.Query, types, LimitDefault);
        if (query.Given.Problem is { } problem)
            return Results.Text(problem, statusCode: 400);
        var (page, view) = await ReadAsync(query.Filter, CallerFeeds.Of(context), context.RequestAborted);
        return Results.Json(new
        {
            at = query.Filter.At is { } at ? TimeText.Write(at) : null,
            columns = view.Columns.Select(column => new
            {
                name = column.Name,
                kind = page.IsByTarget ? "target" : column.Id == 0 ? "rest" : "group",
            }),
            hasMoreTargets = page.HasMoreTargets,
            items = view.Rows.Select(row => new
            {
                row.Package.Type,
                row.Package.Group,
                row.Package.Name,
                cells = row.Cells.Select(cell => new
                {
                    versions = cell.Versions.Select(entry => new
                    {
                        entry.Of.Version,
                        entry.Of.Qualifier,
                        entry.Of.Targets,
                        since = TimeText.Write(entry.Of.Since),
                        last = TimeText.Write(entry.Of.Last),
                        entry.Of.Behind,
                        vulnerabilities = entry.Badge?.Count ?? 0,
                    }),
                    cell.Drift,
                }),
            }),
            next = page.Next?.ToString(CultureInfo.InvariantCulture),
        });
    }

    IResult Csv(HttpContext context)
    {
        var query = MatrixQuery.Read(context.Request.Query, types, LimitDefault);
        var visible = CallerFeeds.Of(context);
        return query.Given.Problem is { } problem
            ? Results.Text(problem, statusCode: 400)
            : Results.Stream(
                output => WriteAsync(output, query.Filter, visible, context.RequestAborted), "text/csv; charset=utf-8",
                "matrix.csv");
    }

    async Task WriteAsync(Stream output, MatrixFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), 32 * 1024, leaveOpen: true);
        await writer.WriteAsync(CsvCell.Line(Header));
        filter = filter with { After = null, Limit = MatrixFilter.LimitMax };
        while (true)
        {
            var (page, view) = await ReadAsync(filter, visible, ct);
            foreach (var line in view.Rows.SelectMany(row => Lines(view, row)))
                await writer.WriteAsync(line);
            if (page.Next is null)
                return;
            filter = filter with { After = page.Next };
        }
    }

    static IEnumerable<string> Lines(MatrixView view, MatrixRow row) =>
        from pair in row.Cells.Zip(view.Columns)
        from entry in pair.First.Versions
        select CsvCell.Line(
        [
            row.Package.Type, row.Package.Group, row.Package.Name, pair.Second.Name, entry.Of.Version,
            entry.Of.Qualifier, Number(entry.Of.Targets), TimeText.Write(entry.Of.Since),
            TimeText.Write(entry.Of.Last), Number(entry.Of.Behind), Number(entry.Badge?.Count ?? 0),
            Number(pair.First.Drift),
        ]);

    async Task<(MatrixPage Page, MatrixView View)> ReadAsync(
        MatrixFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        var page = await matrix.PageAsync(filter, visible, ct);
        var badges = await vulnerabilities.BadgesAsync(page.Versions.Select(version => version.VersionId), ct);
        return (page, MatrixView.Of(page, badges));
    }

    static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}
