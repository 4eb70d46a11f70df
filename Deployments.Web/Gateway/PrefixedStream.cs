namespace Deployments.Web.Gateway;

/// <summary>A body whose first bytes have been read already: those bytes, then the rest of it.</summary>
/// <param name="prefix">What was read.</param>
/// <param name="rest">Where it was read from; disposed with this stream.</param>
sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ReadOnlyStream
{
    ReadOnlyMemory<byte> left = prefix;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, left.Length);
        if (count == 0)
            return rest.ReadAsync(buffer, cancellationToken);
        left.Span[..count].CopyTo(buffer.Span);
        left = left[count..];
        return new ValueTask<int>(count);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            rest.Dispose();
        base.Dispose(disposing);
    }
}
