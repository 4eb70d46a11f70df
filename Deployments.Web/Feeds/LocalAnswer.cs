namespace Deployments.Web.Feeds;

/// <summary>What a feed's own files say to a request.</summary>
public abstract record LocalAnswer
{
    LocalAnswer()
    {
    }

    /// <summary>Headers of the protocol, such as <c>Location</c>; usually none.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>A file of the tree, streamed with ranges and conditional requests.</summary>
    /// <param name="Path">The absolute path on disk, from <see cref="PackageTree"/>.</param>
    /// <param name="ContentType">The media type to answer with.</param>
    /// <param name="Package">
    /// The package downloaded, when it is more exact than what the path says (the newest version was asked for, or the
    /// manifest has the proper spelling); else null.
    /// </param>
    public sealed record File(string Path, string ContentType, PackageCoordinates? Package = null) : LocalAnswer;

    /// <summary>A document made on the spot.</summary>
    public sealed record Document(byte[] Content, string ContentType) : LocalAnswer
    {
        /// <summary>The HTTP status; another than 200 where clients read in a document what is wrong.</summary>
        public int Code { get; init; } = 200;
    }

    /// <summary>A part of a file, unpacked while it is sent: it is nowhere as a whole.</summary>
    /// <param name="Length">How many bytes it has.</param>
    /// <param name="ContentType">The media type to answer with.</param>
    /// <param name="CopyToAsync">
    /// Writes it. Throws <see cref="InvalidDataException"/> where it is damaged, or has not as many bytes.
    /// </param>
    public sealed record Unpacked(
        long Length, string ContentType, Func<Stream, CancellationToken, Task> CopyToAsync) : LocalAnswer;

    /// <summary>An outcome in words: 201 after an upload, 400 with the reason, 409 when it is there already.</summary>
    /// <param name="Code">The HTTP status.</param>
    /// <param name="Message">Plain text, one sentence; empty for none.</param>
    public sealed record Status(int Code, string Message = "") : LocalAnswer;
}
