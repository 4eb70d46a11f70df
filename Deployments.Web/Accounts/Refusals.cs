using System.Globalization;

namespace Deployments.Web.Accounts;

/// <summary>
/// How a request is refused: one sentence of plain text. On <c>/api/</c> every refusal is 403, as in ProGet; on feed
/// addresses 401 asks package clients for credentials, and 403 tells that right ones do not suffice.
/// </summary>
public static class Refusals
{
    const string Challenge = "Basic realm=\"Deployments\", charset=\"UTF-8\"";

    /// <summary>
    /// Answers an API request whose credentials are missing, wrong or not enough, or cannot be checked now.
    /// </summary>
    /// <param name="context">The request; nothing may have been sent yet.</param>
    /// <param name="result">What the credentials came to.</param>
    public static Task WriteApiAsync(HttpContext context, CallerResult result) => result switch
    {
        CallerResult.Known { Caller.IsAnonymous: true } =>
            WriteAsync(context, StatusCodes.Status403Forbidden, "This needs an API key."),
        CallerResult.Known { Caller: var caller } =>
            WriteAsync(context, StatusCodes.Status403Forbidden, $"{caller.Name} is not permitted to do this."),
        CallerResult.WrongCredentials => WriteAsync(context, StatusCodes.Status403Forbidden,
            "The credentials are unknown, expired or revoked."),
        _ => WriteUnsettledAsync(context, result),
    };

    /// <summary>
    /// Answers a request to a feed whose credentials are missing, wrong or not enough, or cannot be checked now.
    /// </summary>
    /// <param name="context">The request; nothing may have been sent yet.</param>
    /// <param name="result">What the credentials came to.</param>
    public static Task WriteFeedAsync(HttpContext context, CallerResult result)
    {
        switch (result)
        {
            case CallerResult.Known { Caller: { IsAnonymous: false } caller }:
                return WriteAsync(context, StatusCodes.Status403Forbidden,
                    $"{caller.Name} is not permitted to do this.");
            case CallerResult.Known:
                return WriteAsync(context, StatusCodes.Status401Unauthorized, "This feed needs credentials.",
                    Challenge);
            case CallerResult.WrongCredentials:
                return WriteAsync(context, StatusCodes.Status401Unauthorized,
                    "The credentials are unknown, expired or revoked.", Challenge);
            default:
                return WriteUnsettledAsync(context, result);
        }
    }

    /// <summary>Says when to try again, in whole seconds.</summary>
    internal static void SetRetryAfter(HttpContext context, TimeSpan wait) =>
        context.Response.Headers.RetryAfter =
            Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    static Task WriteUnsettledAsync(HttpContext context, CallerResult result)
    {
        if (result is CallerResult.TooManyAttempts { RetryAfter: var wait })
        {
            return WriteAsync(context, StatusCodes.Status429TooManyRequests,
                "Too many wrong passwords; wait before trying again.", retryAfter: wait);
        }

        return WriteAsync(context, StatusCodes.Status503ServiceUnavailable,
            "The credentials cannot be checked now, since what knows them does not answer.",
            retryAfter: TimeSpan.FromSeconds(5));
    }

    static Task WriteAsync(
        HttpContext context, int statusCode, string sentence, string? challenge = null, TimeSpan? retryAfter = null)
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        if (challenge is not null)
            context.Response.Headers.WWWAuthenticate = challenge;
        if (retryAfter is { } wait)
            SetRetryAfter(context, wait);
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(sentence);
    }
}
