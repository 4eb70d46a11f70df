namespace Deployments.Web.Feeds;

/// <summary>Reads a stream that may be endless, since a small file can unpack to anything, to a limit.</summary>
/// <remarks>Beyond it reading fails with an <see cref="InvalidDataException"/>.</remarks>
/// <param name="inner">What is read; disposed with this.</param>
/// <param name="lengthMax">How many bytes it may have.</param>
sealed class BoundedStream(Stream inner, long lengthMax) : Stream
{
    long rest = lengthMax;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        return (rest -= read) >= 0 ? read : throw new InvalidDataException("It unpacks to too much.");
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
