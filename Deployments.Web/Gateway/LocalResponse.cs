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
    /// <param name="context">The request.</param>
    /// <param name="answer">What is said.</param>
    /// <param name="known">What is remembered of the file; null for nothing.</param>
    public static Task WriteAsync(HttpContext context, LocalAnswer answer, LocalDownloads.Known? known = null)
    {
        context.Response.Clear();
        foreach (var (name, value) in answer.Headers)
            context.Response.Headers[name] = value;
        return answer switch
        {
            LocalAnswer.File when known?.Content is { } content => WriteContentAsync(context, known, content),
            LocalAnswer.File file => WriteFileAsync(context, file),
            LocalAnswer.Document document => WriteDocumentAsync(context, document),
            LocalAnswer.Unpacked part => WriteUnpackedAsync(context, part),
            LocalAnswer.Status status => WriteStatusAsync(context, status),
            _ => throw new InvalidOperationException($"Unknown answer {answer}."),
        };
    }

    static async Task WriteContentAsync(HttpContext context, LocalDownloads.Known known, byte[] content)
    {
        if (!FileSender.IsPlainGet(context.Request))
        {
            await TypedResults.Bytes(content, known.File.ContentType, fileDownloadName: null,
                enableRangeProcessing: true, known.Stamp.Modified, known.Stamp.Tag).ExecuteAsync(context);
            return;
        }

        SetHeaders(context.Response, known.File.ContentType, known.Tag, known.LastModified, content.Length);
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.BodyWriter.WriteAsync(content, context.RequestAborted);
    }

    static Task WriteDocumentAsync(HttpContext context, LocalAnswer.Document document)
    {
        context.Response.StatusCode = document.Code;
        return TypedResults.Bytes(document.Content, document.ContentType).ExecuteAsync(context);
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
        using var open = FileSender.Open(file.Path);
        var stamp = new Stamp(File.GetLastWriteTimeUtc(open), RandomAccess.GetLength(open));
        if (!FileSender.IsPlainGet(context.Request))
        {
            await using var stream = new FileStream(open, FileAccess.Read, bufferSize: 0);
            await TypedResults.Stream(stream, file.ContentType, fileDownloadName: null, stamp.Modified, stamp.Tag,
                enableRangeProcessing: true).ExecuteAsync(context);
            return;
        }

        SetHeaders(context.Response, file.ContentType, stamp.Tag.ToString(),
            HeaderUtilities.FormatDate(stamp.Modified), stamp.Length);
        await FileSender.SendAsync(context.Response, open, stamp.Length, context.RequestAborted);
    }

    static void SetHeaders(HttpResponse response, string contentType, string tag, string modified, long length)
    {
        response.ContentType = contentType;
        response.ContentLength = length;
        response.Headers.ETag = tag;
        response.Headers.LastModified = modified;
        response.Headers.AcceptRanges = "bytes";
    }
}
