using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Database;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.TargetGroups;

/// <summary>Changes groups and rules, and with them which group each target is in.</summary>
/// <param name="database">The database.</param>
public sealed class TargetGroupStore(NpgsqlDataSource database)
{
    const int TimeoutSeconds = 120; // hundreds of rules, a hundred thousand targets

    /// <summary>Puts a definition in the place of the one before; a group of the same name stays the same.</summary>
    /// <param name="definition">The definition; each rule's group is among its groups, no two are the same.</param>
    /// <param name="revision">The revision that was looked at; null: whatever it is.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when somebody changed it since; then nothing is changed.</returns>
    public async Task<bool> ReplaceAsync(
        TargetGroupDefinition definition, string? revision, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(definition);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync("select pg_advisory_xact_lock(@TargetGroups)", new { AdvisoryLocks.TargetGroups });
        var before = await TargetGroupQueries.ReadAsync(connection, transaction, ct);
        if (revision is not null && before.Revision != revision)
            return false;
        await ExecuteAsync(
            """
            delete from target_group_rules;
            delete from target_groups where name_key <> all (@keys);
            insert into target_groups (place, name_key, name)
            select place, name_key, name
            from unnest(@keys, @names) with ordinality as g (name_key, name, place)
            on conflict (name_key) do update set place = excluded.place, name = excluded.name;
            insert into target_group_rules (place, pattern, pattern_like, target_group_id)
            select r.place, r.pattern, r.pattern_like, g.target_group_id
            from unnest(@patterns, @likes, @groups) with ordinality as r (pattern, pattern_like, name_key, place)
            join target_groups g using (name_key);
            update targets t
            set target_group_id = r.target_group_id
            from (select target_id, target_group_of(name_key) as target_group_id from targets) r
            where r.target_id = t.target_id and r.target_group_id is distinct from t.target_group_id;
            update counted_days set counted_at = '-infinity';
            update counted_packages set counted_at = '-infinity'
            """,
            new
            {
                keys = definition.Groups.Select(Dictionaries.NameKey).ToArray(),
                names = definition.Groups.ToArray(),
                patterns = definition.Rules.Select(rule => rule.Pattern).ToArray(),
                likes = TargetGroupQueries.Patterns(definition),
                groups = definition.Rules.Select(rule => Dictionaries.NameKey(rule.Group)).ToArray(),
            });
        await AuditStore.CommitAsync(
            transaction, new AuditedChange("targetGroups.update", "targetGroups", "all", Audited(before),
                Audited(definition)), by, ct);
        return true;

        Task<int> ExecuteAsync(string sql, object parameters) => connection.ExecuteAsync(new CommandDefinition(
            sql, parameters, transaction, TimeoutSeconds, cancellationToken: ct));
    }

    static object Audited(TargetGroupDefinition definition) => new
    {
        definition.Groups,
        Rules = definition.Rules.Select(rule => $"{rule.Pattern} = {rule.Group}"),
    };
}
