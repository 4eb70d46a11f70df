namespace Deployments.Web.Api;

/// <summary>An API request that cannot be granted. The message, one line for each problem, is the answer.</summary>
/// <param name="statusCode">The HTTP status.</param>
/// <param name="message">What the caller should know; plain text.</param>
sealed class ApiRefusal(int statusCode, string message) : Exception(message)
{
    public int StatusCode { get; } = statusCode;

    public static ApiRefusal Invalid(string property, string problem) =>
        new(StatusCodes.Status400BadRequest, $"{property}: {problem}.");

    public static ApiRefusal Clash(string message) => new(StatusCodes.Status409Conflict, message);

    public static ApiRefusal NotFound(string message) => new(StatusCodes.Status404NotFound, message);

    /// <summary>Answers refusals of the endpoint as plain text.</summary>
    public static async ValueTask<object?> AnswerAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (ApiRefusal refusal)
        {
            return Results.Text(refusal.Message, "text/plain; charset=utf-8", statusCode: refusal.StatusCode);
        }
    }
}
