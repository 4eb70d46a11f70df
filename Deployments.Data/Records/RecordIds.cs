using System.Security.Cryptography;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// Ids for records, handed out before anything is written, so that a download can be answered with the id of its
/// record. They are taken from the database in blocks, one block ahead of need: an outage finds some in hand.
/// </summary>
/// <param name="database">The sequence <c>deployment_ids</c> lives here.</param>
/// <param name="time">Clock for the pause between attempts.</param>
public sealed class RecordIds(NpgsqlDataSource database, TimeProvider time) : IDisposable
{
    const int BlockSize = 1000; // the sequence's increment
    const long OutageRange = 1L << 62;
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2); // a download must not wait noticeably

    readonly SemaphoreSlim gate = new(1, 1);
    long next;
    long end;
    Task<long>? blockAhead;
    long retryAt;

    /// <summary>
    /// The next id. With the database away and no block left it is a random one from a range of its own (62 random
    /// bits), so that the record can still be journaled under an id that nothing else has.
    /// </summary>
    public async ValueTask<long> NextAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (next == end && !await TakeBlockAsync())
                return RandomId();
            return next++;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    static long RandomId()
    {
        var random = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        return OutageRange | (random & (OutageRange - 1));
    }

    async Task<bool> TakeBlockAsync()
    {
        if (blockAhead is null or { IsFaulted: true } or { IsCanceled: true })
        {
            if (time.GetTimestamp() < retryAt)
                return false; // asked a moment ago: do not make every download wait for a connection that fails
            blockAhead = FetchBlockAsync();
        }

        try
        {
            next = await blockAhead;
            end = next + BlockSize;
            blockAhead = FetchBlockAsync();
            return true;
        }
        catch (Exception exception)
            when (exception is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            retryAt = time.GetTimestamp() + (long)(RetryAfter.TotalSeconds * time.TimestampFrequency);
            return false;
        }
    }

    async Task<long> FetchBlockAsync()
    {
        // For the connection too, which by itself would wait far longer for a server that hangs.
        using var patience = new CancellationTokenSource(Patience);
        await using var command = database.CreateCommand("select nextval('deployment_ids')");
        return (long)(await command.ExecuteScalarAsync(patience.Token))!;
    }
}
