using Dapper;
using Deployments.Data.Ledger;
using Deployments.Data.Notifications;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// The single door through which a deployment record is born, whatever road it came by. Set-based: a batch of thousands
/// costs about as many statements as one record.
/// </summary>
/// <param name="database">The database.</param>
public sealed class RecordStore(NpgsqlDataSource database)
{
    const int DeadlockRetries = 3;

    /// <summary>
    /// Records a batch in one transaction of its own; when it returns, the records are durable and visible.
    /// </summary>
    /// <param name="records">Any number; ids must be unique within the batch.</param>
    /// <param name="ct">Cancels before the commit; then nothing is recorded.</param>
    /// <returns>One result per record, in order.</returns>
    /// <exception cref="NpgsqlException">The database is away or refuses; nothing is recorded.</exception>
    public async Task<IReadOnlyList<RecordResult>> RecordAsync(IReadOnlyList<NewRecord> records, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                await using var transaction = await connection.BeginTransactionAsync(ct);
                var results = await RecordAsync(connection, transaction, records, ct);
                await transaction.CommitAsync(ct);
                return results;
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < DeadlockRetries)
            {
                // Two batches with the same new names met; one of them simply goes again.
            }
        }
    }

    /// <summary>The same within a transaction that also empties the inbox.</summary>
    internal static async Task<IReadOnlyList<RecordResult>> RecordAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<NewRecord> records,
        CancellationToken ct)
    {
        if (records.Count == 0)
            return [];
        var wanted = await NotificationEvents.BeforeRecordsAsync(connection, transaction, ct);
        var rows = await RecordRows.ResolveAsync(records, new Dictionaries(connection, transaction, ct));

        var inserted = await InsertAsync(connection, transaction, rows, ct);
        if (inserted.Count > 0)
        {
            await NoteInLedgerAsync(connection, transaction, rows, inserted, ct);
            await InstallAsync(connection, transaction, rows, inserted, ct);
            await NoteFeedsAsync(connection, transaction, rows, ct);
            await NotificationEvents.AfterRecordsAsync(connection, transaction, wanted, inserted, ct);
        }

        var duplicates = inserted.Count == records.Count
            ? []
            : await LinkDuplicatesAsync(connection, transaction, records, rows, ct);
        return [.. records.Select(record =>
            new RecordResult(record.Id, duplicates.GetValueOrDefault(record.Id, record.Id)))];
    }

    static async Task<HashSet<long>> InsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, RecordRows rows, CancellationToken ct) =>
        [.. await connection.QueryAsync<long>(new CommandDefinition(
            """
            insert into deployments (
                id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
                description_id, url_id, user_agent_id, feed_id, road, client_address, digest, raw_headers)
            select *
            from unnest(
                @Ids, @DeployedAts, @RecordedAts, @PackageIds, @VersionIds, @TargetIds, @ApplicationIds, @UserIds,
                @RecorderIds, @DescriptionIds, @UrlIds, @UserAgentIds, @FeedIds, @Roads, @ClientAddresses, @Digests,
                @RawHeaders)
            on conflict do nothing
            returning id
            """, rows, transaction, commandTimeout: 120, cancellationToken: ct))];

    static Task NoteInLedgerAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, RecordRows rows, HashSet<long> inserted,
        CancellationToken ct)
    {
        var (ids, hashes) = (rows.Ids, rows.LeafHashes);
        if (inserted.Count < ids.Length)
        {
            var kept = Enumerable.Range(0, ids.Length).Where(i => inserted.Contains(rows.Ids[i])).ToArray();
            ids = [.. kept.Select(i => rows.Ids[i])];
            hashes = [.. kept.SelectMany(i => rows.LeafHashes.Skip(i * MerkleTree.HashBytes)
                .Take(MerkleTree.HashBytes))];
        }

        return LedgerPending.AddAsync(connection, transaction, LedgerKind.Record, ids, hashes, ct);
    }

    static async Task InstallAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, RecordRows rows, HashSet<long> inserted,
        CancellationToken ct)
    {
        // Of several records for one target and package in the batch the newest counts; sorted, so that batches lock in
        // one order.
        var newest = Enumerable.Range(0, rows.Ids.Length)
            .Where(i => inserted.Contains(rows.Ids[i]))
            .GroupBy(i => (rows.TargetIds[i], rows.PackageIds[i]))
            .Select(group => group.MaxBy(i => (rows.DeployedAts[i], rows.Ids[i])))
            .OrderBy(i => rows.TargetIds[i]).ThenBy(i => rows.PackageIds[i])
            .ToArray();
        var back = (await connection.QueryAsync<(int TargetId, int PackageId)>(new CommandDefinition(
            """
            with put as (
                insert into installations (target_id, package_id, version_id, deployment_id, deployed_at)
                select * from unnest(@TargetIds, @PackageIds, @VersionIds, @Ids, @DeployedAts)
                on conflict (target_id, package_id) do update
                set version_id = excluded.version_id,
                    deployment_id = excluded.deployment_id,
                    deployed_at = excluded.deployed_at
                where (excluded.deployed_at, excluded.deployment_id)
                    > (installations.deployed_at, installations.deployment_id)
                returning target_id, package_id, deployed_at, removed_at)
            select target_id, package_id from put where removed_at < deployed_at
            """,
            new
            {
                TargetIds = newest.Select(i => rows.TargetIds[i]).ToArray(),
                PackageIds = newest.Select(i => rows.PackageIds[i]).ToArray(),
                VersionIds = newest.Select(i => rows.VersionIds[i]).ToArray(),
                Ids = newest.Select(i => rows.Ids[i]).ToArray(),
                DeployedAts = newest.Select(i => rows.DeployedAts[i]).ToArray(),
            }, transaction, commandTimeout: 120, cancellationToken: ct))).AsList();
        if (back.Count > 0)
            await RunAgainAsync(connection, transaction, back, ct);
    }

    // What had been removed and was deployed after that, unless it was removed once more. A statement of its own: it
    // sees removals that were committed while the one before waited for a row.
    static Task<int> RunAgainAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, List<(int TargetId, int PackageId)> back,
        CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            update installations i
            set (removal_id, removed_at) = (
                select r.removal_id, r.removed_at
                from removals r
                where r.target_id = i.target_id and r.package_id = i.package_id and r.removed_at >= i.deployed_at
                order by r.removed_at, r.removal_id
                limit 1)
            from unnest(@targets, @packages) as back (target_id, package_id)
            where i.target_id = back.target_id and i.package_id = back.package_id
            """,
            new
            {
                targets = back.Select(pair => pair.TargetId).ToArray(),
                packages = back.Select(pair => pair.PackageId).ToArray(),
            }, transaction, cancellationToken: ct));

    static Task<int> NoteFeedsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, RecordRows rows, CancellationToken ct)
    {
        var pairs = rows.FeedIds.Zip(rows.PackageIds).Distinct().Order().ToArray();
        return connection.ExecuteAsync(new CommandDefinition(
            """
            insert into feed_packages (feed_id, package_id)
            select * from unnest(@FeedIds, @PackageIds)
            on conflict do nothing
            """,
            new
            {
                FeedIds = pairs.Select(pair => pair.First).ToArray(),
                PackageIds = pairs.Select(pair => pair.Second).ToArray(),
            }, transaction, cancellationToken: ct));
    }

    /// <summary>
    /// Remembers under which record a repeated one is found; its own id was already told to a client.
    /// </summary>
    static async Task<Dictionary<long, long>> LinkDuplicatesAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<NewRecord> records, RecordRows rows,
        CancellationToken ct)
    {
        var pairs = (await connection.QueryAsync<(long Id, long DeploymentId)>(new CommandDefinition(
            """
            select offered.id, deployments.id
            from unnest(@Ids, @Digests) as offered (id, digest)
            join deployments using (digest)
            where deployments.id <> offered.id
            """, rows, transaction, cancellationToken: ct))).ToDictionary(pair => pair.Id, pair => pair.DeploymentId);
        var receivedAt = records.ToDictionary(record => record.Id, record => record.RecordedAt);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into duplicate_records (id, deployment_id, received_at)
            select * from unnest(@ids, @deployment_ids, @received_at)
            on conflict do nothing
            """,
            new
            {
                ids = pairs.Keys.ToArray(),
                deployment_ids = pairs.Values.ToArray(),
                received_at = pairs.Keys.Select(id => receivedAt[id]).ToArray(),
            }, transaction, cancellationToken: ct));
        return pairs;
    }

    /// <summary>Where two records are one: equal in every field including an explicit date.</summary>
    internal static Guid? Digest(NewRecord record) => !record.DateIsExplicit ? null : FieldsDigest.Of(
        [
            record.PackageType, record.GroupKey, record.NameKey, record.VersionKey, record.Qualifier,
            record.Application, record.Description, record.Target, record.Url ?? "", record.UserName,
        ],
        [record.FeedId, record.DeployedAt.UtcTicks]);
}
