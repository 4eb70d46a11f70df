using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Deployments.Web.Feeds;

/// <summary>Files that come as parts of a form (<c>multipart/form-data</c>), one after the other.</summary>
sealed class UploadForm
{
    const int BoundaryLengthMax = 200;

    readonly MultipartReader reader;

    UploadForm(MultipartReader reader) => this.reader = reader;

    /// <summary>The form of a request; null when it sends none.</summary>
    public static UploadForm? OfOrNull(FeedRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 and <= BoundaryLengthMax } boundary
            ? new UploadForm(new MultipartReader(boundary, request.Body))
            : null;

    /// <summary>The next file; null when there is none. The one before cannot be read any more.</summary>
    /// <param name="ct">Gives up.</param>
    /// <returns>The field's name, the file's name as the client says it, and the bytes.</returns>
    /// <exception cref="InvalidDataException">The form is malformed.</exception>
    /// <exception cref="IOException">It ended early.</exception>
    public async ValueTask<(string Field, string File, Stream Content)?> NextOrNullAsync(CancellationToken ct)
    {
        while (await reader.ReadNextSectionAsync(ct) is { } part)
        {
            if (part.GetContentDispositionHeader() is { } disposition
                && HeaderUtilities.RemoveQuotes(disposition.FileName) is { Length: > 0 } file)
                return (HeaderUtilities.RemoveQuotes(disposition.Name).ToString(), file.ToString(), part.Body);
        }

        return null;
    }
}
