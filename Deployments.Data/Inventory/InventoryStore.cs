using Dapper;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Inventory;

/// <summary>
/// The single door through which observations are born and end. One inventory is one transaction under a lock of its
/// scope, and writes only what changed. See db/decisions/0020.
/// </summary>
/// <param name="database">The database.</param>
public sealed class InventoryStore(NpgsqlDataSource database)
{
    const int DeadlockRetries = 3;

    /// <summary>Begins to take what an inventory shows, by the million; nothing is visible before it ends.</summary>
    /// <param name="ct">Stops waiting.</param>
    public Task<InventoryIntake> BeginAsync(CancellationToken ct) => InventoryIntake.BeginAsync(database, ct);

    /// <summary>
    /// What the newest inventory of the scope held, where it was complete and equal; null when it was another.
    /// </summary>
    /// <param name="inventory">Only its target, scope and hash count.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<KnownContent?> KnownOrNullAsync(NewInventory inventory, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(inventory);
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<KnownContent>(new CommandDefinition(
            """
            select u.packages, u.ignored
            from targets t
            join inventory_scopes s on s.target_id = t.target_id and s.name = @Scope and s.content_hash = @ContentHash
            join inventory_uploads u on u.scope_id = s.scope_id and u.at = s.seen_at
            where t.name_key = @target
            """,
            new { inventory.Scope, inventory.ContentHash, target = Dictionaries.NameKey(inventory.Target) },
            cancellationToken: ct));
    }

    /// <summary>
    /// Takes an inventory that <see cref="KnownOrNullAsync"/> knew: everything seen is seen once more, which is one row
    /// added and one changed. Null when another inventory of the scope came in between; then it is to be read.
    /// </summary>
    /// <param name="inventory">With the counts that were known.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<InventoryResult?> ConfirmOrNullAsync(NewInventory inventory, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(inventory);
        return await RetryAsync(async (connection, transaction) =>
        {
            var scope = await InventoryScope.LockAsync(connection, transaction, inventory, ct);
            if (await scope.KnownResultOrNullAsync(inventory, ct) is { } known)
                return known;
            if (scope.ContentHash is null || !scope.ContentHash.AsSpan().SequenceEqual(inventory.ContentHash))
                return null;
            var uploadId = await scope.AddUploadAsync(inventory, ct);
            await DriftEvents.AfterInventoryAsync(connection, transaction, scope.ScopeId, uploadId, ct);
            return new InventoryResult(InventoryOutcome.Taken, scope.ScopeId, inventory.At);
        }, ct);
    }

    async Task<InventoryResult?> RetryAsync(
        Func<NpgsqlConnection, NpgsqlTransaction, Task<InventoryResult?>> work, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                await using var transaction = await connection.BeginTransactionAsync(ct);
                var result = await work(connection, transaction);
                if (result is { Outcome: InventoryOutcome.Taken })
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
}
