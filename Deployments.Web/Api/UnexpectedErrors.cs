using System.Data.Common;
using Deployments.Data.Database;

namespace Deployments.Web.Api;

/// <summary>
/// Answers what nobody foresaw with one line that leads to the log, which has the rest; and where the database is away
/// says so, since the same request may go well in a moment.
/// </summary>
static partial class UnexpectedErrors
{
    const string RetryAfterSeconds = "5";

    public static async ValueTask<object?> AnswerAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        try
        {
            return await next(context);
        }
        // A body that breaks off is the client's doing and has an answer of its own.
        catch (Exception exception) when (exception is not BadHttpRequestException
            && !http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted)
        {
            var logger = http.RequestServices.GetRequiredService<ILoggerFactory>()
                .CreateLogger(typeof(UnexpectedErrors));
            if (exception is DbException fault && DatabaseFaults.IsPassing(fault))
            {
                LogAway(logger, http.TraceIdentifier, fault.Message);
                http.Response.Headers.RetryAfter = RetryAfterSeconds;
                return Results.Text(
                    "The database is away for the moment. Whether it has done this is not known: try again.",
                    "text/plain; charset=utf-8", statusCode: StatusCodes.Status503ServiceUnavailable);
            }

            LogUnexpected(logger, exception, http.TraceIdentifier);
            return Results.Text($"Unexpected error; the server's log has more under {http.TraceIdentifier}.",
                "text/plain; charset=utf-8", statusCode: StatusCodes.Status500InternalServerError);
        }
    }

    [LoggerMessage(LogLevel.Error, "Request {TraceId} failed unexpectedly.")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string traceId);

    [LoggerMessage(LogLevel.Warning, "Request {TraceId} met a database that is away: {Reason}")]
    private static partial void LogAway(ILogger logger, string traceId, string reason);
}
