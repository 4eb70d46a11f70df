using Deployments.Web.Feeds;
using Microsoft.Net.Http.Headers;

namespace Deployments.Web.Gateway;

/// <summary>Writes what a feed's own files say as an HTTP response.</summary>
static class LocalResponse
{
    /// <summary>
    /// Files with ranges and conditional requests (RFC 9110, sections 13 and 14), documents and sentences as they
    /// are.
    /// </summary>
    public static Task WriteAsync(HttpContext context, LocalAnswer answer)
    {
        context.Response.Clear();
        foreach (var (name, value) in answer.Headers)
            context.Response.Headers[name] = value;
        return answer switch
        {
            LocalAnswer.File file => WriteFileAsync(context, file),
            LocalAnswer.Document document =>
                TypedResults.Bytes(document.Content, document.ContentType).ExecuteAsync(context),
            LocalAnswer.Unpacked part => WriteUnpackedAsync(context, part),
            LocalAnswer.Status status => WriteStatusAsync(context, status),
            _ => throw new InvalidOperationException($"Unknown answer {answer}."),
        };
    }

    static Task WriteStatusAsync(HttpContext context, LocalAnswer.Status status)
    {
        context.Response.StatusCode = status.Code;
        if (status.Code == StatusCodes.Status204NoContent)
            return Task.CompletedTask; // a message would be a violation of the protocol
        context.Response.ContentType = "text/plain; charset=utf-8";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.WriteAsync(status.Message);
    }

    static async Task WriteUnpackedAsync(HttpContext context, LocalAnswer.Unpacked part)
    {
        context.Response.ContentType = part.ContentType;
        context.Response.ContentLength = part.Length;
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        try
        {
            await part.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (InvalidDataException) when (context.Response.HasStarted)
        {
            context.Abort(); // half a file must not look like a whole one
        }
        catch (InvalidDataException)
        {
            context.Response.Clear();
            await PlainText.WriteAsync(
                context, StatusCodes.Status422UnprocessableEntity, "The file is damaged within the package.");
        }
    }

    static async Task WriteFileAsync(HttpContext context, LocalAnswer.File file)
    {
        // What is said of the file is asked of what is open: another may take its name meanwhile.
        await using var stream = FileSender.Open(file.Path);
        var modified = new DateTimeOffset(File.GetLastWriteTimeUtc(stream.SafeFileHandle));
        var tag = new EntityTagHeaderValue($"\"{modified.UtcTicks:x}-{stream.Length:x}\"");
        if (!FileSender.IsPlainGet(context.Request))
        {
            await TypedResults.Stream(stream, file.ContentType, fileDownloadName: null, modified, tag,
                enableRangeProcessing: true).ExecuteAsync(context);
            return;
        }

        var headers = context.Response.Headers;
        headers.ContentType = file.ContentType;
        headers.ETag = tag.ToString();
        headers.LastModified = HeaderUtilities.FormatDate(modified);
        headers.AcceptRanges = "bytes";
        await FileSender.SendAsync(context.Response, stream, context.RequestAborted);
    }
}
