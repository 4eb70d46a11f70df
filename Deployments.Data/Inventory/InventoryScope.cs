using Dapper;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Inventory;

/// <summary>A scope, locked for the transaction that takes an inventory of it.</summary>
sealed class InventoryScope
{
    readonly NpgsqlConnection connection;
    readonly NpgsqlTransaction transaction;
    readonly int recorderId;

    InventoryScope(NpgsqlConnection connection, NpgsqlTransaction transaction, int recorderId, Row row)
    {
        this.connection = connection;
        this.transaction = transaction;
        this.recorderId = recorderId;
        ScopeId = row.ScopeId;
        TargetId = row.TargetId;
        SeenAt = row.SeenAt;
        CompleteAt = row.CompleteAt;
        ContentHash = row.ContentHash;
    }

    public int ScopeId { get; }

    public int TargetId { get; }

    /// <summary>Of what time the newest inventory before this one is; null when there is none.</summary>
    public DateTimeOffset? SeenAt { get; }

    /// <summary>Of what time the newest complete one before this one is; null when there is none.</summary>
    public DateTimeOffset? CompleteAt { get; }

    public byte[]? ContentHash { get; }

    /// <summary>Finds or makes the scope and locks it: inventories of one scope come one after the other.</summary>
    public static async Task<InventoryScope> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NewInventory inventory, CancellationToken ct)
    {
        // Names before rows, as everywhere.
        var names = new Dictionaries(connection, transaction, ct);
        var targetId = (await names.TargetsAsync([inventory.Target])).Values.Single().Id;
        var recorderId = (await names.RecordersAsync([inventory.Recorder])).Values.Single().Id;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into inventory_scopes (target_id, name)
            select @targetId, @Scope
            where not exists (select from inventory_scopes where target_id = @targetId and name = @Scope)
            on conflict do nothing
            """, new { targetId, inventory.Scope }, transaction, cancellationToken: ct));
        var row = await connection.QuerySingleAsync<Row>(new CommandDefinition(
            """
            select scope_id, target_id, seen_at, complete_at, content_hash
            from inventory_scopes
            where target_id = @targetId and name = @Scope
            for no key update
            """, new { targetId, inventory.Scope }, transaction, cancellationToken: ct));
        return new InventoryScope(connection, transaction, recorderId, row);
    }

    /// <summary>What an inventory is told that is not newer than the newest; null when it is newer.</summary>
    public async Task<InventoryResult?> KnownResultOrNullAsync(NewInventory inventory, CancellationToken ct)
    {
        if (SeenAt is not { } newest || inventory.At > newest)
            return null;
        var isKnown = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select exists (
                select from inventory_uploads
                where scope_id = @ScopeId and at = @at and content_hash = @ContentHash)
            """,
            new { ScopeId, at = inventory.At.ToUniversalTime(), inventory.ContentHash }, transaction,
            cancellationToken: ct));
        return new InventoryResult(isKnown ? InventoryOutcome.Duplicate : InventoryOutcome.Older, ScopeId, newest);
    }

    /// <summary>Notes the inventory, and of what time the scope is known now.</summary>
    /// <returns>The upload's id.</returns>
    public Task<long> AddUploadAsync(NewInventory inventory, CancellationToken ct) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            with changed as (
                update inventory_scopes
                set seen_at = @at,
                    complete_at = case when @isComplete then @at else complete_at end,
                    content_hash = case when @isComplete then @ContentHash end,
                    covers = @covers
                where scope_id = @ScopeId
            )
            insert into inventory_uploads (
                scope_id, at, received_at, recorder_id, client_address, format, content_hash, bytes, packages, ignored,
                errors, is_complete)
            values (
                @ScopeId, @at, @receivedAt, @recorderId, @address::inet, @Format, @ContentHash, @Bytes, @Packages,
                @Ignored, @Errors, @isComplete)
            returning upload_id
            """,
            new
            {
                ScopeId,
                at = inventory.At.ToUniversalTime(),
                receivedAt = inventory.ReceivedAt.ToUniversalTime(),
                recorderId,
                address = inventory.ClientAddress?.ToString(),
                inventory.Format,
                inventory.ContentHash,
                inventory.Bytes,
                inventory.Packages,
                inventory.Ignored,
                inventory.Errors,
                isComplete = inventory.Errors == 0,
                covers = inventory.Covers.ToArray(),
            }, transaction, cancellationToken: ct));

    sealed record Row
    {
        public int ScopeId { get; init; }

        public int TargetId { get; init; }

        public DateTimeOffset? SeenAt { get; init; }

        public DateTimeOffset? CompleteAt { get; init; }

        public byte[]? ContentHash { get; init; }
    }
}
