using System.Buffers;
using System.Globalization;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Deployments.Web.Records;
using Deployments.Web.Removals;

namespace Deployments.Web.Api;

/// <summary>
/// Takes that a package no longer runs on a target: <c>POST /api/package-deployments/removals</c>, one JSON object of
/// the shape of a deployment, or an array of them, of which good items count even when others do not. Lists them too.
/// </summary>
sealed class RemovalApi(
    FeedDirectory feeds, RemovalStore store, RemovalRequestValidator validator, TimeProvider time)
{
    const int ErrorsListedMax = 1000; // all are counted

    const int LimitDefault = 100;

    static readonly string[] CsvHeader =
    [
        "id", "removedAt", "recordedAt", "feed", "type", "group", "name", "version", "application", "description",
        "target", "url", "user", "recordedBy", "road",
    ];

    /// <summary>Maps the address, which takes removals and lists them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        const string path = "/api/package-deployments/removals";
        routes.MapPost(path, (HttpContext context, RemovalApi api) => api.RemoveAsync(context))
            .RequirePermission(Permissions.Add, anyFeed: true)
            .AddEndpointFilter(UnexpectedErrors.AnswerAsync).AddEndpointFilter(ApiRefusal.AnswerAsync);
        routes.MapGet(path, ListAsync).RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        routes.MapGet(path + ".csv", ListCsv).RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
    }

    static async Task<IResult> ListAsync(
        HttpContext context, RemovalQueries removals, FeedTypeCatalog types, TimeProvider time, CancellationToken ct)
    {
        var query = Read(context, types, time.GetUtcNow());
        var rows = await removals.PageAsync(query.Filter, CallerFeeds.Of(context), ct);
        var page = rows.Take(query.Filter.Limit).ToList();
        return Results.Json(new
        {
            items = page.Select(row => new
            {
                id = row.RemovalId,
                removedAt = TimeText.Write(row.RemovedAt),
                recordedAt = TimeText.Write(row.RecordedAt),
                row.Feed,
                row.Type,
                row.Group,
                row.Name,
                row.Version,
                row.Application,
                row.Description,
                row.Target,
                row.Url,
                row.User,
                row.RecordedBy,
                road = RecordText.Name(row.Road),
            }),
            next = rows.Count > page.Count
                ? new RecordCursor(page[^1].RemovedAt, page[^1].RemovalId, TowardsNewer: false).ToString()
                : null,
        });
    }

    static IResult ListCsv(
        HttpContext context, RemovalQueries removals, FeedTypeCatalog types, TimeProvider time, CancellationToken ct)
    {
        var given = Read(context, types, time.GetUtcNow());
        var filter = given.Filter with { Cursor = null, Limit = RecordFilter.LimitMax };
        var visible = CallerFeeds.Of(context);
        return Results.Stream(
            output => WriteAsync(output, removals, filter, visible, ct), "text/csv; charset=utf-8", "removals.csv");
    }

    static async Task WriteAsync(
        Stream output, RemovalQueries removals, RecordFilter filter, VisibleFeeds visible, CancellationToken ct)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), 32 * 1024, leaveOpen: true);
        await writer.WriteAsync(CsvCell.Line(CsvHeader));
        IReadOnlyList<RemovalRow> rows;
        do
        {
            rows = await removals.PageAsync(filter, visible, ct);
            foreach (var row in rows.Take(filter.Limit))
            {
                filter = filter with { Cursor = new RecordCursor(row.RemovedAt, row.RemovalId, false) };
                await writer.WriteAsync(CsvCell.Line(
                [
                    row.RemovalId.ToString(CultureInfo.InvariantCulture), TimeText.Write(row.RemovedAt),
                    TimeText.Write(row.RecordedAt), row.Feed, row.Type, row.Group, row.Name, row.Version ?? "",
                    row.Application, row.Description, row.Target, row.Url ?? "", row.User, row.RecordedBy,
                    RecordText.Name(row.Road),
                ]));
            }
        }
        while (rows.Count > filter.Limit);
    }

    static RecordQuery Read(HttpContext context, FeedTypeCatalog types, DateTimeOffset now)
    {
        var query = RemovalQuery.Read(context.Request.Query, types, LimitDefault, now);
        return query.Given.Problem is { } problem
            ? throw new ApiRefusal(StatusCodes.Status400BadRequest, problem) : query;
    }

    async Task<IResult> RemoveAsync(HttpContext context)
    {
        if (context.Request.ContentType?.Split(';')[0].Trim().ToUpperInvariant() is not "APPLICATION/JSON")
            throw new ApiRefusal(StatusCodes.Status415UnsupportedMediaType, "The body must be application/json.");
        if (await IsArrayAsync(context))
        {
            UploadLimits.Lift(context, bytesMax: null);
            return await RemoveManyAsync(context);
        }

        PackageDeploymentRequest request;
        try
        {
            request = PackageDeploymentRequest.Parse(await ReadAsync(context), isJson: true);
        }
        catch (FormatException exception)
        {
            throw new ApiRefusal(StatusCodes.Status400BadRequest, exception.Message);
        }

        var result = await RemoveAsync(context, request);
        return Results.Json(new
        {
            id = result.RemovalId,
            duplicate = result.Outcome == RemovalOutcome.Duplicate,
            url = RecordText.TargetLink(request.Target!),
        });
    }

    async Task<IResult> RemoveManyAsync(HttpContext context)
    {
        var (removed, duplicates, failed) = (0L, 0L, 0L);
        var errors = new List<object>();
        await foreach (var item in DeploymentItems.ArrayAsync(context).WithCancellation(context.RequestAborted))
        {
            try
            {
                var request = item.Request ?? throw new ApiRefusal(StatusCodes.Status400BadRequest, item.Problem!);
                if ((await RemoveAsync(context, request)).Outcome == RemovalOutcome.Duplicate)
                    duplicates++;
                else
                    removed++;
            }
            catch (ApiRefusal refusal)
            {
                failed++;
                if (errors.Count < ErrorsListedMax)
                    errors.Add(new { line = item.Line, errors = refusal.Message.Split('\n') });
            }
        }

        return Results.Json(new { removed, duplicates, failed, errors });
    }

    async Task<RemovalResult> RemoveAsync(HttpContext context, PackageDeploymentRequest request)
    {
        var caller = ApiAccess.CallerOf(context);
        if (validator.ProblemsOrNull(request) is { } problems)
            throw new ApiRefusal(StatusCodes.Status400BadRequest, problems);
        var served = await feeds.FindOrNullAsync(request.FeedName!, context.RequestAborted);
        if (served is null && caller.CanEverywhere(Permissions.Add))
            throw ApiRefusal.NotFound($"FeedName: there is no feed called {request.FeedName}");
        // The same whether or not there is such a feed: that is for those to know who may use it.
        if (served is null || !caller.CanAdd(served.Feed.FeedId))
            throw new ApiRefusal(StatusCodes.Status403Forbidden,
                $"FeedName: {caller.Name} may not record removals in {request.FeedName}");
        var package = served.Type.FromNames(request.GroupName ?? "", request.PackageName!, request.Version ?? "");
        if (PackageDeploymentApi.ProblemOrNull(package, served) is { } problem)
            throw new ApiRefusal(StatusCodes.Status400BadRequest, problem);

        var removal = RemovalFactory.Make(
            request, package, served.Type, served.Feed.FeedId, caller, context, RecordRoad.Api, time.GetUtcNow());
        var result = await store.RemoveAsync(removal, context.RequestAborted);
        var name = RecordText.FullName(package.Group, package.Name);
        return result.Outcome switch
        {
            RemovalOutcome.NeverThere => throw ApiRefusal.NotFound("PackageName, Target: "
                + RemovalFactory.NeverThere(name, request.Target!, served.Feed.Name)),
            RemovalOutcome.OtherVersion => throw ApiRefusal.Clash("Version: "
                + RemovalFactory.OtherVersion(name, package.Version, request.Target!)),
            _ => result,
        };
    }

    // What is looked at is not taken: a reader begins at the first byte.
    static async Task<bool> IsArrayAsync(HttpContext context)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            var first = FirstOrNull(read.Buffer);
            body.AdvanceTo(read.Buffer.Start, first is null ? read.Buffer.End : read.Buffer.Start);
            if (first is not null || read.IsCompleted || read.Buffer.Length > DeploymentItems.BytesMax)
                return first == (byte)'[';
        }
    }

    static byte? FirstOrNull(ReadOnlySequence<byte> buffer)
    {
        foreach (var memory in buffer)
            foreach (var letter in memory.Span)
                if (letter is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or 0xEF or 0xBB or 0xBF))
                    return letter;
        return null;
    }

    static async Task<string> ReadAsync(HttpContext context)
    {
        var buffer = new byte[DeploymentItems.BytesMax + 1];
        var length = await context.Request.BodyReader.AsStream().ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return length <= DeploymentItems.BytesMax
            ? Encoding.UTF8.GetString(buffer, 0, length)
            : throw new ApiRefusal(StatusCodes.Status413PayloadTooLarge,
                $"The body is larger than {DeploymentItems.BytesMax >> 10} KB; an array may be.");
    }
}
