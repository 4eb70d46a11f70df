namespace Deployments.Web.Backups;

/// <summary>The first bytes of a file that may grow while it is read.</summary>
/// <param name="file">At its beginning.</param>
/// <param name="length">How many bytes; a file that has become shorter is an error.</param>
sealed class Beginning(FileStream file, long length) : Stream
{
    long read;

    public override bool CanRead => true;

    public override bool CanSeek => true; // so that the archive knows the length beforehand

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => read;
        set => read = file.Position = value;
    }

    public override int Read(Span<byte> buffer) => Took(file.Read(buffer[..Bounded(buffer.Length)]), buffer.Length);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Took(await file.ReadAsync(buffer[..Bounded(buffer.Length)], cancellationToken), buffer.Length);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    int Bounded(int wanted) => (int)Math.Min(wanted, length - read);

    int Took(int bytes, int wanted)
    {
        if (bytes == 0 && read < length && wanted > 0)
            throw new IOException($"{file.Name} became shorter while it was read");
        read += bytes;
        return bytes;
    }
}
