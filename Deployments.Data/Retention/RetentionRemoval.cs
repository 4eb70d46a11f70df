using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Database;
using Deployments.Data.Ledger;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Retention;

/// <summary>
/// Removes what an active rule says is old enough, in batches of one small transaction each. The newest record of a
/// target and package stays whatever its age: what runs where now can always be told. A batch and the count of what it
/// removed are one transaction, and so are that count and its audit event: a run that is killed is audited by the next.
/// </summary>
/// <param name="connection">Holds the lock that keeps other nodes away; nothing else uses it meanwhile.</param>
sealed class RetentionRemoval(NpgsqlConnection connection)
{
    /// <summary>Records looked at in one transaction: locks and write-ahead log stay small.</summary>
    public const int BatchRows = 2000;

    /// <summary>Applies one rule.</summary>
    /// <param name="retentionRuleId">Which one.</param>
    /// <param name="now">The time to count from.</param>
    /// <param name="ct">Cancels between two batches; what was removed is audited by the next run.</param>
    /// <returns>How many deployment records, or observations, were removed.</returns>
    public async Task<long> ApplyAsync(int retentionRuleId, DateTimeOffset now, CancellationToken ct)
    {
        await AuditLeftoverAsync(retentionRuleId, ct);
        long removed = 0;
        int? revision = null;
        if (!await WalkAsync(async (transaction, rule, place) =>
        {
            var batch = rule.Subject == RetentionSubject.Inventories
                ? await RemoveObservationsAsync(transaction, rule, now, place, ct)
                : await RemoveBatchAsync(transaction, rule, now, place, ct);
            await CountAsync(transaction, rule, batch, ct);
            removed += batch.Records;
            return batch;
        }))
            return removed;
        // Rejected records that wait for somebody stay. A rule for some targets leaves them: what they say is not read.
        if (!await WalkAsync((transaction, rule, place) =>
            rule is { Subject: RetentionSubject.Records, TargetPattern: null }
                ? RemoveRejectedAsync(transaction, rule, now, place, ct)
                : Task.FromResult(new Batch())))
            return removed;
        await WalkAsync(async (transaction, rule, _) =>
        {
            if (rule.Subject == RetentionSubject.Inventories)
                await FinishInventoriesAsync(transaction, rule, now, removed, ct);
            else
                await FinishAsync(transaction, rule, now, removed, ct);
            return new Batch();
        });
        return removed;

        // False when the rule was switched off, deleted or changed while this runs: that counts at once.
        async Task<bool> WalkAsync(Func<NpgsqlTransaction, RetentionRule, Place, Task<Batch>> work)
        {
            var place = new Place(DateTimeOffset.MinValue, long.MinValue);
            Batch batch;
            do
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                var rule = await RetentionStore.LockAsync(connection, transaction, retentionRuleId, ct);
                if (rule is not { Active: true } || (revision ??= rule.Revision) != rule.Revision)
                    return false;
                await AlongIndexes.BeginAsync(transaction, ct);
                batch = await work(transaction, rule, place);
                await transaction.CommitAsync(ct);
                if (batch.Scanned == BatchRows)
                    place = new Place(batch.LastAt!.Value, batch.LastId!.Value);
            }
            while (batch.Scanned == BatchRows);
            return true;
        }
    }

    /// <summary>Puts what was removed and not yet audited into the audit log.</summary>
    internal static async Task AuditPendingAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, RetentionRule rule, CancellationToken ct)
    {
        var pending = await connection.QuerySingleAsync<Pending>(new CommandDefinition(
            """
            select pending_records as records, pending_repeats as repeats, pending_rejected as rejected,
                pending_observations as observations, pending_uploads as uploads, pending_oldest_at as oldest,
                pending_newest_at as newest
            from retention_rules
            where retention_rule_id = @RetentionRuleId
            """, rule, transaction, cancellationToken: ct));
        if (pending is { Records: 0, Repeats: 0, Rejected: 0, Observations: 0, Uploads: 0 })
            return;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update retention_rules
            set pending_records = 0, pending_repeats = 0, pending_rejected = 0, pending_observations = 0,
                pending_uploads = 0, pending_oldest_at = null, pending_newest_at = null
            where retention_rule_id = @RetentionRuleId
            """, rule, transaction, cancellationToken: ct));
        await AuditStore.AddAsync(connection, transaction, new AuditedChange(
            "retention.remove", RetentionStore.SubjectKind, RetentionStore.Subject(rule),
            new
            {
                DeploymentRecords = pending.Records,
                RepeatedRecords = pending.Repeats,
                ResolvedRejectedRecords = pending.Rejected,
                pending.Observations,
                Inventories = pending.Uploads,
                pending.Oldest,
                pending.Newest,
                rule.KeepMonths,
                Feed = rule.FeedName,
                rule.TargetPattern,
            }, null), Actor.Program, ct);
    }

    async Task AuditLeftoverAsync(int retentionRuleId, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await RetentionStore.LockAsync(connection, transaction, retentionRuleId, ct) is { } rule)
            await AuditPendingAsync(connection, transaction, rule, ct);
        await transaction.CommitAsync(ct);
    }

    // What goes is chosen first, and leaves tombstones in the ledger before it is deleted: records are never changed
    // meanwhile, and nobody else deletes them.
    async Task<Batch> RemoveBatchAsync(
        NpgsqlTransaction transaction, RetentionRule rule, DateTimeOffset now, Place after, CancellationToken ct)
    {
        var scan = await ScanAsync(transaction, rule, now, after, ct);
        await Tombstones.AddAsync(
            connection, transaction, RecordLedger.Instance, scan.Going, now, Actor.Program.Name,
            $"Retention rule {RetentionStore.Subject(rule)}", ct);
        var removed = await connection.QuerySingleAsync<Batch>(new CommandDefinition(
            """
            with removed as (
                delete from deployments
                where id = any(@Going)
                returning id, deployed_at),
            repeats as (
                delete from duplicate_records
                where deployment_id = any(array(select id from removed))
                returning id)
            select (select count(*) from removed) as records,
                (select min(deployed_at) from removed) as oldest,
                (select max(deployed_at) from removed) as newest,
                (select count(*) from repeats) as repeats
            """, new { scan.Going }, transaction, commandTimeout: 120, cancellationToken: ct));
        return removed with { Scanned = scan.Scanned, LastAt = scan.LastAt, LastId = scan.LastId };
    }

    Task<Scan> ScanAsync(
        NpgsqlTransaction transaction, RetentionRule rule, DateTimeOffset now, Place after, CancellationToken ct) =>
        connection.QuerySingleAsync<Scan>(new CommandDefinition(
            """
            with scanned as materialized (
                select id, deployed_at, target_id, package_id, feed_id
                from deployments
                where deployed_at < @cutoff and (deployed_at, id) > (@At, @Id)
                order by deployed_at, id
                limit @BatchRows)
            select (select count(*) from scanned) as scanned,
                (select deployed_at from scanned order by deployed_at desc, id desc limit 1) as last_at,
                (select id from scanned order by deployed_at desc, id desc limit 1) as last_id,
                array(
                    select s.id
                    from scanned s
                    where (@FeedId::int is null or s.feed_id = @FeedId)
                      and (@pattern::text is null or (
                        select t.name from targets t where t.target_id = s.target_id) ilike @pattern)
                      and s.id is distinct from (
                        select i.deployment_id
                        from installations i
                        where i.target_id = s.target_id and i.package_id = s.package_id)) as going
            """,
            new
            {
                cutoff = rule.Cutoff(now),
                after.At,
                after.Id,
                BatchRows,
                rule.FeedId,
                pattern = Like.Matching(rule.TargetPattern),
            }, transaction, commandTimeout: 120, cancellationToken: ct));

    Task<Batch> RemoveObservationsAsync(
        NpgsqlTransaction transaction, RetentionRule rule, DateTimeOffset now, Place after, CancellationToken ct) =>
        connection.QuerySingleAsync<Batch>(new CommandDefinition(
            $"""
            with scanned as materialized (
                select observation_id, gone_at
                from observations
                where gone_at < @cutoff and (gone_at, observation_id) > (@At, @Id)
                order by gone_at, observation_id
                limit @BatchRows),
            removed as (
                delete from observations o
                using scanned s
                where o.observation_id = s.observation_id and {InventoryRetention.IsChosen}
                  and {InventoryRetention.IsOutlived}
                returning o.gone_at)
            select (select count(*) from scanned) as scanned,
                (select gone_at from scanned order by gone_at desc, observation_id desc limit 1) as last_at,
                (select observation_id from scanned order by gone_at desc, observation_id desc limit 1) as last_id,
                (select count(*) from removed) as records,
                (select min(gone_at) from removed) as oldest,
                (select max(gone_at) from removed) as newest,
                0::bigint as repeats
            """,
            new
            {
                cutoff = rule.Cutoff(now),
                after.At,
                after.Id,
                BatchRows,
                pattern = Like.Matching(rule.TargetPattern),
            }, transaction, commandTimeout: 120, cancellationToken: ct));

    Task<int> CountAsync(NpgsqlTransaction transaction, RetentionRule rule, Batch batch, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            update retention_rules
            set pending_records = pending_records + @records,
                pending_observations = pending_observations + @observations,
                pending_repeats = pending_repeats + @Repeats,
                pending_oldest_at = least(pending_oldest_at, @Oldest::timestamptz),
                pending_newest_at = greatest(pending_newest_at, @Newest::timestamptz)
            where retention_rule_id = @RetentionRuleId
            """,
            new
            {
                records = rule.Subject == RetentionSubject.Records ? batch.Records : 0,
                observations = rule.Subject == RetentionSubject.Inventories ? batch.Records : 0,
                batch.Repeats,
                batch.Oldest,
                batch.Newest,
                rule.RetentionRuleId,
            }, transaction, cancellationToken: ct));

    Task<Batch> RemoveRejectedAsync(
        NpgsqlTransaction transaction, RetentionRule rule, DateTimeOffset now, Place after, CancellationToken ct) =>
        connection.QuerySingleAsync<Batch>(new CommandDefinition(
            """
            with scanned as materialized (
                select id, received_at, feed_id
                from rejected_records
                where resolved_at is not null and received_at < @cutoff and (received_at, id) > (@At, @Id)
                order by received_at, id
                limit @BatchRows),
            removed as (
                delete from rejected_records
                where id = any(array(select id from scanned where @FeedId::int is null or feed_id = @FeedId))
                returning id)
            update retention_rules
            set pending_rejected = pending_rejected + (select count(*) from removed)
            where retention_rule_id = @RetentionRuleId
            returning (select count(*) from scanned) as scanned,
                (select received_at from scanned order by received_at desc, id desc limit 1) as last_at,
                (select id from scanned order by received_at desc, id desc limit 1) as last_id
            """,
            new { cutoff = rule.Cutoff(now), after.At, after.Id, BatchRows, rule.FeedId, rule.RetentionRuleId },
            transaction, commandTimeout: 120, cancellationToken: ct));

    async Task FinishAsync(
        NpgsqlTransaction transaction, RetentionRule rule, DateTimeOffset now, long removed, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update retention_rules
            set last_run_at = @now, last_removed = @removed
            where retention_rule_id = @RetentionRuleId
            """, new { now, removed, rule.RetentionRuleId }, transaction, cancellationToken: ct));
        await AuditPendingAsync(connection, transaction, rule, ct);
    }

    async Task FinishInventoriesAsync(
        NpgsqlTransaction transaction, RetentionRule rule, DateTimeOffset now, long removed, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            with removed as (
                delete from inventory_uploads u where {InventoryRetention.IsOldUpload} returning 1)
            update retention_rules
            set pending_uploads = pending_uploads + (select count(*) from removed),
                last_run_at = @now,
                last_removed = @removed
            where retention_rule_id = @RetentionRuleId
            """,
            new
            {
                cutoff = rule.Cutoff(now),
                pattern = Like.Matching(rule.TargetPattern),
                now,
                removed,
                rule.RetentionRuleId,
            }, transaction, commandTimeout: 120, cancellationToken: ct));
        await AuditPendingAsync(connection, transaction, rule, ct);
    }

    sealed record Place(DateTimeOffset At, long Id);

    sealed record Scan
    {
        public long Scanned { get; init; }

        public DateTimeOffset? LastAt { get; init; }

        public long? LastId { get; init; }

        public long[] Going { get; init; } = [];
    }

    sealed record Batch
    {
        public long Scanned { get; init; }

        public DateTimeOffset? LastAt { get; init; }

        public long? LastId { get; init; }

        public long Records { get; init; }

        public DateTimeOffset? Oldest { get; init; }

        public DateTimeOffset? Newest { get; init; }

        public long Repeats { get; init; }
    }

    sealed record Pending
    {
        public long Records { get; init; }

        public long Repeats { get; init; }

        public long Rejected { get; init; }

        public long Observations { get; init; }

        public long Uploads { get; init; }

        public DateTimeOffset? Oldest { get; init; }

        public DateTimeOffset? Newest { get; init; }
    }
}
