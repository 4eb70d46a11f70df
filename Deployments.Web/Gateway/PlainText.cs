namespace Deployments.Web.Gateway;

/// <summary>Answers in one sentence of plain text, as package clients show it.</summary>
static class PlainText
{
    /// <summary>Writes the status and the sentence. Nothing may have been sent yet.</summary>
    public static Task WriteAsync(HttpContext context, int statusCode, string message)
    {
        context.Response.Clear();
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(message);
    }
}
