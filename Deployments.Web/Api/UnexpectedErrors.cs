namespace Deployments.Web.Api;

/// <summary>Answers what nobody foresaw with one line that leads to the log; the log has the rest.</summary>
static partial class UnexpectedErrors
{
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
            LogUnexpected(logger, exception, http.TraceIdentifier);
            return Results.Text($"Unexpected error; the server's log has more under {http.TraceIdentifier}.",
                "text/plain; charset=utf-8", statusCode: StatusCodes.Status500InternalServerError);
        }
    }

    [LoggerMessage(LogLevel.Error, "Request {TraceId} failed unexpectedly.")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string traceId);
}
