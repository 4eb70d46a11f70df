using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Findings;
using Deployments.Data.Records;
using Npgsql;
using NpgsqlTypes;

namespace Deployments.Data.Inventory;

/// <summary>
/// What one inventory shows, on its way: copied into a table of the connection line by line, so that no more than one
/// of a million is in memory, and then taken as a whole.
/// </summary>
public sealed class InventoryIntake : IAsyncDisposable
{
    const int TimeoutSeconds = 300;

    readonly NpgsqlConnection connection;
    readonly NpgsqlBinaryImporter importer;

    InventoryIntake(NpgsqlConnection connection, NpgsqlBinaryImporter importer)
    {
        this.connection = connection;
        this.importer = importer;
    }

    internal static async Task<InventoryIntake> BeginAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                create temp table seen_packages (
                    target text, target_key text, type text, group_key text, name_key text, group_name text, name text,
                    version_key text, qualifier text, version text, sort_key bytea);
                """, cancellationToken: ct));
            return new InventoryIntake(connection, await connection.BeginBinaryImportAsync(
                """
                copy seen_packages (target, target_key, type, group_key, name_key, group_name, name, version_key,
                                    qualifier, version, sort_key)
                from stdin (format binary)
                """, ct));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds a package; it may be there already.</summary>
    /// <param name="package">The package.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task AddAsync(SeenPackage package, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(package);
        await importer.StartRowAsync(ct);
        await WriteAsync(package.Target, ct);
        await WriteAsync(package.Target is { } target ? Dictionaries.NameKey(target) : null, ct);
        await WriteAsync(package.PackageType, ct);
        await WriteAsync(package.GroupKey, ct);
        await WriteAsync(package.NameKey, ct);
        await WriteAsync(package.GroupName, ct);
        await WriteAsync(package.Name, ct);
        await WriteAsync(package.VersionKey, ct);
        await WriteAsync(package.Qualifier, ct);
        await WriteAsync(package.Version, ct);
        if (package.VersionSortKey is { } key)
            await importer.WriteAsync(key, NpgsqlDbType.Bytea, ct);
        else
            await importer.WriteNullAsync(ct);
    }

    /// <summary>Takes the inventory; when it returns, what was seen is durable and visible.</summary>
    /// <param name="inventory">What it is of and what was in it.</param>
    /// <param name="ct">Cancels before the commit; names that were new stay known.</param>
    /// <exception cref="NpgsqlException">The database is away or refuses; nothing is taken.</exception>
    public async Task<InventoryResult> TakeAsync(NewInventory inventory, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(inventory);
        await importer.CompleteAsync(ct);
        await importer.DisposeAsync();
        await NameAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var targets = await TargetsAsync(transaction, inventory, ct);
        var scope = await InventoryScope.LockAsync(connection, transaction, inventory, ct);
        if (await scope.KnownResultOrNullAsync(inventory, ct) is { } known)
            return known;
        await ResolveAsync(transaction, scope, targets, ct);
        var uploadId = await scope.AddUploadAsync(inventory, ct);
        await CompareAsync(transaction, scope, inventory, uploadId, ct);
        await DriftEvents.AfterInventoryAsync(connection, transaction, scope.ScopeId, uploadId, ct);
        await transaction.CommitAsync(ct);
        return new InventoryResult(InventoryOutcome.Taken, scope.ScopeId, inventory.At);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await importer.DisposeAsync(); // an import that was not completed is undone
        await connection.ExecuteAsync("drop table if exists seen_packages, sightings, seen_before");
        await connection.DisposeAsync();
    }

    Task WriteAsync(string? text, CancellationToken ct) =>
        text is null ? importer.WriteNullAsync(ct) : importer.WriteAsync(text, NpgsqlDbType.Text, ct);

    // In transactions of their own, in the order in which records ask for names: nobody who records a new name waits
    // until a long inventory is through.
    async Task NameAsync(CancellationToken ct)
    {
        await ExecuteAsync(null, "analyze seen_packages", null, ct);
        await ExecuteAsync(null,
            """
            insert into packages (type, group_key, name_key, group_name, name)
            select distinct on (name_key, type, group_key) type, group_key, name_key, group_name, name
            from seen_packages s
            where not exists (
                select from packages p
                where p.name_key = s.name_key and p.type = s.type and p.group_key = s.group_key)
            order by name_key, type, group_key
            on conflict do nothing
            """, null, ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var added = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            insert into package_versions (package_id, version_key, qualifier, version, sort_key)
            select distinct on (p.package_id, s.version_key, s.qualifier)
                   p.package_id, s.version_key, s.qualifier, s.version, s.sort_key
            from seen_packages s
            join packages p on p.name_key = s.name_key and p.type = s.type and p.group_key = s.group_key
            where not exists (
                select from package_versions v
                where v.package_id = p.package_id and v.version_key = s.version_key and v.qualifier = s.qualifier)
            order by p.package_id, s.version_key, s.qualifier
            on conflict do nothing
            returning version_id
            """, transaction: transaction, commandTimeout: TimeoutSeconds, cancellationToken: ct))).AsList();
        await FindingMatch.VersionsAsync(connection, transaction, added, [], ct); // what is seen came through no feed
        await transaction.CommitAsync(ct);
    }

    async Task<int[]> TargetsAsync(
        NpgsqlTransaction transaction, NewInventory inventory, CancellationToken ct)
    {
        var names = await connection.QueryAsync<string>(new CommandDefinition(
            "select distinct target from seen_packages where target is not null", transaction: transaction,
            cancellationToken: ct));
        var targets = await new Dictionaries(connection, transaction, ct).TargetsAsync(names.Append(inventory.Target));
        return [.. targets.Values.Select(target => target.Id)];
    }

    async Task ResolveAsync(
        NpgsqlTransaction transaction, InventoryScope scope, int[] targets, CancellationToken ct)
    {
        await ExecuteAsync(transaction,
            """
            create temp table sightings as
            select distinct coalesce(t.target_id, @TargetId) as target_id, p.package_id, v.version_id
            from seen_packages s
            join packages p on p.name_key = s.name_key and p.type = s.type and p.group_key = s.group_key
            join package_versions v
                on v.package_id = p.package_id and v.version_key = s.version_key and v.qualifier = s.qualifier
            left join targets t on t.target_id = any (@ids) and t.name_key = s.target_key
            """, new { scope.TargetId, ids = targets }, ct);
        await ExecuteAsync(transaction, "analyze sightings", null, ct);
        await ExecuteAsync(transaction,
            """
            insert into inventory_targets (target_id, scope_id)
            select target_id, @ScopeId from (select distinct target_id from sightings union select @TargetId) told
            where not exists (
                select from inventory_targets known
                where known.target_id = told.target_id and known.scope_id = @ScopeId)
            """, new { scope.ScopeId, scope.TargetId }, ct);
    }

    // Only what changed is written: what is seen still stays as it is. Compared is with a table whose statistics are
    // true: in one that is said to be empty, each row would be looked for among all.
    async Task CompareAsync(
        NpgsqlTransaction transaction, InventoryScope scope, NewInventory inventory, long uploadId,
        CancellationToken ct)
    {
        var at = inventory.At.ToUniversalTime();
        await AlongIndexes.BeginAsync(transaction, ct);
        await ExecuteAsync(transaction,
            """
            create temp table seen_before as
            select observation_id, target_id, version_id
            from observations
            where scope_id = @ScopeId and gone_at is null
            order by target_id, version_id
            """, new { scope.ScopeId }, ct);
        await AlongIndexes.EndAsync(transaction, ct);
        await ExecuteAsync(transaction, "analyze seen_before", null, ct);
        if (inventory.Errors == 0)
            await ExecuteAsync(transaction,
                """
                update observations o
                set gone_at = @at, gone_upload_id = @uploadId,
                    last_seen_at = greatest(o.first_seen_at, @CompleteAt::timestamptz)
                where o.observation_id = any(array(
                    select b.observation_id from seen_before b
                    where not exists (
                        select from sightings s where s.target_id = b.target_id and s.version_id = b.version_id)))
                """, new { at, uploadId, scope.CompleteAt }, ct);
        await ExecuteAsync(transaction,
            """
            insert into observations (scope_id, target_id, package_id, version_id, first_upload_id, first_seen_at)
            select @ScopeId, s.target_id, s.package_id, s.version_id, @uploadId, @at
            from sightings s
            where not exists (
                select from seen_before b where b.target_id = s.target_id and b.version_id = s.version_id)
            order by s.target_id, s.package_id
            """, new { at, uploadId, scope.ScopeId }, ct);
    }

    Task<int> ExecuteAsync(NpgsqlTransaction? transaction, string sql, object? parameters, CancellationToken ct) =>
        connection.ExecuteAsync(
            new CommandDefinition(sql, parameters, transaction, TimeoutSeconds, cancellationToken: ct));
}
