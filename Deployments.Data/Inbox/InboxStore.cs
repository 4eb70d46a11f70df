using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Inbox;

/// <summary>Takes entries out of the inbox, each exactly once, and puts journaled ones in.</summary>
/// <param name="database">The database.</param>
public sealed class InboxStore(NpgsqlDataSource database)
{
    const long DrainLock = AdvisoryLocks.Drain;
    const long WakeLock = AdvisoryLocks.WakeDrain;

    internal const string Claim =
        """
        with taken as (
            delete from deployment_inbox
            where id = any(array(select id from deployment_inbox order by id limit @rows))
            returning *)
        select taken.*, feeds.feed_type
        from taken join feeds using (feed_id)
        """;

    /// <summary>
    /// Turns up to <paramref name="rows"/> entries into records or rejected records, in one transaction: claimed by
    /// deleting them, so that they are in the inbox or processed, never both. One batch at a time in the whole cluster:
    /// two would wait for each other's new names, which measured half as fast as one. A node that dies gives its turn
    /// back with its connection.
    /// </summary>
    /// <param name="rows">At most this many, oldest first; 1 to 10,000.</param>
    /// <param name="interpret">What an entry means: pure.</param>
    /// <param name="ct">Cancels; then the batch stays in the inbox.</param>
    /// <returns>How many were taken; 0 when none waits, or another node has its turn.</returns>
    /// <exception cref="NpgsqlException">Nothing of the batch has happened.</exception>
    public async Task<int> DrainAsync(int rows, Func<InboxRow, InboxVerdict> interpret, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var myTurn = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select pg_try_advisory_xact_lock(@DrainLock)", new { DrainLock }, transaction, cancellationToken: ct));
        if (!myTurn)
            return 0;

        var claimed = await ClaimAsync(connection, transaction, rows, ct);
        if (claimed.Count == 0)
            return 0;

        var verdicts = claimed.ConvertAll(row => interpret(row));
        var records = verdicts.Select(verdict => verdict.Record).OfType<NewRecord>().ToArray();
        await RecordStore.RecordAsync(connection, transaction, records, ct);
        await RejectAsync(connection, transaction, [.. verdicts.Where(v => v.Record is null)], ct);
        await transaction.CommitAsync(ct);
        return claimed.Count;
    }

    /// <summary>
    /// Takes the oldest entries out, along the key whatever the statistics say.
    /// </summary>
    static async Task<List<InboxRow>> ClaimAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int rows, CancellationToken ct)
    {
        await AlongIndexes.BeginAsync(transaction, ct);
        var claimed = (await connection.QueryAsync<InboxRow>(new CommandDefinition(
            Claim, new { rows }, transaction, cancellationToken: ct))).AsList();
        await AlongIndexes.EndAsync(transaction, ct);
        claimed.Sort((one, other) => one.Id.CompareTo(other.Id));
        return claimed;
    }

    /// <summary>
    /// Runs what wakes a drain on one node at a time: two would each find that none waits. The lock goes with the
    /// connection, so a node that dies holds up nobody.
    /// </summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async Task OnOneNodeAtATimeAsync(Action wake, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(wake);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "select pg_advisory_xact_lock(@WakeLock)", new { WakeLock }, transaction, cancellationToken: ct));
        wake();
    }

    /// <summary>Tells every node that something waits.</summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    internal async Task WakeDrainAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition("notify deployment_inbox", cancellationToken: ct));
    }

    /// <summary>Whether any entry waits.</summary>
    public async Task<bool> HasEntriesAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from deployment_inbox)", cancellationToken: ct));
    }

    /// <summary>An entry that has waited for longer than this means that nothing drains the inbox.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Since when the entry that is next has waited; null when none waits. Constant work.</summary>
    public async Task<DateTimeOffset?> OldestAtAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<DateTimeOffset?>(new CommandDefinition(
            "select received_at from deployment_inbox order by id limit 1", cancellationToken: ct));
    }

    /// <summary>How many entries wait.</summary>
    public async Task<long> CountAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select count(*) from deployment_inbox", cancellationToken: ct));
    }

    /// <summary>Returns when the database answers and takes writes.</summary>
    /// <exception cref="NpgsqlException">It does not.</exception>
    internal async Task PingAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var readOnly = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select pg_is_in_recovery()", commandTimeout: 2, cancellationToken: ct));
        if (readOnly)
            throw new NpgsqlException("The database is a standby.");
    }

    /// <summary>
    /// Puts a thousand journaled lines or so into the inbox, except those that had arrived after all: an entry whose
    /// commit was in doubt may be in the inbox still, or a record, a repetition or a rejected record by now.
    /// </summary>
    /// <returns>The lines that the database refuses for what is in them; empty when all went well.</returns>
    internal async Task<IReadOnlyList<string>> DeliverAsync(string[] lines, CancellationToken ct)
    {
        try
        {
            await DeliverAllAsync(lines, ct);
            return [];
        }
        catch (PostgresException exception) when (IsAboutTheData(exception) && lines.Length == 1)
        {
            return lines;
        }
        catch (PostgresException exception) when (IsAboutTheData(exception))
        {
            var refused = new List<string>();
            foreach (var line in lines)
                refused.AddRange(await DeliverAsync([line], ct));
            return refused;
        }
    }

    // Each line is looked for by key: as a join, a table said to be empty is read as a whole.
    async Task DeliverAllAsync(string[] lines, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into deployment_inbox
            select entry.*
            from jsonb_populate_recordset(null::deployment_inbox, @lines::jsonb) as entry
            where (select d.id from deployments d where d.id = entry.id) is null
              and (select d.id from duplicate_records d where d.id = entry.id) is null
              and (select r.id from rejected_records r where r.id = entry.id) is null
            on conflict (id) do nothing
            """, new { lines = $"[{string.Join(',', lines)}]" }, commandTimeout: 60, cancellationToken: ct));
    }

    // Class 22: data exception; class 23: constraint. Everything else may be better later.
    static bool IsAboutTheData(PostgresException exception) =>
        exception.SqlState.StartsWith("22", StringComparison.Ordinal)
        || exception.SqlState.StartsWith("23", StringComparison.Ordinal);

    internal static async Task RejectAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, InboxVerdict[] rejected, CancellationToken ct)
    {
        if (rejected.Length == 0)
            return;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into rejected_records (
                id, received_at, feed_id, group_name, name, version, qualifier, recorder, client_address, user_agent,
                road, raw_path, raw_headers, reason)
            values (
                @Id, @ReceivedAt, @FeedId, @GroupName, @Name, @Version, @Qualifier, @Recorder, @ClientAddress,
                @UserAgent, @Road, @RawPath, @RawHeaders, @Reason)
            on conflict (id) do nothing
            """,
            rejected.Select(verdict => new
            {
                verdict.Row.Id,
                verdict.Row.ReceivedAt,
                verdict.Row.FeedId,
                verdict.Row.GroupName,
                verdict.Row.Name,
                verdict.Row.Version,
                verdict.Row.Qualifier,
                verdict.Row.Recorder,
                verdict.Row.ClientAddress,
                verdict.Row.UserAgent,
                verdict.Row.Road,
                verdict.Row.RawPath,
                verdict.RawHeaders,
                verdict.Reason,
            }), transaction, cancellationToken: ct));
    }
}

/// <summary>A claimed inbox entry with the type of its feed.</summary>
public sealed record InboxRow : InboxEntry
{
    /// <summary>Key of the feed's type.</summary>
    public required string FeedType { get; init; }
}

/// <summary>What becomes of an entry: a record, or (with none) a rejected record.</summary>
/// <param name="Row">The entry.</param>
/// <param name="Record">The record it becomes; null when it is rejected.</param>
/// <param name="RawHeaders">The headers to show to the administrator who mends it.</param>
/// <param name="Reason">Why it is rejected.</param>
public sealed record InboxVerdict(InboxRow Row, NewRecord? Record, string RawHeaders = "", string? Reason = null);
