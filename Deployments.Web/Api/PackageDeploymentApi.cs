using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// ProGet's Package Deployment API (<c>POST /api/package-deployment/</c>), for tools that do not download through a
/// feed.
/// </summary>
sealed class PackageDeploymentApi(
    CallerResolver callers, FeedDirectory feeds, RecordStore store, RecordIds ids, PackageDeploymentValidator validator,
    TimeProvider time)
{
    const int BodyBytesMax = 64 << 10; // a record has at most some 10 KB
    static readonly TimeSpan StrangersPatience = TimeSpan.FromSeconds(5);

    /// <summary>Maps the address, which clients write with and without its trailing slash.</summary>
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/package-deployment", (HttpContext context, PackageDeploymentApi api) =>
            api.RecordAsync(context))
            .AddEndpointFilter(UnexpectedErrors.AnswerAsync);

    async Task RecordAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        if (BodyKindOrNull(context.Request.ContentType) is not { } isJson)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType,
                "The body must be application/json or application/x-www-form-urlencoded.");
            return;
        }

        // Before anything is read: nobody holds a connection with credentials that are wrong.
        var given = await callers.ResolveAsync(context, ct);
        if (given is not CallerResult.Known { Caller: var giver })
        {
            await Refusals.WriteApiAsync(context, given);
            return;
        }

        if (await ReadBodyOrNullAsync(context, mayTakeTime: !giver.IsAnonymous) is not { } body)
            return; // refused, and said why
        PackageDeploymentRequest? request = null;
        string? problem = null;
        try
        {
            request = PackageDeploymentRequest.Parse(body, isJson);
        }
        catch (FormatException exception)
        {
            problem = exception.Message;
        }

        // Before the problem is told: a stranger learns nothing from it.
        var result = string.IsNullOrEmpty(request?.Key)
            ? given
            : await callers.ResolveKeyAsync(context, request.Key, ct); // where both are given, both are right
        if (result is not CallerResult.Known { Caller: var caller } || !caller.CanSomewhere(Permissions.Add))
        {
            await Refusals.WriteApiAsync(context, result);
            return;
        }

        problem ??= validator.ProblemsOrNull(request!);
        if (problem is not null)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status400BadRequest, problem);
            return;
        }

        await RecordAsync(context, request!, caller, ct);
    }

    async Task RecordAsync(HttpContext context, PackageDeploymentRequest request, Caller caller, CancellationToken ct)
    {
        var served = await feeds.FindOrNullAsync(request.FeedName!, ct);
        if (served is null && caller.CanEverywhere(Permissions.Add))
        {
            await PlainText.WriteAsync(context, StatusCodes.Status404NotFound,
                $"There is no feed called {request.FeedName}.");
            return;
        }

        // The same whether or not there is such a feed: that is for those to know who may use it.
        if (served is null || !caller.CanAdd(served.Feed.FeedId))
        {
            await PlainText.WriteAsync(context, StatusCodes.Status403Forbidden,
                $"{caller.Name} may not record deployments in {request.FeedName}.");
            return;
        }

        var package = PackageOf(request, served);
        if (ProblemOrNull(package, served) is { } problem)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status400BadRequest, problem);
            return;
        }

        var entry = RecordEntry.Of(
            request, package, served.Feed.FeedId, caller, context, RecordRoad.Api, await ids.NextAsync(ct),
            time.GetUtcNow());
        var result = (await store.RecordAsync([RecordFactory.ToRecord(served.Type, entry)], ct))[0];
        await context.Response.WriteAsJsonAsync(
            new
            {
                id = result.DeploymentId,
                duplicate = result.IsDuplicate,
                url = $"/deployments/{result.DeploymentId}"
            }, ct);
    }

    /// <summary>The package that a valid request names.</summary>
    public static PackageCoordinates PackageOf(PackageDeploymentRequest request, ServedFeed served) =>
        served.Type.FromNames(request.GroupName ?? "", request.PackageName!, request.Version!);

    /// <summary>What is wrong with it as a package of this feed; null when nothing is.</summary>
    public static string? ProblemOrNull(PackageCoordinates package, ServedFeed served) =>
        CoordinateLimits.ProblemOrNull(served.Type, package) is var (which, problem)
            ? $"{(which == "Name" ? "PackageName" : which)}: {problem}"
            : null;

    /// <summary>
    /// Whether the content type says JSON (true), or a form or nothing (false); null when it says something else.
    /// </summary>
    static bool? BodyKindOrNull(string? contentType) => contentType?.Split(';')[0].Trim().ToUpperInvariant() switch
    {
        "APPLICATION/JSON" or "TEXT/JSON" => true,
        null or "" or "APPLICATION/X-WWW-FORM-URLENCODED" or "TEXT/PLAIN" => false,
        _ => null,
    };

    /// <summary>
    /// The body's text. Null: it is too large, or comes too slowly from a stranger, and that was answered.
    /// </summary>
    static async Task<string?> ReadBodyOrNullAsync(HttpContext context, bool mayTakeTime)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        if (!mayTakeTime)
            patience.CancelAfter(StrangersPatience); // the key is in there, perhaps
        var buffer = new byte[BodyBytesMax + 1];
        try
        {
            var length = await context.Request.Body.ReadAtLeastAsync(
                buffer, buffer.Length, throwOnEndOfStream: false, patience.Token);
            if (length <= BodyBytesMax)
                return Encoding.UTF8.GetString(buffer, 0, length);
            await PlainText.WriteAsync(context, StatusCodes.Status413PayloadTooLarge,
                $"The body is larger than {BodyBytesMax >> 10} KB.");
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close"; // the rest is not waited for
            await PlainText.WriteAsync(context, StatusCodes.Status408RequestTimeout,
                "The body took too long. Give the key in a header to have more time.");
        }

        return null;
    }
}
