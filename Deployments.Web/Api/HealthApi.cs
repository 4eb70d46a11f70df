using System.Data.Common;
using System.Text.Json.Nodes;
using Deployments.Data.Database;
using Deployments.Data.Inbox;

namespace Deployments.Web.Api;

/// <summary>
/// ProGet's health check: for load balancers and for <c>pgutil health</c>. Needs no credentials, tells no secret.
/// Trouble is 500, as ProGet has it, with the reason. Says too how long records have waited; that is a warning and no
/// reason to send requests elsewhere.
/// </summary>
sealed class HealthApi(
    Migrator migrator, InboxStore inbox, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>The version of ProGet whose API this server speaks; its tools read "2024.3" in it.</summary>
    public const string ProGetVersion = "24.0.3";

    static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(3);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", (HttpContext context, HealthApi health) => health.AnswerAsync(
            context, asText: context.Request.Query["format"] != "json" && AsksForText(context.Request)));
        routes.MapGet("/health/json", (HttpContext context, HealthApi health) =>
            health.AnswerAsync(context, asText: false));
        // For those who watch processes: one that does not answer is started anew, one that is not ready gets no
        // requests. A database that is away makes no process better that is started anew.
        routes.MapGet("/health/live", (HttpContext context) => AnswerProbe(context, null));
        routes.MapGet("/health/ready", async (HttpContext context, HealthApi health) =>
            AnswerProbe(context, await health.ProblemOrNullAsync(context.RequestAborted)));
    }

    async Task<IResult> AnswerAsync(HttpContext context, bool asText)
    {
        var (problem, waited) = await AskAsync(context.RequestAborted);
        var status = problem is null ? StatusCodes.Status200OK : StatusCodes.Status500InternalServerError;
        context.Response.Headers.CacheControl = "no-store";
        if (asText)
            return Results.Text(problem ?? "OK", "text/plain; charset=utf-8", statusCode: status);

        var json = new JsonObject
        {
            ["applicationName"] = "Deployments",
            ["databaseStatus"] = problem is null ? "OK" : "Error",
            ["licenseStatus"] = "OK", // needs none, and its clients want one
            ["versionNumber"] = $"{ProGetVersion}.0",
            ["releaseNumber"] = ProGetVersion,
            ["serviceStatus"] = "OK",
        };
        if (problem is not null)
            json["databaseStatusDetails"] = problem;
        else
            json["inboxStatus"] = waited > InboxStore.Patience ? "Warning" : "OK";
        if (waited is not null)
            json["inboxOldestSeconds"] = (long)waited.Value.TotalSeconds;
        return Results.Json(json, statusCode: status);
    }

    static IResult AnswerProbe(HttpContext context, string? problem)
    {
        context.Response.Headers.CacheControl = "no-store";
        return Results.Text(problem ?? "OK", "text/plain; charset=utf-8",
            statusCode: problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    async Task<string?> ProblemOrNullAsync(CancellationToken ct) =>
        lifetime.ApplicationStopping.IsCancellationRequested
            ? "The program is stopping."
            : (await AskAsync(ct)).Problem;

    // What is wrong with the database, if anything; and for how long the oldest entry of the inbox has waited, if any.
    async Task<(string? Problem, TimeSpan? Waited)> AskAsync(CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(DatabasePatience);
        try
        {
            return await migrator.ProblemOrNullAsync(patience.Token) is { } problem
                ? (problem, null)
                : (null, time.GetUtcNow() - await inbox.OldestAtAsync(patience.Token));
        }
        catch (Exception exception) when (exception is DbException or TimeoutException
            || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return ("The database does not answer.", null); // the exception may name hosts and users; the log has it
        }
    }

    static bool AsksForText(HttpRequest request) =>
        request.Headers.Accept.ToString() is var accept
        && accept.Contains("text/plain", StringComparison.OrdinalIgnoreCase)
        && !accept.Contains("application/json", StringComparison.OrdinalIgnoreCase);
}
