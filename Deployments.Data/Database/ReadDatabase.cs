using Npgsql;

namespace Deployments.Data.Database;

/// <summary>
/// Where pages, lists and exports are read: on a standby, where some are named and the request only reads, else on the
/// primary. A standby is asked when it has everything that was committed before the question; so nobody ever misses
/// what they, or anybody else, were told is recorded.
/// </summary>
public sealed class ReadDatabase : IAsyncDisposable
{
    /// <summary>How long a standby may be behind before the primary is asked instead.</summary>
    static readonly TimeSpan CatchUpMax = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(5);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    // A standby that is behind, does not answer, or has become the primary is left alone for so long.
    static readonly TimeSpan RestTime = TimeSpan.FromSeconds(5);

    static readonly AsyncLocal<bool> OnlyReads = new();

    readonly NpgsqlDataSource primary;
    readonly NpgsqlDataSource? standby;
    readonly TimeProvider time;
    long restsUntil;

    /// <summary>Reads there.</summary>
    /// <param name="primary">The database.</param>
    /// <param name="standby">Its standbys; null: there are none.</param>
    /// <param name="time">Clock.</param>
    public ReadDatabase(NpgsqlDataSource primary, NpgsqlDataSource? standby, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        (this.primary, this.standby, this.time) = (primary, standby, time);
        restsUntil = time.GetTimestamp();
    }

    /// <summary>The same without standbys.</summary>
    public static implicit operator ReadDatabase(NpgsqlDataSource primary) => FromNpgsqlDataSource(primary);

    /// <summary>The same without standbys.</summary>
    public static ReadDatabase FromNpgsqlDataSource(NpgsqlDataSource primary) =>
        new(primary, null, TimeProvider.System);

    /// <summary>Makes the pool of the standbys.</summary>
    /// <param name="connectionString">How the primary is reached.</param>
    /// <param name="hosts">Hosts, with ports where they have others, separated by commas.</param>
    /// <param name="pool">What metrics call it.</param>
    public static NpgsqlDataSource OpenStandby(string connectionString, string hosts, string pool)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = hosts,
            TargetSessionAttributes = "standby",
            LoadBalanceHosts = hosts?.Contains(',', StringComparison.Ordinal) == true,
            Timeout = (int)Patience.TotalSeconds,
        };
        return DatabaseSetup.CreateDataSource(settings.ConnectionString, pool);
    }

    /// <summary>
    /// From here on, in this request, nothing is written that it relies on: its reads may go to a standby.
    /// </summary>
    public static void BeginOnlyReads() => OnlyReads.Value = true;

    /// <summary>A connection to read with.</summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken ct)
    {
        if (standby is not null && OnlyReads.Value && time.GetTimestamp() >= Volatile.Read(ref restsUntil)
            && await CaughtUpOrNullAsync(standby, ct) is { } connection)
            return connection;
        return await primary.OpenConnectionAsync(ct);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => standby?.DisposeAsync() ?? ValueTask.CompletedTask;

    async Task<NpgsqlConnection?> CaughtUpOrNullAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        // Whatever was committed is flushed before it is told so.
        var position = await PositionAsync(ct);
        NpgsqlConnection? connection = null;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(Patience);
            connection = await database.OpenConnectionAsync(patience.Token);
            var began = time.GetTimestamp();
            do
            {
                if (await HasAsync(connection, position, patience.Token))
                    return connection;
                await Task.Delay(LookPause, time, patience.Token);
            }
            while (time.GetElapsedTime(began) < CatchUpMax);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException
            || exception is OperationCanceledException && !ct.IsCancellationRequested)
        {
            // Away.
        }

        Volatile.Write(ref restsUntil, time.GetTimestamp() + (long)(RestTime.TotalSeconds * time.TimestampFrequency));
        if (connection is not null)
            await connection.DisposeAsync();
        database.Clear(); // of sessions with a server that is no standby any more
        return null;
    }

    async Task<string> PositionAsync(CancellationToken ct)
    {
        await using var command = primary.CreateCommand("select pg_current_wal_flush_lsn()::text");
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    // A server that was made the primary has a history of its own, in which positions mean something else.
    static async Task<bool> HasAsync(NpgsqlConnection connection, string position, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "select pg_is_in_recovery() and coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)", connection)
        {
            Parameters = { new() { Value = position } },
        };
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
