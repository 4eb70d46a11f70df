using Deployments.Data.Accounts;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Bodies;
using Deployments.Web.Gateway;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// The Package Deployment API by the thousand: a JSON array or a stream of JSON lines of any length, recorded as it
/// arrives, a thousand in a transaction. Good items are recorded even when others are not.
/// </summary>
sealed class PackageDeploymentBatchApi(
    FeedDirectory feeds, RecordStore store, RecordIds ids, PackageDeploymentValidator validator,
    TimeProvider time)
{
    const int TransactionSize = 1000;
    const int ErrorsListedMax = 1000; // all are counted

    /// <summary>Maps the address.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/package-deployments/batch",
        (HttpContext context, PackageDeploymentBatchApi api) => api.RecordAsync(context))
        .RequirePermission(Permissions.Add, anyFeed: true)
        .AddEndpointFilter(UnexpectedErrors.AnswerAsync);

    async Task RecordAsync(HttpContext context)
    {
        var mediaType = context.Request.ContentType?.Split(';')[0].Trim().ToUpperInvariant();
        if (mediaType is not ("APPLICATION/JSON" or "APPLICATION/X-NDJSON" or "APPLICATION/JSONL"))
        {
            await PlainText.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType,
                "The body must be application/json (an array) or application/x-ndjson (an object per line).");
            return;
        }

        UploadLimits.Lift(context, bytesMax: null);
        var items = mediaType == "APPLICATION/JSON"
            ? DeploymentItems.ArrayAsync(context)
            : DeploymentItems.LinesAsync(context);
        var report = await RecordAsync(context, ApiAccess.CallerOf(context), items, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(report, context.RequestAborted);
    }

    async Task<BatchReport> RecordAsync(HttpContext context, Caller caller, IAsyncEnumerable<DeploymentItem> items,
        CancellationToken ct)
    {
        var report = new BatchReport();
        var records = new List<NewRecord>(TransactionSize);
        await foreach (var item in items.WithCancellation(ct))
        {
            var problem = item.Problem ?? validator.ProblemsOrNull(item.Request!);
            var served = problem is null ? await feeds.FindOrNullAsync(item.Request!.FeedName!, ct) : null;
            problem ??= served is null && caller.CanEverywhere(Permissions.Add)
                ? $"FeedName: there is no feed called {item.Request!.FeedName}"
                : served is not null && caller.CanAdd(served.Feed.FeedId) ? null
                : $"FeedName: {caller.Name} may not record deployments in {item.Request!.FeedName}";
            var package = problem is null ? PackageDeploymentApi.PackageOf(item.Request!, served!) : null;
            problem ??= PackageDeploymentApi.ProblemOrNull(package!, served!);
            if (problem is not null)
            {
                report.Fail(item.Line, problem);
                continue;
            }

            records.Add(RecordFactory.ToRecord(served!.Type, RecordEntry.Of(
                item.Request!, package!, served.Feed.FeedId, caller, context, RecordRoad.Batch, await ids.NextAsync(ct),
                time.GetUtcNow())));
            if (records.Count == TransactionSize)
                await FlushAsync();
        }

        await FlushAsync();
        return report;

        async Task FlushAsync()
        {
            foreach (var result in await store.RecordAsync(records, ct))
                report.Count(result);
            records.Clear();
        }
    }

    sealed class BatchReport
    {
        readonly List<object> errors = [];

        public long Recorded { get; private set; }

        public long Duplicates { get; private set; }

        public long Failed { get; private set; }

        public IReadOnlyList<object> Errors => errors;

        public void Count(RecordResult result)
        {
            if (result.IsDuplicate)
                Duplicates++;
            else
                Recorded++;
        }

        public void Fail(long line, string problem)
        {
            Failed++;
            if (errors.Count < ErrorsListedMax)
                errors.Add(new { line, errors = problem.Split('\n') });
        }
    }
}
