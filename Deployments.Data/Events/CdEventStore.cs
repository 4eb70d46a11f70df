using Dapper;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Npgsql;

namespace Deployments.Data.Events;

/// <summary>
/// Takes CDEvents, each once: that it was taken and what follows from it are one transaction. Of one from which nothing
/// follows nothing is kept, so that it may come again.
/// </summary>
/// <param name="database">The database.</param>
public sealed class CdEventStore(NpgsqlDataSource database)
{
    const int DeadlockRetries = 3;

    /// <summary>Takes one that is a deployment.</summary>
    public Task<CdEventResult> RecordAsync(NewCdEvent @event, NewRecord record, CancellationToken ct) =>
        TakeAsync(@event, async (connection, transaction) =>
        {
            var result = (await RecordStore.RecordAsync(connection, transaction, [record], ct))[0];
            return new CdEventResult
            {
                Outcome = CdEventOutcome.Recorded,
                DeploymentId = result.DeploymentId,
                IsDuplicate = result.IsDuplicate,
            };
        }, ct);

    /// <summary>
    /// Takes one that is a removal of one package or more from one target. What was never there is passed over; nothing
    /// follows where none of them was.
    /// </summary>
    public Task<CdEventResult> RemoveAsync(
        NewCdEvent @event, IReadOnlyList<NewRemoval> removals, CancellationToken ct) =>
        TakeAsync(@event, async (connection, transaction) =>
        {
            var results = new List<RemovalResult>();
            foreach (var removal in removals)
                results.Add(await RemovalStore.RemoveAsync(connection, transaction, removal, ct));
            var first = results.Find(result => result.Outcome == RemovalOutcome.Removed)
                ?? results.Find(result => result.Outcome == RemovalOutcome.Duplicate);
            return first is null ? new CdEventResult() : new CdEventResult
            {
                Outcome = CdEventOutcome.Removed,
                RemovalId = first.RemovalId,
                IsDuplicate = first.Outcome == RemovalOutcome.Duplicate,
            };
        }, ct);

    /// <summary>Takes one that cannot be recorded as it is: into the list of rejected records.</summary>
    /// <param name="event">The event.</param>
    /// <param name="rejected">The rejected record, with its reason.</param>
    /// <param name="ct">Cancels before the commit; then nothing is written.</param>
    public Task<CdEventResult> SetAsideAsync(NewCdEvent @event, InboxVerdict rejected, CancellationToken ct) =>
        TakeAsync(@event, async (connection, transaction) =>
        {
            await InboxStore.RejectAsync(connection, transaction, [rejected], ct);
            return new CdEventResult { Outcome = CdEventOutcome.SetAside, DeploymentId = rejected.Row.Id };
        }, ct);

    async Task<CdEventResult> TakeAsync(
        NewCdEvent @event, Func<NpgsqlConnection, NpgsqlTransaction, Task<CdEventResult>> work, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(@event);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                await using var transaction = await connection.BeginTransactionAsync(ct);
                // Whoever brings the same at the same time waits here, and finds it taken.
                if (await EarlierOrNullAsync(connection, transaction, @event, ct) is { } earlier)
                    return earlier with { IsDuplicate = true };
                var result = await work(connection, transaction);
                if (result.Outcome == CdEventOutcome.Nothing)
                    return result;
                await connection.ExecuteAsync(new CommandDefinition(
                    """
                    update cd_events
                    set outcome = @Outcome, deployment_id = @DeploymentId, removal_id = @RemovalId
                    where event_key = @Key
                    """, new { @event.Key, Outcome = (short)result.Outcome, result.DeploymentId, result.RemovalId },
                    transaction, cancellationToken: ct));
                await transaction.CommitAsync(ct);
                return result;
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < DeadlockRetries)
            {
                // It met a batch of records with the same new names, and simply goes again.
            }
        }
    }

    static async Task<CdEventResult?> EarlierOrNullAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NewCdEvent @event, CancellationToken ct)
    {
        var added = await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into cd_events (event_key, source, event_id, type, subject_key, received_at, outcome)
            values (@Key, @Source, @Id, @Type, @Subject, @ReceivedAt, 1)
            on conflict (event_key) do nothing
            """,
            new
            {
                @event.Key,
                @event.Source,
                @event.Id,
                @event.Type,
                Subject = @event.Service.Key,
                @event.ReceivedAt,
            }, transaction, cancellationToken: ct));
        return added > 0 ? null : await connection.QuerySingleAsync<CdEventResult>(new CommandDefinition(
            "select outcome::int as outcome, deployment_id, removal_id from cd_events where event_key = @Key",
            new { @event.Key }, transaction, cancellationToken: ct));
    }
}
