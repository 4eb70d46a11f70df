using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;

namespace Deployments.Web.Gateway;

/// <summary>Sends whole files.</summary>
static class FileSender
{
    /// <summary>
    /// How much of a file is handed over at a time, in bytes: half of what Kestrel lets wait for a client, so that one
    /// part is sent while the next is read.
    /// </summary>
    const int PartBytes = 1 << 15;

    /// <summary>Opens a file that may be replaced or removed while it is sent.</summary>
    /// <exception cref="FileNotFoundException">It is not there any more.</exception>
    public static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Sends so much of an open file from its beginning, as fast as the client takes it.</summary>
    /// <remarks>
    /// The reading blocks, as nginx's does: nearly always the bytes are in memory, and to ask for them in another way
    /// costs more than to have them.
    /// </remarks>
    public static async Task SendAsync(HttpResponse response, SafeFileHandle file, long length, CancellationToken ct)
    {
        response.ContentLength = length;
        await response.StartAsync(ct); // or the server would gather the first part and copy it
        var body = response.BodyWriter;
        for (var sent = 0L; sent < length;)
        {
            sent += ReadPart(file, sent, Math.Min(PartBytes, length - sent), body);
            FlushResult flushed = await body.FlushAsync(ct);
            if (flushed.IsCompleted)
                return; // the client has left
        }
    }

    // In the server's own blocks, which it keeps: to ask for larger ones would make a thousand downloads at once leave
    // gigabytes to the garbage collector.
    static int ReadPart(SafeFileHandle file, long from, long length, PipeWriter body)
    {
        var done = 0;
        while (done < length)
        {
            var block = body.GetMemory().Span;
            var read = RandomAccess.Read(
                file, block[..(int)Math.Min(block.Length, length - done)], from + done);
            if (read == 0)
                throw new EndOfStreamException("The file became shorter while it was sent.");
            body.Advance(read);
            done += read;
        }

        return done;
    }

    /// <summary>Whether a request is for a whole file, with no questions asked.</summary>
    public static bool IsPlainGet(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers is
        {
            Range.Count: 0, IfNoneMatch.Count: 0, IfModifiedSince.Count: 0, IfMatch.Count: 0,
            IfUnmodifiedSince.Count: 0,
        };
}
