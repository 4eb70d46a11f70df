using Dapper;
using Deployments.Data.Feeds;
using Npgsql;

namespace Deployments.Data.Inventory;

/// <summary>
/// Notes what an inventory changed in where records and machines differ, in the transaction that takes it: one
/// notification for each rule, whatever it showed. Without a rule it costs one look at an empty table.
/// </summary>
static class DriftEvents
{
    const int TimeoutSeconds = 120; // the inventory of a cluster is of thousands of targets
    const int ItemsMax = 20; // all are counted

    /// <summary>To be called when an inventory is taken.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction that takes it.</param>
    /// <param name="scopeId">The scope that it is of.</param>
    /// <param name="uploadId">The inventory.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task AfterInventoryAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int scopeId, long uploadId, CancellationToken ct)
    {
        var feeds = (await connection.QueryAsync<int?>(new CommandDefinition(
            "select distinct feed_id from notification_rules where active and occasion between 5 and 6",
            transaction: transaction, cancellationToken: ct))).AsList();
        if (feeds.Count == 0)
            return;
        // Inventories of two scopes of a target come one after the other from here on.
        var targetIds = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            select t.target_id
            from targets t
            where t.target_id in (select target_id from inventory_targets where scope_id = @scopeId)
            order by t.target_id
            for no key update
            """, new { scopeId }, transaction, cancellationToken: ct))).ToArray();
        var changes = (await CompareAsync(connection, transaction, targetIds, ct)).ToLookup(row => row.Occasion);
        foreach (var occasion in changes)
        {
            foreach (var feed in feeds)
                await NoteAsync(connection, transaction, occasion.Key, feed, [.. occasion], uploadId, ct);
        }
    }

    // What somebody accepted is not told; where only the versions changed, nothing is gone.
    static Task<IEnumerable<Change>> CompareAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] targetIds, CancellationToken ct) =>
        connection.QueryAsync<Change>(new CommandDefinition(
            $"""
            with {DriftSql.All},
            gone as (
                delete from told_drift t
                where t.target_id = any (@targetIds) and not exists (
                    select from drift d where d.target_id = t.target_id and d.package_id = t.package_id)
                returning t.target_id, t.package_id, t.kind, t.recorded_id, t.seen_id
            ),
            begun as (
                insert into told_drift (target_id, package_id, kind, recorded_id, seen_id)
                select d.target_id, d.package_id, d.kind, d.recorded_id, d.seen_id
                from drift d
                where d.kind < 4
                  and not exists (
                    select from told_drift t
                    where t.target_id = d.target_id and t.package_id = d.package_id and t.kind = d.kind
                      and t.recorded_id is not distinct from d.recorded_id
                      and t.seen_id is not distinct from d.seen_id)
                  and not exists (
                    select from drift_acceptances a
                    where a.target_id = d.target_id and a.package_id = d.package_id and a.kind = d.kind
                      and a.recorded_id is not distinct from d.recorded_id
                      and a.seen_id is not distinct from d.seen_id
                      and a.revoked_at is null and (a.expires_at is null or a.expires_at > now()))
                order by d.target_id, d.package_id
                on conflict (target_id, package_id) do update
                set kind = excluded.kind, recorded_id = excluded.recorded_id, seen_id = excluded.seen_id
                returning target_id, package_id, kind, recorded_id, seen_id
            )
            select 5::smallint as occasion, * from begun
            union all
            select 6::smallint, * from gone
            """,
            new
            {
                targetIds,
                packageIds = (int[]?)null,
                isAll = false,
                kind = (short?)null,
                quiet = DateTimeOffset.UnixEpoch, // what nobody looked at lately no inventory brings
                visible = VisibleFeeds.All.Ids,
            }, transaction, TimeoutSeconds, cancellationToken: ct));

    // A rule for a feed is told what somebody sees who sees that feed alone.
    static Task<int> NoteAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, short occasion, int? feedId,
        IReadOnlyList<Change> changes, long uploadId, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            $"""
            insert into notification_outbox (notification_rule_id, event_key, occasion, facts)
            select r.notification_rule_id, format('drift %s', @uploadId::bigint), @occasion,
                   json_build_object('target', own.name, 'drift', json_build_object(
                       'scope', {ObservationQueries.ScopeName}, 'at', u.at, 'count', count(*),
                       'items', to_json((array_agg(json_build_object(
                           'target', t.name, 'packageType', o.type, 'group', o.group_name, 'name', o.name,
                           'kind', n.kind, 'recorded', recorded.version, 'seen', seen.version)
                           order by t.name_key, o.name_key, o.package_id))[1:@ItemsMax])))
            from unnest(@targets, @packages, @kinds, @recorded, @seen)
                as n (target_id, package_id, kind, recorded_id, seen_id)
            join targets t on t.target_id = n.target_id
            join packages o on o.package_id = n.package_id
            left join package_versions recorded on recorded.version_id = n.recorded_id
            left join package_versions seen on seen.version_id = n.seen_id
            join inventory_uploads u on u.upload_id = @uploadId
            join inventory_scopes s on s.scope_id = u.scope_id
            join targets own on own.target_id = s.target_id
            join notification_rules r on r.active and r.occasion = @occasion
                and r.feed_id is not distinct from @feedId::int
                and (r.package_like is null
                    or case o.group_name when '' then o.name else o.group_name || '/' || o.name end
                        ilike r.package_like)
                and (r.target_like is null or t.name ilike r.target_like)
            where {VisibleSql.Observation}
            group by r.notification_rule_id, own.name, s.name, u.at
            on conflict (notification_rule_id, event_key) do nothing
            """,
            new
            {
                occasion,
                feedId,
                uploadId,
                ItemsMax,
                targets = changes.Select(change => change.TargetId).ToArray(),
                packages = changes.Select(change => change.PackageId).ToArray(),
                kinds = changes.Select(change => change.Kind).ToArray(),
                recorded = changes.Select(change => change.RecordedId).ToArray(),
                seen = changes.Select(change => change.SeenId).ToArray(),
                visible = feedId is { } id ? new[] { id } : null,
            }, transaction, TimeoutSeconds, cancellationToken: ct));

    sealed record Change
    {
        public short Occasion { get; init; }

        public int TargetId { get; init; }

        public int PackageId { get; init; }

        public short Kind { get; init; }

        public int? RecordedId { get; init; }

        public int? SeenId { get; init; }
    }
}
