using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// What administrators do with rejected records. Each call is one transaction: what is resolved, recorded and noted in
/// the audit log happens together or not at all; of two administrators one comes too late.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="time">Says when a record was resolved.</param>
public sealed class RejectedStore(NpgsqlDataSource database, TimeProvider time)
{
    const int DeadlockRetries = 3;

    /// <summary>Records open ones after all, each under the id that it was given when it was received.</summary>
    /// <param name="ids">Which; those that are not open (any more) are passed over.</param>
    /// <param name="mend">
    /// The record that a rejected one becomes, or null to leave it open. Pure: called again when the transaction has to
    /// be. The record's id must be the rejected one's.
    /// </param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels before the commit; then nothing has happened.</param>
    /// <returns>One result for each that was replayed now.</returns>
    /// <exception cref="NpgsqlException">The database is away or refuses a record; nothing has happened.</exception>
    public async Task<IReadOnlyList<RecordResult>> ReplayAsync(
        IReadOnlyList<long> ids, Func<RejectedRow, NewRecord?> mend, Actor by, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ReplayOnceAsync(ids, mend, by, ct);
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < DeadlockRetries)
            {
                // Met a batch with the same new names; simply goes again.
            }
        }
    }

    /// <summary>Resolves open ones without recording anything.</summary>
    /// <param name="ids">Which; those that are not open (any more) are passed over.</param>
    /// <param name="reason">Why, in the administrator's words.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels before the commit; then nothing has happened.</param>
    /// <returns>How many were dismissed now.</returns>
    public async Task<int> DismissAsync(IReadOnlyList<long> ids, string reason, Actor by, CancellationToken ct)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var rows = await LockAsync(connection, transaction, ids, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update rejected_records
            set resolved_at = @now, resolved_by = @by, resolution = 'dismissed', dismissal_reason = @reason
            where id = any(@ids)
            """,
            new { now = time.GetUtcNow(), by = by.Name, reason, ids = rows.Select(row => row.Id).ToArray() },
            transaction, cancellationToken: ct));
        foreach (var row in rows)
        {
            var change = new AuditedChange(
                "rejectedRecord.dismiss", "rejectedRecord", SubjectOf(row), StateOf(row, null), StateOf(row, reason));
            await AuditStore.AddAsync(connection, transaction, change, by, ct);
        }

        await transaction.CommitAsync(ct);
        return rows.Count;
    }

    async Task<IReadOnlyList<RecordResult>> ReplayOnceAsync(
        IReadOnlyList<long> ids, Func<RejectedRow, NewRecord?> mend, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var mended = (await LockAsync(connection, transaction, ids, ct))
            .Select(row => (Row: row, Record: mend(row)))
            .Where(pair => pair.Record is not null)
            .Select(pair => (pair.Row, Record: pair.Record!))
            .ToList();
        if (mended.Find(pair => pair.Record.Id != pair.Row.Id) is { Row: not null } other)
            throw new ArgumentException($"The record of {other.Row.Id} has another id.", nameof(mend));

        var results = await RecordStore.RecordAsync(
            connection, transaction, [.. mended.Select(pair => pair.Record)], ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update rejected_records
            set resolved_at = @now, resolved_by = @by, resolution = 'replayed'
            where id = any(@ids)
            """,
            new { now = time.GetUtcNow(), by = by.Name, ids = mended.Select(pair => pair.Row.Id).ToArray() },
            transaction, cancellationToken: ct));
        foreach (var ((row, record), result) in mended.Zip(results))
        {
            var change = new AuditedChange(
                "rejectedRecord.replay", "rejectedRecord", SubjectOf(row), StateOf(row, null),
                StateOf(row, record, result));
            await AuditStore.AddAsync(connection, transaction, change, by, ct);
        }

        await transaction.CommitAsync(ct);
        return results;
    }

    // In the order of their ids, so that two administrators wait for each other only one way round; and whoever waited
    // finds what the other has resolved no longer open.
    static async Task<IReadOnlyList<RejectedRow>> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<long> ids, CancellationToken ct) =>
        [.. await connection.QueryAsync<RejectedRow>(new CommandDefinition(
            RejectedQueries.Select
            + """
            where r.id = any(@ids) and r.resolved_at is null
            order by r.id
            for update of r
            """, new { ids = ids.ToArray() }, transaction, cancellationToken: ct))];

    static string SubjectOf(RejectedRow row) => row.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);

    static object StateOf(RejectedRow row, string? dismissedFor) => new
    {
        row.Reason,
        row.Feed,
        row.Group,
        row.Name,
        row.Version,
        row.Qualifier,
        DismissedFor = dismissedFor,
    };

    static object StateOf(RejectedRow row, NewRecord record, RecordResult result) => new
    {
        row.Feed,
        Group = record.GroupName,
        record.Name,
        record.Version,
        record.Qualifier,
        record.Application,
        record.Description,
        record.Target,
        record.Url,
        record.UserName,
        record.DeployedAt,
        result.DeploymentId,
    };
}
