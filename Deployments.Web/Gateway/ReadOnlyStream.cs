namespace Deployments.Web.Gateway;

/// <summary>What all streams have in common that are read once, from front to back.</summary>
abstract class ReadOnlyStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // YARP and the decompressors read asynchronously; nothing else reads these.
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public abstract override ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>The front of a stream.</summary>
/// <param name="whole">Disposed with this one.</param>
/// <param name="length">How many of its bytes, from where it stands.</param>
sealed class BoundedStream(Stream whole, long length) : ReadOnlyStream
{
    long left = length;

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await whole.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
        left -= read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            whole.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A body that is kept while it is read. Read to its end it is kept; else nothing is.</summary>
/// <param name="body">Disposed with this one.</param>
/// <param name="draft">Where it goes.</param>
/// <param name="length">How many bytes it has, where that is known.</param>
sealed class KeepingStream(Stream body, AnswerDraft draft, long? length) : ReadOnlyStream
{
    long seen;

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        seen += read;
        if (read > 0)
            await draft.WriteAsync(buffer[..read]);
        if (seen == length || (read == 0 && buffer.Length > 0))
            await draft.CompleteAsync();
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            draft.Dispose();
            body.Dispose();
        }

        base.Dispose(disposing);
    }
}
