using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Deployments.Data.Inbox;

/// <summary>
/// Inbox entries as PostgreSQL's binary COPY wants them (its manual, COPY, "Binary Format"), in one buffer that is used
/// again: twenty-one columns written one by one through a driver cost more than everything else about a record.
/// </summary>
sealed class InboxRows
{
    /// <summary>The statement whose rows these are.</summary>
    public const string Copy =
        """
        copy deployment_inbox (
            id, received_at, feed_id, group_name, name, version, qualifier, application, description, target, url,
            user_name, deployed_at, recorder, client_address, user_agent, road, raw_path, raw_headers, reason,
            source)
        from stdin (format binary)
        """;

    const short Columns = 21;
    const int KeptBytesMax = 4 << 20; // of a larger group the buffer is given back

    // Signature, no flags, no extension.
    static ReadOnlySpan<byte> Header =>
        [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', 10, 255, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    // Half a surrogate pair has no bytes: an error, not a question mark in somebody's record.
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    ArrayBufferWriter<byte> buffer = new(1 << 16);

    /// <summary>The whole input of the statement for these entries; good until the next call.</summary>
    public ReadOnlyMemory<byte> Write(ReadOnlySpan<InboxEntry> entries)
    {
        if (buffer.Capacity > KeptBytesMax)
            buffer = new ArrayBufferWriter<byte>(1 << 16);
        buffer.ResetWrittenCount();
        buffer.Write(Header);
        foreach (var entry in entries)
            Row(entry);
        Int16(-1);
        return buffer.WrittenMemory;
    }

    // In the order of the statement's columns.
    void Row(InboxEntry entry)
    {
        Int16(Columns);
        Bigint(entry.Id);
        Time(entry.ReceivedAt);
        Integer(entry.FeedId);
        Text(entry.GroupName);
        Text(entry.Name);
        Text(entry.Version);
        Text(entry.Qualifier);
        Text(entry.Application);
        Text(entry.Description);
        Text(entry.Target);
        Text(entry.Url);
        Text(entry.UserName);
        Time(entry.DeployedAt);
        Text(entry.Recorder);
        Text(entry.ClientAddress);
        Text(entry.UserAgent);
        Smallint((short)entry.Road);
        Text(entry.RawPath);
        Text(entry.RawHeaders);
        Text(entry.Reason);
        Text(entry.Source);
    }

    void Bigint(long value)
    {
        Length(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(buffer.GetSpan(sizeof(long)), value);
        buffer.Advance(sizeof(long));
    }

    void Integer(int value)
    {
        Length(sizeof(int));
        Length(value);
    }

    void Smallint(short value)
    {
        Length(sizeof(short));
        Int16(value);
    }

    // Microseconds since 2000.
    void Time(DateTimeOffset? time)
    {
        if (time is null)
            Length(-1);
        else
            Bigint((time.Value.UtcDateTime - Epoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }

    void Text(string? text)
    {
        if (text is null)
        {
            Length(-1);
            return;
        }

        // The length comes first and is known last.
        var span = buffer.GetSpan(sizeof(int) + Encoding.UTF8.GetMaxByteCount(text.Length));
        var length = StrictUtf8.GetBytes(text, span[sizeof(int)..]);
        BinaryPrimitives.WriteInt32BigEndian(span, length);
        buffer.Advance(sizeof(int) + length);
    }

    void Length(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(buffer.GetSpan(sizeof(int)), value);
        buffer.Advance(sizeof(int));
    }

    void Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(buffer.GetSpan(sizeof(short)), value);
        buffer.Advance(sizeof(short));
    }
}
